"""Restoring a backup, while Dispatch does not run; and proving one by restoring it elsewhere."""

import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.utils.translation import gettext as _

from core import version
from core.actor import Actor, Face
from core.backups import archive, manifest, postgres, sqlite
from core.backups.errors import Damaged, Refused
from core.backups.making import engine
from core.backups.manifest import Manifest
from core.operations import flows, queue
from core.operations.models import Operation
from core.search import indexing

ACTOR = Actor.system(Face.COMMAND)
# What a trial ends with when all was restored and a timeline is broken, in the archive as in the database.
BROKEN = 3
REFUSAL = "CommandError: "


@dataclass(frozen=True, kw_only=True)
class Proof:
    """An archive can be restored.

    :ivar said: what was done, a sentence a line. :ivar broken: which timelines are broken, in a sentence; none is "".
    """

    said: str
    broken: str = ""


def restore(*, source: Path, over: bool, skip_waiting: bool, now: datetime) -> Iterator[str]:
    """Put an archive in the place of what is here, and check it. Yields what was done, a sentence at a time.

    :raises CommandError: when a timeline is broken. All else is done then, as `skip_waiting` says too.
    :raises Refused: when it is another database's or a newer version's, Dispatch runs, or something is here already.
    :raises Damaged: when the archive is not whole. Nothing has changed then.
    """
    told = archive.read_manifest(source)
    _check_fits(told)
    with engine().stopped():
        if not over and not (engine().is_empty() and _has_no_files()):
            raise Refused(_("There is an installation here already; --over puts the backup in its place."))
        yield from _replace(source, now)
    yield from _upgrade(told)
    yield from _settle_waiting(skip_waiting, now)
    if manifest.missing_keys(told):
        yield _(
            "FIELD_ENCRYPTION_KEYS holds none of the keys of this backup: plugins' secrets cannot be read until one is"
            " added. The keys are not in the archive; they were kept with the installation's other secrets."
        )
    call_command("verify_timeline", stdout=sys.stdout)
    yield _restored(told)


def _restored(told: Manifest) -> str:
    words = {"version": told.version, "ours": version.VERSION, "made_at": told.made_at}
    if told.version == version.VERSION:
        return _("Restored: version %(version)s of %(made_at)s.") % words
    return _("Restored: version %(version)s of %(made_at)s, brought to version %(ours)s.") % words


def prove(*, source: Path) -> Proof:
    """Restore an archive into a database and a directory of its own, which go again.

    :raises Damaged: with the last thing said, when it cannot be restored.
    """
    with tempfile.TemporaryDirectory(prefix="dispatch-check-", dir=_place_for_trials()) as home:
        if engine() is sqlite:
            return _trial(source, {"DISPATCH_HOME": home})
        name = f"dispatch_check_{uuid.uuid4().hex[:10]}"
        with postgres.temporary(name):
            return _trial(source, {"DISPATCH_HOME": home, "DATABASE_URL": _url_of(name)})


def _check_fits(told: Manifest) -> None:
    if told.database != connection.vendor:
        words = {"theirs": told.database, "ours": connection.vendor}
        raise Refused(_("The backup is of %(theirs)s, and this installation uses %(ours)s.") % words)
    unknown = told.unknown_migrations()
    if unknown:
        words = {"version": told.version, "migration": unknown[0]}
        told_why = _("The backup is of a newer version (%(version)s, %(migration)s); restore it with that one.")
        raise Refused(told_why % words)


def _has_no_files() -> bool:
    root = Path(settings.MEDIA_ROOT)
    return not root.exists() or not any(path.is_file() for path in root.rglob("*"))


