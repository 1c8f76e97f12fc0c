"""Before an upgrade: what is said, and what stops it."""

import os
import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from core.backups import making
from core.models import Event, Operation
from core.preflight import database, surroundings
from tests.factories import declare, make_member, make_project


@pytest.fixture(autouse=True)
def as_deployed(monkeypatch):
    """The tests in a browser set this for their process."""
    monkeypatch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE", raising=False)


@pytest.fixture
def incident(db):
    project = make_project()
    make_member(project)
    return declare(project)


@pytest.fixture
def backup(settings, tmp_path, incident):
    """There is one of an hour ago."""
    settings.BACKUP_DIR, settings.MEDIA_ROOT = tmp_path / "backups", tmp_path / "files"
    settings.BACKUP_DIR.mkdir()
    path = settings.BACKUP_DIR / "dispatch-20261125-030000.tar.gz"
    path.write_bytes(b"")
    aged(path, hours=1)
    return path


def aged(path, hours):
    at = (timezone.now() - timedelta(hours=hours)).timestamp()
    os.utime(path, (at, at))


def preflight():
    """Whether the upgrade may begin, and what was said."""
    out = StringIO()
    try:
        call_command("preflight", stdout=out)
    except CommandError as error:
        return False, out.getvalue() + str(error)
    return True, out.getvalue()


def test_all_is_well(backup):
    may, said = preflight()

    assert may, said
    assert "STOP" not in said
    assert "All migrations are applied." in said
    assert "Timelines checked: 1." in said
    assert "The newest backup is dispatch-20261125-030000.tar.gz, 1 h old." in said
    assert said.endswith("The upgrade may begin.\n")


def test_no_backup_or_an_old_one_stops_it(backup):
    aged(backup, hours=25)
    may, said = preflight()
    assert not may
    assert "STOP  The newest backup, dispatch-20261125-030000.tar.gz, is 25 h old; make one" in said
    assert said.endswith("The upgrade must wait: 1 to mend.")

    backup.unlink()
    assert "STOP  There is no backup in" in preflight()[1]


def test_a_broken_timeline_is_named_and_stops_nothing_for_ever(backup, incident):
    Event.objects.filter(seq=2).update(description="Nothing happened")

    may, said = preflight()

    assert may, said
    assert f"WARN  The timeline of {incident.name} is broken at event 2: its content was changed. What to do:" in said
    assert "STOP" not in said
    assert said.endswith("The upgrade may begin; 1 to look into.\n")


def test_pending_migrations_are_named_and_stop_nothing(backup):
    MigrationRecorder.Migration.objects.filter(app="core", name="0010_sign_in_count_account").delete()

    may, said = preflight()

    assert may, said
    assert "note  Migrations to apply (1): core.0010_sign_in_count_account." in said
    assert "Timelines are read after the upgrade" in said


def test_a_database_of_a_newer_version_stops_it_at_once(backup):
    MigrationRecorder.Migration.objects.create(app="core", name="9999_later", applied=timezone.now())

    may, said = preflight()

    assert not may
    assert "STOP  The database is newer than this code (core.9999_later)" in said
    assert "backup" not in said.split("STOP")[0]


def test_a_database_that_does_not_answer_is_all_there_is_to_say(backup, monkeypatch):
    def away():
        raise OperationalError("connection refused\nIs the server running?")

    with monkeypatch.context() as patched:
        patched.setattr(database.connection, "ensure_connection", away)
        may, said = preflight()

    assert not may
    assert said.count("\n") == 1
    assert "STOP  The database does not answer: connection refused." in said


@pytest.mark.skipif(database.connection.vendor != "postgresql", reason="SQLite makes a database that is not there")
def test_a_database_that_is_not_there_is_told_with_the_servers_words(backup, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setitem(database.connection.settings_dict, "NAME", "dispatch_that_is_not_there")
        may, said = preflight()

    assert not may
    assert "STOP  The database that DATABASE_URL names does not answer: " in said
    assert '"dispatch_that_is_not_there" does not exist.' in said


def test_a_setting_that_is_wrong_stops_it_and_a_weak_one_is_noted(backup, settings):
    settings.SECRET_KEY, settings.DEBUG = "short", True

    may, said = preflight()

    assert not may
    assert "STOP  SECRET_KEY is too short or too simple." in said
    assert "note  You should not have DEBUG set to True in deployment. (security.W018)" in said


def test_what_follows_from_plain_http_is_one_note_that_names_the_mend(backup):
    may, said = preflight()

    assert may, said
    assert "note  Passwords and sessions travel unencrypted." in said
    assert "set BASE_URL to the address with https://" in said
    assert not re.search(r"security\.W0(04|08|12|16)|CSRF_COOKIE_SECURE", said)


def test_what_is_switched_off_beside_https_is_named(backup, settings):
    settings.HTTPS = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = False, 3600

    said = preflight()[1]

    assert "SECURE_SSL_REDIRECT setting is not set to True" in said
    assert "unencrypted" not in said


def test_a_full_disk_stops_it(backup, monkeypatch):
    monkeypatch.setattr(surroundings, "NEEDED_BYTES", 10**18)

    may, said = preflight()

    assert not may
    assert "MB free and needs 1000000000000 MB." in said


def test_rows_that_point_at_nothing_stop_it(backup, monkeypatch):
    def broken():
        raise OperationalError("core_event has a row that points at incident 7, which is not there")

    with monkeypatch.context() as patched:
        patched.setattr(database.connection, "check_constraints", broken)
        _may, said = preflight()

    assert "STOP  The database is broken: core_event has a row" in said


def test_work_that_is_cut_off_or_failed_is_told(backup):
    Operation.objects.filter(pk=Operation.objects.first().pk).update(status="running")

    assert "note  Operations running now: 1;" in preflight()[1]


def test_an_installation_with_nothing_in_it_needs_no_backup(db, settings, tmp_path):
    settings.BACKUP_DIR = tmp_path

    assert "note  There is nothing here yet that a backup would hold." in preflight()[1]


@pytest.mark.django_db(transaction=True)
def test_a_rehearsal_restores_the_newest_backup_elsewhere_and_upgrades_it(settings, tmp_path, capsys):
    settings.BACKUP_DIR, settings.MEDIA_ROOT = tmp_path / "backups", tmp_path / "files"
    name = declare(make_project()).name
    Event.objects.filter(seq=2).update(description="Nothing happened")
    path = making.make(to=None, now=timezone.now())

    call_command("preflight", "--rehearse")
    said = capsys.readouterr().out
    assert f"ok    {path.name} was restored and upgraded in a database of its own." in said
    assert f"WARN  1 of 1 timelines are broken: {name}. It was restored as it is." in said

    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(CommandError):
        call_command("preflight", "--rehearse")
    assert "STOP  The rehearsal failed" in capsys.readouterr().out
