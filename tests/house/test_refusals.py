"""What an operator mistypes is told in one sentence that names the variable, and not by a traceback."""

import os
import stat
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from core.backups import sqlite
from dispatch_project.variables import env

ROOT = Path(__file__).resolve().parents[2]
# Nothing listens there.
NOBODY = "postgres://dispatch:hunter2@127.0.0.1:1/dispatch"


def run(home, *words, **variables):
    """A process of ours with these variables: exit code, standard output, and error."""
    clean = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env={**clean, "DISPATCH_HOME": str(home), **variables},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def refused(home, *words, **variables):
    """The sentence on standard error."""
    code, _out, said = run(home, *words, **variables)
    assert code == 1, said
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) == 1, said
    return said.strip()


# The database


def test_a_database_that_does_not_answer_is_told_with_the_servers_words(tmp_path):
    said = refused(tmp_path, "manage.py", "prepare", DATABASE_URL=NOBODY)

    assert "The database that DATABASE_URL names does not answer: " in said
    assert 'connection to server at "127.0.0.1", port 1 failed: Connection refused.' in said


def test_preflight_says_the_same(tmp_path):
    code, out, said = run(tmp_path, "manage.py", "preflight", DATABASE_URL=NOBODY)

    assert code == 1
    assert "STOP  The database that DATABASE_URL names does not answer: " in out
    assert "Connection refused." in out
    assert said == "CommandError: The upgrade must wait: 1 to mend.\n"


def test_commands_that_only_find_out_on_the_way_do_too(tmp_path):
    code, _out, said = run(tmp_path, "manage.py", "verify_timeline", DATABASE_URL=NOBODY, REDIS_URL="redis://127.0.0.1")

    assert code == 1
    assert "Traceback" not in said
    assert said.startswith("The database that DATABASE_URL names does not answer: ")


def test_a_start_is_refused_with_it(tmp_path, monkeypatch):
    loader = SourceFileLoader("launcher", str(ROOT / "dispatch"))
    launcher = module_from_spec(spec_from_loader("launcher", loader))
    loader.exec_module(launcher)
    monkeypatch.setattr(launcher, "PYTHON", sys.executable)
    monkeypatch.setenv("DISPATCH_HOME", str(tmp_path))
    for url, sentence in ((NOBODY, "Connection refused."), ("nonsense", "DATABASE_URL must be like postgres://")):
        monkeypatch.setenv("DATABASE_URL", url)

        with pytest.raises(launcher.Problem) as problem:
            launcher._prepared(str(tmp_path))

        assert sentence in str(problem.value)
        assert "\n" not in str(problem.value)
        assert not (tmp_path / "start.log").exists()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresx://dispatch:hunter2@127.0.0.1/dispatch", "; it begins with “postgresx://”."),
        ("mysql://dispatch:hunter2@127.0.0.1/dispatch", "; it begins with “mysql://”."),
        ("sqlite:////tmp/dispatch.sqlite3", "; it begins with “sqlite://”."),
        ("nonsense", "; it begins with no such thing."),
        ("postgres://dispatch:hunter2/x@127.0.0.1/dispatch", "special characters of the password percent-encoded."),
    ],
)
def test_an_address_that_is_none_is_told_without_its_password(tmp_path, url, why):
    said = refused(tmp_path, "manage.py", "prepare", DATABASE_URL=url)

    assert said.startswith("DATABASE_URL must be like postgres://user:password@host:5432/name")
    assert said.endswith(why)
    assert "hunter2" not in said


# Other variables


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"EMAIL_PORT": "abc"}, "EMAIL_PORT must be a number; it is “abc”."),
        ({"EMAIL_USE_TLS": "treu"}, "EMAIL_USE_TLS must be on or off; it is “treu”."),
        ({"DATABASE_URL_FILE": "/dev"}, "DATABASE_URL_FILE: /dev cannot be read: Is a directory."),
        ({"SECRET_KEY_FILE": "/none"}, "SECRET_KEY_FILE: /none cannot be read: No such file or directory."),
    ],
)
def test_a_variable_that_cannot_be_read_is_named(tmp_path, variables, sentence):
    assert refused(tmp_path, "manage.py", "check_database", **variables) == sentence


def test_the_web_server_names_its_own_variables_too(tmp_path):
    gunicorn = ["-m", "gunicorn", "--check-config", "--config", "python:dispatch_project.production"]

    said = refused(tmp_path, *gunicorn, "dispatch_project.wsgi", WEB_WORKERS="abc", METRICS_DIR=str(tmp_path))

    assert said == "WEB_WORKERS must be a number; it is “abc”."


def test_a_home_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")

    said = refused(tmp_path / "file", "manage.py", "check_database")

    assert said.startswith("DISPATCH_HOME must be a folder that Dispatch may write to: ")
    assert str(tmp_path / "file") in said


@pytest.mark.parametrize("given", ["", " "])
def test_an_empty_number_or_switch_is_one_that_was_not_given(monkeypatch, given):
    monkeypatch.setenv("EMAIL_PORT", given)
    monkeypatch.setenv("DATABASE_POOL", given)

    assert env.int("EMAIL_PORT", 25) == 25
    assert env.bool("DATABASE_POOL", True) is True


@pytest.mark.parametrize(
    ("given", "on"), [("1", True), ("on", True), ("True", True), ("yes", True), ("2", True),
                      ("0", False), ("off", False), ("False", False), ("no", False)],
)  # fmt: skip
def test_a_switch_takes_the_usual_words(monkeypatch, given, on):
    monkeypatch.setenv("DATABASE_POOL", given)

    assert env.bool("DATABASE_POOL", not on) is on


# The home


@pytest.mark.parametrize("words", [["backup"], ["backup", "--check"], ["backup", "--check", "--keep", "3"]])
def test_a_backup_of_nothing_makes_nothing(tmp_path, words):
    said = refused(tmp_path / "mistyped", "manage.py", *words)

    assert said.startswith(f"There is no installation in {tmp_path}/mistyped that could be backed up")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="is about the embedded home")
@pytest.mark.django_db
@pytest.mark.parametrize(("found", "left"), [(0o755, 0o700), (0o750, 0o700), (0o700, 0o700), (0o1777, 0o1777)])
def test_a_home_that_others_can_read_is_closed_when_it_is_prepared(tmp_path, monkeypatch, found, left):
    tmp_path.chmod(found)
    with monkeypatch.context() as patched:
        patched.setattr(sqlite, "place", lambda: tmp_path / "dispatch.sqlite3")

        call_command("prepare")

    assert stat.S_IMODE(tmp_path.stat().st_mode) == left


def test_a_home_is_made_for_its_owner_only(tmp_path):
    run(tmp_path / "new", "manage.py", "check_database")

    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