def _replace(source: Path, now: datetime) -> Iterator[str]:
    home = Path(settings.MEDIA_ROOT).parent
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=home) as place:
        staged = Path(place)
        told = archive.extract(source, staged)
        yield _("Parts checked: %(count)s, all whole.") % {"count": len(told.parts)}
        if engine() is sqlite:
            _compare(told, sqlite.count(staged / sqlite.PART))
        kept = engine().load(staged, now)
        if engine() is postgres:
            _compare(told, postgres.count())
        yield _("Rows counted: %(rows)s in %(tables)s tables, as many as were backed up.") % {
            "rows": sum(told.rows.values()), "tables": len(told.rows),
        }  # fmt: skip
        yield from (_("The former database is kept as %(path)s.") % {"path": path} for path in [kept] if path)
        yield from _place_files(staged, now)


def _compare(told: Manifest, found: dict[str, int]) -> None:
    wrong = manifest.differing(told.rows, found)
    if wrong:
        raise Damaged(_("The database is not what was backed up: %(why)s.") % {"why": "; ".join(wrong[:5])})


def _place_files(staged: Path, now: datetime) -> Iterator[str]:
    root, unpacked = Path(settings.MEDIA_ROOT), staged / archive.FILES
    if not _has_no_files():
        kept = root.with_name(f"{root.name}.before-{now:%Y%m%d-%H%M%S}")
        root.rename(kept)
        yield _("The former files are kept in %(path)s.") % {"path": kept}
    elif root.exists():
        shutil.rmtree(root)
    if unpacked.exists():
        shutil.move(unpacked, root)


def _upgrade(told: Manifest) -> Iterator[str]:
    connections.close_all()
    before = set(told.migrations)
    call_command("migrate", interactive=False, verbosity=0)
    added = set(manifest.applied_migrations()) - before
    if added:
        yield _("Migrations applied to bring it to this version: %(count)s.") % {"count": len(added)}
    indexed = dict(indexing.fill())
    if indexed:
        yield _("Made findable: %(count)s.") % {"count": sum(indexed.values())}


def _settle_waiting(skip: bool, now: datetime) -> Iterator[str]:
    """What waited when the backup was made was most likely done since, and would be done again."""
    queue.orphan_all(now)
    queue.recover(now)
    waiting = Operation.objects.filter(status__in=Operation.WAITING).order_by("pk")
    if not skip and waiting:
        told = _(
            "Operations that wait: %(count)s. Workers carry them out when they start; --skip-waiting calls them off."
        )
        yield told % {"count": len(waiting)}
    if skip:
        for operation in waiting:
            flows.cancel(operation=operation, actor=ACTOR, now=now, reason=_("restored from a backup"))
        yield _("Operations called off: %(count)s.") % {"count": len(waiting)}


def _place_for_trials() -> Path:
    place: Path = settings.BACKUP_DIR
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    return place


def _trial(source: Path, variables: dict[str, str]) -> Proof:
    """A process of its own, because settings name one database: the very command that would restore it in earnest."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_URL")}
    keys = {"SECRET_KEY": settings.SECRET_KEY, "FIELD_ENCRYPTION_KEYS": ",".join(settings.FIELD_ENCRYPTION_KEYS)}
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "restore", "--trial", str(source.absolute())]
    done = subprocess.run(  # noqa: S603 (our own command)
        command, env={**kept, **keys, **variables}, capture_output=True, text=True, check=False
    )
    last = " ".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]).removeprefix(REFUSAL)
    if done.returncode not in {0, BROKEN}:
        raise Damaged(_("The backup cannot be restored: %(why)s") % {"why": last})
    return Proof(said=done.stdout.strip(), broken=last if done.returncode == BROKEN else "")


def _url_of(name: str) -> str:
    named: dict[str, Any] = postgres.arguments()
    who = quote(str(named.get("user", "")), safe="")
    password = f":{quote(str(named['password']), safe='')}" if "password" in named else ""
    host, port = quote(str(named.get("host", "")), safe=""), named.get("port", "")
    options = urlencode({key: value for key, value in named.items() if key.startswith("ssl")})
    return f"postgres://{who}{password}@{host}{f':{port}' if port else ''}/{name}" + (f"?{options}" if options else "")
