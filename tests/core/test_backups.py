"""A backup is worth what restoring it gives back."""

import contextlib
import fcntl
import io
import json
import os
import re
import sqlite3
import stat
import subprocess
import sys
import tarfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from core.backups import archive, making, manifest, postgres, restoring, sqlite
from core.backups.errors import Damaged, Refused
from core.backups.manifest import Manifest
from core.models import Event
from core.version import VERSION
from incidents.models import Incident
from tests.factories import declare, make_project
from tests.soak import installation as processes

ROOT = Path(__file__).resolve().parents[2]
on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="is about the embedded database")
FILE = b"screenshot \x00\xff of 41 bytes"


@pytest.fixture
def installation(settings, tmp_path):
    """Two incidents, a file, and a place for backups."""
    settings.MEDIA_ROOT = tmp_path / "ours" / "files"
    settings.BACKUP_DIR = tmp_path / "backups"
    (settings.MEDIA_ROOT / "a").mkdir(parents=True)
    (settings.MEDIA_ROOT / "a" / "ä screenshot.png").write_bytes(FILE)
    project = make_project()
    declare(project, title="Mail server breached")
    declare(project, title="Laptop lost")
    return tmp_path


def manage(home, *arguments, **environment):
    """A command in an embedded installation of its own: exit code, and what it said."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_URL")}
    variables = {**clean, "DISPATCH_HOME": str(home), "LOG_LEVEL": "ERROR", **environment}
    done = subprocess.run(
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=ROOT, env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def titles(home):
    with closing(sqlite3.connect(home / "dispatch.sqlite3")) as database:
        return sorted(row[0] for row in database.execute("SELECT title FROM incidents_incident"))


def backed_up():
    return making.make(to=None, now=timezone.now())


# The round trip


@pytest.mark.django_db(transaction=True)
def test_a_backup_is_proved_by_being_restored_into_a_database_of_its_own(installation, capsys, monkeypatch):
    trials, temporary = [], postgres.temporary
    monkeypatch.setattr(postgres, "temporary", lambda name: trials.append(name) or temporary(name))

    call_command("backup", "--check")

    said = capsys.readouterr().out
    path = next(Path(installation / "backups").glob("*.tar.gz"))
    told = archive.read_manifest(path)
    assert "as many as were backed up" in said
    assert "2 timelines are whole." in said
    assert f"{path} can be restored." in said
    assert (told.database, told.rows["incidents_incident"]) == (connection.vendor, 2)
    assert told.parts["files/a/ä screenshot.png"].size == len(FILE)
    assert [one.name for one in (installation / "backups").iterdir()] == [path.name]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_database WHERE datname = ANY(%s)", [trials])
            assert (len(trials), cursor.fetchone()[0]) == (1, 0)


@on_sqlite
@pytest.mark.django_db(transaction=True)
def test_everything_is_back_on_an_empty_machine_and_what_was_there_stays_beside_it(installation):
    path, home = backed_up(), installation / "theirs"

    code, said = manage(home, "restore", path)

    assert code == 0, said
    assert titles(home) == ["Laptop lost", "Mail server breached"]
    assert (home / "files" / "a" / "ä screenshot.png").read_bytes() == FILE
    assert "2 timelines are whole." in said
    assert re.search(r"Operations that wait: [1-9]\d*\. Workers carry them out", said)
    assert "FIELD_ENCRYPTION_KEYS holds none of the keys of this backup" in said

    # A second time something is there, which goes only when it is meant to, and not for good.
    refused = manage(home, "restore", path)
    assert refused[0] == 1
    assert "There is an installation here already; --over" in refused[1]
    code, said = manage(home, "restore", path, "--over", "--skip-waiting")
    assert code == 0, said
    assert "Operations called off: " in said
    assert len(list(home.glob("dispatch.sqlite3.before-*"))) == 1
    assert len(list(home.glob("files.before-*"))) == 1
    with closing(sqlite3.connect(home / "dispatch.sqlite3")) as database:
        waiting = "SELECT COUNT(*) FROM core_operation WHERE status IN ('pending', 'retrying', 'running')"
        assert database.execute(waiting).fetchone() == (0,)
    # The calling off stands on the timelines, which are whole still.
    assert manage(home, "verify_timeline")[0] == 0


@on_sqlite
@pytest.mark.django_db(transaction=True)
def test_a_restore_tells_from_which_version_to_which(installation, monkeypatch):
    monkeypatch.setattr(making.version, "VERSION", "0.1.0")
    path = backed_up()

    _code, said = manage(installation / "theirs", "restore", path)

    made_at = archive.read_manifest(path).made_at
    assert f"Restored: version 0.1.0 of {made_at}, brought to version {VERSION}.\n" in said


@on_sqlite
@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_an_older_versions_backup_is_upgraded_and_loses_nothing(installation):
    older, newer = installation / "older", installation / "newer"
    manage(older, "restore", backed_up())
    code, said = manage(older, "migrate", "core", "0004")
    assert code == 0, said
    assert manage(older, "backup", "--to", installation / "old.tar.gz")[0] == 0

    code, said = manage(newer, "restore", installation / "old.tar.gz")

    assert code == 0, said
    assert re.search(r"Migrations applied to bring it to this version: [1-9]", said)
    assert "2 timelines are whole." in said
    assert titles(newer) == ["Laptop lost", "Mail server breached"]


@pytest.mark.django_db(transaction=True)
def test_a_timeline_that_was_changed_behind_dispatchs_back_is_named_and_the_archive_is_whole(
    installation, settings, capsys
):
    incident = Incident.objects.get(title="Laptop lost")
    Event.objects.filter(incident=incident, seq=1).update(description="Nothing happened")
    older = making.make(to=None, now=timezone.now() - timedelta(days=1))
    os.utime(older, (1, 1))

    with pytest.raises(CommandError) as refused:
        call_command("backup", "--check", "--keep", "1")

    assert str(refused.value).startswith(f"1 of 2 timelines are broken: {incident.name}. The archive itself is whole.")
    assert refused.value.returncode == 1
    said = capsys.readouterr().out
    assert "can be restored." in said
    # Else a night's archive more would lie there each night until the disk is full.
    assert f"Removed {older}." in said
    assert older not in set(settings.BACKUP_DIR.iterdir())


@pytest.mark.django_db(transaction=True)
def test_an_archive_that_cannot_be_restored_ends_the_check_before_older_ones_go(installation, settings):
    older, broken = backed_up(), installation / "broken.tar.gz"
    broken.write_bytes(older.read_bytes()[:-300])
    older.rename(settings.BACKUP_DIR / "dispatch-20261101-030000.tar.gz")
    backed_up()

    with pytest.raises(CommandError, match="cannot be restored"):
        call_command("backup", "--check", str(broken), "--keep", "1")

    assert len(list(settings.BACKUP_DIR.iterdir())) == 2


@on_sqlite
@pytest.mark.django_db(transaction=True)
def test_what_waits_is_called_off_though_a_timeline_is_broken(installation):
    Event.objects.filter(incident=Incident.objects.first(), seq=1).update(description="Nothing happened")
    home = installation / "theirs"

    code, said = manage(home, "restore", backed_up(), "--skip-waiting")

    assert code == 1
    assert "Operations called off: " in said
    assert "FIELD_ENCRYPTION_KEYS holds none of the keys of this backup" in said
    assert said.strip().endswith(f"1 of 2 timelines are broken: {Incident.objects.first().name}.")
    with closing(sqlite3.connect(home / "dispatch.sqlite3")) as database:
        waiting = "SELECT COUNT(*) FROM core_operation WHERE status IN ('pending', 'retrying', 'running')"
        assert database.execute(waiting).fetchone() == (0,)


# What is in it, and who may read it


@pytest.mark.django_db(transaction=True)
def test_the_keys_are_not_in_it_and_nobody_else_can_read_it(installation, settings):
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    path = backed_up()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with tarfile.open(path) as tar:
        content = b"".join(tar.extractfile(member).read() for member in tar)
    assert settings.FIELD_ENCRYPTION_KEYS[0].encode() not in content
    assert settings.SECRET_KEY.encode() not in content


@pytest.mark.django_db(transaction=True)
def test_files_that_grow_or_go_while_it_is_made_leave_it_whole(installation, settings, monkeypatch):
    growing, going = settings.MEDIA_ROOT / "growing", settings.MEDIA_ROOT / "going"
    growing.write_bytes(b"the first half")
    going.write_bytes(b"erased meanwhile")
    gone, listed, fingerprints = settings.MEDIA_ROOT / "gone", making._files, manifest.fingerprints

    def meanwhile():
        with growing.open("ab") as file:
            file.write(b" and the second")
        going.unlink()
        return fingerprints()

    monkeypatch.setattr(making, "_files", lambda: {**listed(), "files/gone": gone})
    monkeypatch.setattr(manifest, "fingerprints", meanwhile)
    path = backed_up()

    told = archive.extract(path, installation / "restored")

    assert sorted(told.parts) == [making.engine().PART, "files/a/ä screenshot.png", "files/going", "files/growing"]
    assert (installation / "restored" / "files" / "growing").read_bytes() == b"the first half"


@pytest.mark.django_db(transaction=True)
def test_only_the_newest_are_kept_when_so_asked(installation, settings, capsys):
    for day in (1, 2, 3):
        path = making.make(to=None, now=timezone.now() + timedelta(days=day))
        os.utime(path, (day, day))

    call_command("backup", "--keep", "2")

    left = list(settings.BACKUP_DIR.iterdir())
    assert len(left) == 2
    assert path in left
    assert capsys.readouterr().out.count("Removed ") == 2


@pytest.mark.django_db(transaction=True)
def test_no_file_is_overwritten_and_no_half_one_stays(installation, monkeypatch):
    there = installation / "there.tar.gz"
    there.write_text("mine")
    with pytest.raises(CommandError, match="exists already"):
        call_command("backup", "--to", str(there))

    def full(*_args, **_more):
        raise OSError(28, "No space left on device", "new.tar.gz")

    monkeypatch.setattr(archive, "_add", full)
    with pytest.raises(CommandError, match="No space left on device"):
        call_command("backup", "--to", str(installation / "new.tar.gz"))

    assert there.read_text() == "mine"
    assert sorted(path.name for path in installation.iterdir()) == ["ours", "there.tar.gz"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="is about PostgreSQL's programs")
@pytest.mark.django_db(transaction=True)
def test_without_postgresqls_programs_it_is_refused_with_what_to_install(installation, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(Refused, match="pg_dump is not on the PATH: install PostgreSQL's client programs"):
        backed_up()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="is about PostgreSQL's sessions")
@pytest.mark.django_db(transaction=True)
def test_a_database_that_others_use_is_not_replaced(installation):
    import psycopg

    path = backed_up()
    with (
        psycopg.connect(**postgres.arguments()),
        pytest.raises(Refused, match=r"Others are connected to the database \(1\)"),
    ):
        list(restoring.restore(source=path, over=True, skip_waiting=False, now=timezone.now()))


# What ends it


def started(home, *arguments):
    """A command in an embedded installation of its own, while it runs."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_URL")}
    return subprocess.Popen(
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=ROOT, env={**clean, "DISPATCH_HOME": str(home), "LOG_LEVEL": "ERROR"},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def read_by_somebody(pipe):
    """A handle to write to it, once there is who reads."""
    try:
        handle = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None
    os.set_blocking(handle, True)
    return handle


def terminated(process, place, pattern):
    """End it when that is there. Returns what it said."""
    processes.wait_until(lambda: process.poll() is not None or list(place.glob(pattern)), 60)
    assert process.poll() is None, process.stderr.read()
    process.terminate()
    said = process.communicate(timeout=30)[1]
    assert process.returncode == 143, said
    return said


@on_sqlite
def test_a_backup_that_is_terminated_leaves_nothing(tmp_path):
    (tmp_path / "files").mkdir()
    with closing(sqlite3.connect(tmp_path / "dispatch.sqlite3")) as database:
        database.execute("CREATE TABLE row (number)")
    # It waits for somebody to read.
    partial = tmp_path / "one.tar.gz.partial"
    os.mkfifo(partial)
    there = {*tmp_path.iterdir(), tmp_path / "secrets"}

    said = terminated(started(tmp_path, "backup", "--to", tmp_path / "one.tar.gz"), tmp_path, ".backup-*")

    assert said == ""
    assert {*tmp_path.iterdir(), partial} == there


@on_sqlite
def test_a_trial_that_is_terminated_leaves_nothing(tmp_path):
    # The trial waits for somebody to write.
    os.mkfifo(tmp_path / "one.tar.gz")

    process = started(tmp_path, "backup", "--check", tmp_path / "one.tar.gz")
    said = terminated(process, tmp_path / "backups", "dispatch-check-*")

    assert said == ""
    assert list((tmp_path / "backups").iterdir()) == []


@on_sqlite
def test_a_restore_that_is_terminated_leaves_nothing(tmp_path):
    content = an_archive(tmp_path / "whole.tar.gz", database="sqlite").read_bytes()
    pipe, home = tmp_path / "one.tar.gz", tmp_path / "home"
    os.mkfifo(pipe)
    process = started(home, "restore", pipe)

    # It reads the manifest and begins anew, for which there is nobody any more.
    reached = processes.wait_until(lambda: read_by_somebody(pipe), 60)
    with contextlib.suppress(BrokenPipeError), os.fdopen(reached, "wb") as written:
        written.write(content)
        while True:
            written.write(bytes(1 << 16))
    said = terminated(process, home, ".restore-*")

    assert said == ""
    assert not list(home.glob(".restore-*"))
    assert not (home / "dispatch.sqlite3").exists()


# What is refused. Nothing below reaches the database.


def an_archive(path, *, members=None, **changes):
    """An archive of Dispatch with one part, or what somebody made of it."""
    part = path.with_name("part")
    part.write_bytes(b"content")
    parts = {"database.dump": part}
    values = {
        "format": 1, "version": "0.1.0", "made_at": "2026-11-25T03:00:00+00:00", "database": connection.vendor,
        "migrations": ["core.0001_initial"], "rows": {}, "parts": archive.describe(parts), "encryption_keys": [],
        **changes,
    }  # fmt: skip
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members or [("manifest.json", Manifest(**values).to_json()), ("database.dump", "content")]:
            info = tarfile.TarInfo(name)
            info.size = len(content.encode())
            tar.addfile(info, io.BytesIO(content.encode()))
    return path


def named(*parts):
    digest = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
    return json.dumps({
        "format": 1, "version": "0.1.0", "made_at": "", "database": "", "migrations": [], "rows": {},
        "encryption_keys": [], "parts": {part: {"sha256": digest, "size": 7} for part in parts},
    })  # fmt: skip


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ([("manifest.json", named("a")), ("a", "altered")], "a is not what was backed up"),
        ([("manifest.json", named("a", "b")), ("a", "content")], "lacks b"),
        ([("manifest.json", named("a")), ("a", "content"), ("b", "more")], "holds b, which does not belong"),
        ([("manifest.json", named("../a")), ("../a", "content")], "holds ../a, which does not belong"),
        ([("manifest.json", named("/etc/a")), ("/etc/a", "content")], "which does not belong"),
        ([("manifest.json", "{}"), ("a", "content")], "manifest cannot be read"),
        ([("manifest.json", "[1"), ("a", "content")], "manifest cannot be read"),
        ([("a", "content")], "does not begin with a manifest"),
    ],
)
def test_an_archive_that_is_not_what_it_says_is_refused(tmp_path, members, why):
    path, into = an_archive(tmp_path / "one.tar.gz", members=members), tmp_path / "in" / "here"
    into.mkdir(parents=True)

    with pytest.raises(Damaged, match=re.escape(why)):
        archive.extract(path, into)

    assert not (tmp_path / "in" / "a").exists()


