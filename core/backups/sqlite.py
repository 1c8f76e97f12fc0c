"""The embedded database: copied by SQLite itself while Dispatch runs, and put back while it does not."""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.db import connection, connections
from django.utils.translation import gettext as _

from core.backups.errors import Damaged, Refused

PART = "database.sqlite3"
# The full-text tables keep themselves in tables of their own, whose rows depend on their history.
_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    " AND name NOT LIKE 'core\\_searchtext\\_%' ESCAPE '\\' AND name NOT LIKE 'core\\_searchevent\\_%' ESCAPE '\\'"
)


def dump(into: Path) -> dict[str, int]:
    """Copy the database as it is at one moment. Returns the rows per table of the copy."""
    target = into / PART
    with _opened(place(), mode="ro") as source, _opened(target) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    return count(target)


def count(path: Path) -> dict[str, int]:
    """Rows per table of a file.

    :raises Damaged: when the file is not a whole database.
    """
    try:
        with _opened(path, mode="ro") as database:
            said = database.execute("PRAGMA quick_check(1)").fetchone()[0]
            if said != "ok":
                raise Damaged(_("The database is damaged: %(why)s") % {"why": said})
            names = [row[0] for row in database.execute(_TABLES).fetchall()]
            return {name: database.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608
    except sqlite3.DatabaseError as error:
        raise Damaged(_("The database is damaged: %(why)s") % {"why": error}) from None


def is_empty() -> bool:
    """Whether there is nothing that a restore would replace."""
    path = place()
    return not path.exists() or not path.stat().st_size or not count(path).get("core_user", 0)


@contextlib.contextmanager
def stopped() -> Iterator[None]:
    """Hold the installation's lock, as its launcher does.

    :raises Refused: while Dispatch runs.
    """
    home = place().parent
    home.mkdir(parents=True, exist_ok=True)
    held = os.open(home / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        _lock(held, home)
        yield
    finally:
        os.close(held)


def load(staged: Path, now: datetime) -> Path | None:
    """Put the copy in the database's place. Returns where the old one is now, if there was one."""
    path, kept = place(), None
    connections.close_all()
    if path.exists():
        # What its journal still holds belongs to it and to no other file.
        with _opened(path) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            old.execute("PRAGMA journal_mode = DELETE")
        kept = path.with_name(f"{path.name}.before-{now:%Y%m%d-%H%M%S}")
        path.replace(kept)
    for rest in ("-wal", "-shm"):
        path.with_name(path.name + rest).unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    (staged / PART).replace(path)
    return kept


def place() -> Path:
    """The database's file."""
    return Path(connection.settings_dict["NAME"])


def _lock(held: int, home: Path) -> None:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Refused(_("Dispatch runs from %(home)s; stop it first.") % {"home": home}) from None


@contextlib.contextmanager
def _opened(path: Path, mode: str = "rwc") -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=20, isolation_level=None)
    try:
        yield opened
    finally:
        opened.close()
