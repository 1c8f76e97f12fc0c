"""What an archive holds: version, migrations, rows per table, and the SHA-256 of each part."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from core.backups.errors import Damaged, Refused

NAME = "manifest.json"
FORMAT = 1
FINGERPRINT_LENGTH = 16


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file of the archive."""

    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The first file of an archive."""

    format: int
    version: str
    made_at: str
    database: str
    migrations: list[str]
    rows: dict[str, int]
    parts: dict[str, Part]
    # Of the keys that encrypt plugin configuration; the keys themselves are never in an archive.
    encryption_keys: list[str]

    def to_json(self) -> str:
        """As the archive holds it."""
        return json.dumps(asdict(self), indent=1, sort_keys=True)

    def unknown_migrations(self) -> list[str]:
        """What a newer version has migrated and this code does not know."""
        loader = MigrationLoader(None, ignore_no_migrations=True)
        known = {".".join(key) for key in loader.disk_migrations}
        known |= {".".join(key) for one in loader.disk_migrations.values() for key in one.replaces}
        ours = {name.split(".", 1)[0] for name in known}
        return sorted(name for name in self.migrations if name.split(".", 1)[0] in ours and name not in known)


def read(text: bytes) -> Manifest:
    """A manifest from the archive.

    :raises Damaged: when it is none. :raises Refused: when a newer version of Dispatch must read it.
    """
    try:
        raw: dict[str, Any] = json.loads(text)
        if int(raw["format"]) > FORMAT:
            raise Refused(_("A newer version of Dispatch made this archive; restore it with that version."))
        parts = {str(name): Part(**part) for name, part in raw.pop("parts").items()}
        return Manifest(parts=parts, **raw)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Damaged(_("The archive's manifest cannot be read.")) from None


def applied_migrations() -> list[str]:
    """What this database has been migrated to."""
    return sorted(".".join(key) for key in MigrationLoader(connection, ignore_no_migrations=True).applied_migrations)


def fingerprints() -> list[str]:
    """Enough of a hash of each key to recognise it by. The keys are random, so none can be guessed from it."""
    return [_fingerprint(key) for key in settings.FIELD_ENCRYPTION_KEYS]


def missing_keys(manifest: Manifest) -> bool:
    """Whether none of the keys that this backup's secrets were encrypted with is here."""
    return bool(manifest.encryption_keys) and not set(manifest.encryption_keys) & set(fingerprints())


def differing(expected: dict[str, int], found: dict[str, int]) -> list[str]:
    """Tables whose rows are not as many as they were, in words."""
    return [
        _("%(table)s has %(found)s rows instead of %(expected)s")
        % {"table": table, "found": found.get(table, _("no")), "expected": expected.get(table, _("no"))}
        for table in sorted(expected.keys() | found.keys())
        if expected.get(table) != found.get(table)
    ]


def digest_of(chunks: Iterable[bytes]) -> Part:
    """Size and SHA-256 of what is read."""
    total, size = hashlib.sha256(), 0
    for chunk in chunks:
        total.update(chunk)
        size += len(chunk)
    return Part(sha256=total.hexdigest(), size=size)


def _fingerprint(key: str) -> str:
    return hashlib.sha256(f"dispatch-backup:{key}".encode()).hexdigest()[:FINGERPRINT_LENGTH]