def test_a_link_in_an_archive_is_refused(tmp_path):
    path = tmp_path / "one.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        text = named("a").encode()
        info = tarfile.TarInfo("manifest.json")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text))
        link = tarfile.TarInfo("a")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)

    with pytest.raises(Damaged, match="does not belong"):
        archive.extract(path, tmp_path)


@pytest.mark.parametrize("content", [b"", b"no archive at all", None])
def test_half_an_archive_or_none_is_refused(tmp_path, content):
    path = an_archive(tmp_path / "one.tar.gz")
    path.write_bytes(path.read_bytes()[:-200] if content is None else content)

    with pytest.raises(Damaged):
        archive.extract(path, tmp_path)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"format": 2}, "A newer version of Dispatch made this archive"),
        ({"migrations": ["core.9999_later"], "version": "9.0"}, r"newer version \(9.0, core.9999_later\)"),
        ({"database": "oracle"}, "The backup is of oracle, and this installation uses"),
    ],
)
def test_what_this_code_cannot_restore_is_refused_before_anything_is_touched(tmp_path, changes, why):
    path = an_archive(tmp_path / "one.tar.gz", **changes)

    with pytest.raises(CommandError, match=why):
        call_command("restore", str(path))


@pytest.mark.django_db
def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CommandError, match="There is no file"):
        call_command("restore", str(tmp_path / "none.tar.gz"))


@on_sqlite
@pytest.mark.django_db
def test_a_running_installation_is_not_replaced(tmp_path):
    path, held = an_archive(tmp_path / "one.tar.gz"), os.open(sqlite.place().parent / "lock", os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(CommandError, match="stop it first"):
            call_command("restore", str(path), "--over")
    finally:
        os.close(held)


def test_tables_that_differ_are_named():
    told = Manifest(
        format=1, version="0.1.0", made_at="", database="", migrations=[], parts={}, encryption_keys=[],
        rows={"core_operation": 3, "gone": 1},
    )  # fmt: skip

    with pytest.raises(Damaged, match="core_operation has 2 rows instead of 3; gone has no rows instead of 1"):
        restoring._compare(told, {"core_operation": 2})
