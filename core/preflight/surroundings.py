"""What is around the database: settings, backup, disk."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core import checks
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection
from django.utils import timezone
from django.utils.translation import gettext as _

from core.backups import making, postgres
from core.models import User
from core.preflight.findings import Finding, note, stop, well

OLDEST_BACKUP = timedelta(hours=24)
NEEDED_BYTES = 500_000_000
MEGABYTE = 1_000_000
# Django's words for what follows from one variable of ours: strict transport, the redirect, and both cookies.
UNENCRYPTED = frozenset({"security.W004", "security.W008", "security.W012", "security.W016"})


def settings_hold() -> Iterator[Finding]:
    """Django's and our checks, the deployment's too."""
    try:
        found = checks.run_checks(include_deployment_checks=True, databases=[DEFAULT_DB_ALIAS])
    except DatabaseError:
        # Said by another check.
        return
    loud = [message for message in found if not message.is_silenced() and message.level >= checks.WARNING]
    yield from _encryption(loud)
    for message in loud:
        if settings.HTTPS or message.id not in UNENCRYPTED:
            yield _told(message)
    if not loud:
        yield well(_("The settings are in order."))


def _encryption(loud: list[checks.CheckMessage]) -> Iterator[Finding]:
    if not settings.HTTPS and any(message.id in UNENCRYPTED for message in loud):
        yield note(
            _(
                "Passwords and sessions travel unencrypted. Put a proxy with TLS before web, and set BASE_URL to the"
                " address with https:// (and HTTPS, where it is set, to 1)."
            )
        )


def _told(message: checks.CheckMessage) -> Finding:
    # Django's own are whole paragraphs; the first sentence says it, and the id finds the rest.
    said = f"{message.msg.split('. ')[0].strip().rstrip('.')}. {(message.hint or '').strip()}".strip()
    return (stop if message.level >= checks.ERROR else note)(f"{said} ({message.id})")


def backup() -> Iterator[Finding]:
    """Something to come back to."""
    newest = making.newest()
    place = settings.BACKUP_DIR
    if _nothing_is_here():
        yield note(_("There is nothing here yet that a backup would hold."))
    elif newest is None:
        yield stop(_("There is no backup in %(place)s; make one: manage.py backup --check.") % {"place": place})
    else:
        yield _age_of(newest)


def _nothing_is_here() -> bool:
    return User._meta.db_table not in connection.introspection.table_names() or not User.objects.exists()


def _age_of(newest: Path) -> Finding:
    made_at = datetime.fromtimestamp(newest.stat().st_mtime, tz=UTC)
    hours = int((timezone.now() - made_at).total_seconds() // 3600)
    words = {"name": newest.name, "hours": hours}
    if timezone.now() - made_at > OLDEST_BACKUP:
        told = _("The newest backup, %(name)s, is %(hours)s h old; make one: manage.py backup --check.")
        return stop(told % words)
    return well(_("The newest backup is %(name)s, %(hours)s h old.") % words)


def backup_tools() -> Iterator[Finding]:
    """Without PostgreSQL's programs there is no way back."""
    missing = [tool for tool in ("pg_dump", "pg_restore", "psql") if shutil.which(tool) is None]
    if making.engine() is postgres and missing:
        told = _("%(tools)s is not on the PATH, so that no backup can be made or restored here.")
        yield stop(told % {"tools": ", ".join(missing)})


def disk() -> Iterator[Finding]:
    """A migration that rewrites a table, and a backup, both need room."""
    for place in sorted({Path(settings.MEDIA_ROOT).parent, Path(settings.BACKUP_DIR)}):
        yield _room(place)


def _room(place: Path) -> Finding:
    there = place
    while not there.exists():
        there = there.parent
    free = shutil.disk_usage(there).free
    needed = max(NEEDED_BYTES, free + making.room_missing(there))
    words = {"place": place, "free": free // MEGABYTE, "needed": needed // MEGABYTE}
    if free < needed:
        return stop(_("%(place)s has %(free)s MB free and needs %(needed)s MB.") % words)
    return well(_("%(place)s has %(free)s MB free.") % words)
