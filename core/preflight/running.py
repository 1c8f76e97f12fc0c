"""All checks in their order."""

from collections.abc import Iterator

from core.preflight import database, surroundings
from core.preflight.findings import Check, Finding

CHECKS: tuple[Check, ...] = (
    database.migrations,
    database.integrity,
    database.timelines,
    database.work,
    surroundings.settings_hold,
    surroundings.backup,
    surroundings.backup_tools,
    surroundings.disk,
)


def findings() -> Iterator[Finding]:
    """What all checks say. Without a database the others have nothing to say."""
    first = list(database.answers())
    yield from first
    if not any(finding.stops for finding in first):
        for check in CHECKS:
            yield from check()
