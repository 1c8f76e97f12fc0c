"""Making a backup, while Dispatch runs."""

import contextlib
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from core import version
from core.backups import archive, manifest, postgres, sqlite
from core.backups.errors import Refused
from core.backups.manifest import Manifest

NAMED = "dispatch-*.tar.gz"
# Besides the archive copies of the database and the files lie there for a moment.
ROOM = 2.2


def engine() -> Any:
    """The module for this installation's database."""
    return postgres if connection.vendor == "postgresql" else sqlite


def make(*, to: Path | None, now: datetime) -> Path:
    """Write database and files into one archive. Returns where it is.

    :raises Refused: when nothing is here yet, the file exists, the place is no directory to write to, or a tool is
        missing.
    """
    target = to or settings.BACKUP_DIR / f"dispatch-{now:%Y%m%d-%H%M%S}.tar.gz"
    if engine() is sqlite and not sqlite.place().exists():
        raise Refused(
            _("There is no installation in %(home)s that could be backed up.") % {"home": sqlite.place().parent}
        )
    if target.exists():
        raise Refused(_("%(path)s exists already; name another file.") % {"path": target})
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.parent) as place:
        staged = Path(place)
        # The database first: a file that comes later is one too many, which harms nobody.
        rows = engine().dump(staged)
        parts = {engine().PART: staged / engine().PART, **_copied(staged / "copies")}
        archive.write(target, _manifest(rows, parts, now), parts)
    return target


def newest() -> Path | None:
    """The newest backup in the usual place."""
    found = sorted(settings.BACKUP_DIR.glob(NAMED), key=lambda path: path.stat().st_mtime)
    return found[-1] if found else None


def drop_older(keep: int) -> list[Path]:
    """Remove all but the newest of the usual place. Returns what went."""
    found = sorted(settings.BACKUP_DIR.glob(NAMED), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in found[keep:]:
        path.unlink()
    return found[keep:]


def room_missing(place: Path) -> int:
    """How many bytes are missing there for one more backup; nought or less when there is room."""
    size = sum(_size_of(path) for path in _files().values())
    size += sqlite.place().stat().st_size if engine() is sqlite else _size_of_postgres()
    while not place.exists():
        place = place.parent
    return int(size * ROOM) - shutil.disk_usage(place).free


def _size_of_postgres() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _copied(place: Path) -> dict[str, Path]:
    """The files as they are now, by the names of their parts. One that is still being written is archived as far as
    it has come, and one that is taken away meanwhile is passed over.
    """
    place.mkdir()
    copies = {}
    for number, (name, path) in enumerate(_files().items()):
        copy = place / str(number)
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(path, copy)
            copies[name] = copy
    return copies


def _files() -> dict[str, Path]:
    root = Path(settings.MEDIA_ROOT)
    found = (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())
    return {f"{archive.FILES}/{path.relative_to(root).as_posix()}": path for path in found}


def _manifest(rows: dict[str, int], parts: dict[str, Path], now: datetime) -> Manifest:
    return Manifest(
        format=manifest.FORMAT,
        version=version.VERSION,
        made_at=now.isoformat(timespec="seconds"),
        database=connection.vendor,
        migrations=manifest.applied_migrations(),
        rows=rows,
        parts=archive.describe(parts),
        encryption_keys=manifest.fingerprints(),
    )
