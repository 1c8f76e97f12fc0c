"""The launcher: one sentence for what is missing, and nothing lost on the way."""

import argparse
import ast
import errno
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from dispatch_project import starting
from tests.soak import installation

ROOT = Path(__file__).resolve().parents[2]
LAUNCHER = ROOT / "dispatch"


@pytest.fixture(scope="module")
def launcher():
    loader = SourceFileLoader("launcher", str(LAUNCHER))
    module = module_from_spec(spec_from_loader("launcher", loader))
    loader.exec_module(module)
    return module


def run(*arguments, said="", **environment):
    embedded = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    variables = {**embedded, **environment}
    return subprocess.run(
        [sys.executable, str(LAUNCHER), *arguments],
        input=said,
        capture_output=True,
        text=True,
        env=variables,
        timeout=120,
    )


def one_sentence(done):
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    return done.stderr.strip()


def test_old_pythons_can_read_it_and_are_told():
    source = LAUNCHER.read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 6))
    pretend = (
        "import sys, runpy; sys.version_info = (3, 9, 2); sys.argv = ['dispatch', 'up']; "
        f"runpy.run_path({str(LAUNCHER)!r}, run_name='__main__')"
    )

    done = subprocess.run([sys.executable, "-c", pretend], capture_output=True, text=True)

    assert one_sentence(done) == "Dispatch needs Python 3.11 or newer; this is 3.9."


def test_it_uses_the_standard_library_only():
    tree = ast.parse(LAUNCHER.read_text(encoding="utf-8"))
    imported = {
        name.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    assert imported <= sys.stdlib_module_names


def test_a_taken_port_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = run("up", "--port", str(port), "--home", str(tmp_path))

    assert f"Port {port} on 127.0.0.1 cannot be used" in one_sentence(done)


@pytest.mark.parametrize("port", ["0", "65536", "-1"])
def test_a_port_that_is_none_is_refused(tmp_path, port):
    assert one_sentence(run("up", f"--port={port}", "--home", str(tmp_path))) == "A port is a number from 1 to 65535."


def test_an_address_with_colons_is_bracketed(launcher):
    assert launcher._bound("::1", 8000) == "[::1]:8000"
    assert launcher._bound("127.0.0.1", 8000) == "127.0.0.1:8000"


def test_a_full_disk_is_named(launcher, tmp_path):
    with pytest.raises(launcher.Problem, match="The disk is full"):
        launcher._check_disk(str(tmp_path), 10**18)


def test_a_disk_that_fills_up_on_the_way_is_named(launcher, monkeypatch, capsys):
    def no_space(_options):
        raise OSError(errno.ENOSPC, "No space left on device", "var/lock")

    monkeypatch.setattr(launcher, "_run", no_space)
    monkeypatch.setattr(sys, "argv", ["dispatch", "up"])

    assert launcher.main() == 1
    assert capsys.readouterr().err == "The disk is full; make room and start again.\n"


def test_a_home_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")

    assert f"{tmp_path}/file/var: Not a directory." in one_sentence(run("up", "--home", f"{tmp_path}/file/var"))


def test_a_home_that_is_a_file_is_told_so(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")

    assert (
        one_sentence(run("up", "--home", f"{tmp_path}/file"))
        == f"{tmp_path}/file is a file; the home must be a folder."
    )


def test_a_home_is_made_for_its_owner_only(tmp_path):
    run("up", "--port", "0", "--home", f"{tmp_path}/var")

    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("django.db.utils.OperationalError: database or disk is full", "The disk is full; make room and start again."),
        ("The database is newer than this code (core.9999): start the newer version.", "The database is newer than"),
        ("Traceback …\ndjango.db.utils.DatabaseError: file is not a database", "file is not a database; "),
    ],
)
def test_a_database_that_cannot_be_used_is_told_without_traceback(launcher, monkeypatch, tmp_path, said, sentence):
    failed = subprocess.CompletedProcess([], 1, "", said)
    monkeypatch.setattr(launcher.subprocess, "run", lambda *_arguments, **_options: failed)

    with pytest.raises(launcher.Problem, match=re.escape(sentence)) as problem:
        launcher._prepared(str(tmp_path))

    assert "Traceback" not in str(problem.value)
    assert "\n" not in str(problem.value)


def test_a_second_start_on_the_same_home_is_refused(tmp_path):
    with (tmp_path / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        done = run("up", "--home", str(tmp_path))

    assert "runs from" in one_sentence(done)


def test_after_a_kill_the_next_start_waits_for_the_rest_to_go(launcher, monkeypatch, tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    rest = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    os.write(rest, str(gone.pid).encode())
    fcntl.flock(rest, fcntl.LOCK_EX)
    waits = []

    def wait(seconds):
        waits.append(seconds)
        if len(waits) == 10:
            os.close(rest)

    monkeypatch.setattr(launcher.time, "sleep", wait)

    os.close(launcher._hold(str(tmp_path)))
    assert len(waits) == 10
    assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_without_a_package_index_it_says_so(tmp_path):
    for name in ("dispatch", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    quiet = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_FIND_LINKS": "",
        "PIP_CONFIG_FILE": os.devnull,
        "PATH": "/usr/bin:/bin", "PIP_NO_CACHE_DIR": "1",
    }  # fmt: skip
    home, port = str(tmp_path / "var"), str(installation.free_port())

    done = subprocess.run(
        [sys.executable, str(tmp_path / "dispatch"), "up", "--port", port, "--home", home],
        capture_output=True, text=True, env={**os.environ, **quiet}, timeout=120,
    )  # fmt: skip

    assert "No package index answers" in one_sentence(done)
    assert (tmp_path / "var" / "install.log").exists()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", "The disk is full"),
        ("The virtual environment was not created because ensurepip is not available.", "install its venv package"),
        ("Could not find a version that satisfies django (from versions: none)", "No package index answers"),
        ("error: Failed to fetch: dns error", "No package index answers"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "could not be installed; install.log says why"),
        ("Could not find a version that satisfies django==9 (from versions: 4, 5)", "could not be installed"),
    ],
)
def test_why_an_installation_failed_is_one_sentence(launcher, said, sentence):
    assert sentence in launcher._reason(said, "install.log")


@pytest.fixture
def checkout(launcher, monkeypatch, tmp_path):
    """A launcher in an empty checkout; what it would start is only noted."""
    started = []

    def start(command):
        started.append(command)
        (tmp_path / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
        (tmp_path / ".venv" / "bin" / "python").touch()

    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text("django==5.2.19", encoding="utf-8")
    monkeypatch.setenv("DISPATCH_HOME", str(tmp_path / "var"))
    monkeypatch.setattr(launcher, "ROOT", str(tmp_path))
    monkeypatch.setattr(launcher, "VENV", str(tmp_path / ".venv"))
    monkeypatch.setattr(launcher, "PYTHON", str(tmp_path / ".venv" / "bin" / "python"))
    monkeypatch.setattr(launcher, "_logged", start)
    return started


def test_a_second_start_installs_nothing(launcher, checkout):
    launcher._install("requirements.txt")
    assert len(checkout) == 2

    launcher._install("requirements.txt")

    assert len(checkout) == 2


def test_the_packages_of_the_tests_come_on_top_and_suffice_for_a_start(launcher, checkout):
    launcher._install("requirements.txt")
    launcher._install("requirements-dev.txt")
    assert [command[-1] for command in checkout[1:]] == ["requirements.txt", "requirements-dev.txt"]

    launcher._install("requirements.txt")

    assert len(checkout) == 3


def test_an_interrupted_installation_is_done_again_from_the_start(launcher, checkout, monkeypatch, tmp_path):
    start = launcher._logged

    def interrupted(command):
        start(command)
        if "install" in command:
            raise KeyboardInterrupt

    monkeypatch.setattr(launcher, "_logged", interrupted)
    with pytest.raises(KeyboardInterrupt):
        launcher._install("requirements.txt")
    (tmp_path / ".venv" / "half").touch()
    monkeypatch.setattr(launcher, "_logged", start)

    launcher._install("requirements.txt")

    assert len(checkout) == 4
    assert not (tmp_path / ".venv" / "half").exists()


def test_a_changed_lock_makes_a_new_environment(launcher, checkout, tmp_path):
    launcher._install("requirements.txt")
    (tmp_path / ".venv" / "old").touch()
    (tmp_path / "requirements.txt").write_text("django==5.2.20", encoding="utf-8")

    launcher._install("requirements.txt")

    assert len(checkout) == 4
    assert not (tmp_path / ".venv" / "old").exists()


@pytest.fixture
def upgraded(tmp_path):
    """A checkout whose packages are those of the version before."""
    for name in ("dispatch", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "installed-requirements.txt").write_text("of the version before", encoding="utf-8")
    (tmp_path / "var").mkdir()
    return tmp_path


@pytest.mark.parametrize("command", ["preflight", "backup", "manage"])
def test_the_packages_of_a_running_server_are_not_replaced(upgraded, command):
    with (upgraded / "var" / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        done = subprocess.run(
            [sys.executable, str(upgraded / "dispatch"), command],
            capture_output=True, text=True, env={**os.environ, "DISPATCH_HOME": ""}, timeout=120,
        )  # fmt: skip

    assert f"Dispatch runs from {upgraded / 'var'}; stop it first" in one_sentence(done)
    assert (upgraded / ".venv" / "installed-requirements.txt").exists()


def test_whoever_holds_the_home_itself_replaces_the_packages(launcher, checkout, monkeypatch, tmp_path):
    monkeypatch.setenv("DISPATCH_HOME", str(tmp_path))
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "old").touch()
    held = launcher._hold(str(tmp_path))

    launcher._install("requirements.txt")

    os.close(held)
    assert not (tmp_path / ".venv" / "old").exists()


def test_both_locks_pin_the_same_versions():
    def pins(name):
        return dict(re.findall(r"^([\w.-]+)\S*==([^ ;]+)", (ROOT / name).read_text(encoding="utf-8"), re.M))

    runtime = pins("requirements.txt")

    assert len(runtime) > 50
    assert runtime.items() <= pins("requirements-dev.txt").items()


@pytest.mark.django_db
def test_a_database_that_is_newer_than_the_code_is_refused(capsys):
    starting.main()
    assert "Password: " in capsys.readouterr().out
    MigrationRecorder(connection).record_applied("core", "9999_from_the_future")

    with pytest.raises(SystemExit, match=r"^The database is newer than this code \(core\.9999_from_the_future\)"):
        starting.main()


def test_reset_asks_first_and_removes_what_is_its_own(tmp_path):
    for name in ("dispatch.sqlite3", "notes.txt"):
        (tmp_path / name).write_text("x", encoding="utf-8")

    for answer in ("no\n", ""):
        refused = run("reset", "--home", str(tmp_path), said=answer)
        assert refused.returncode == 1
        assert refused.stderr == ""
        assert (tmp_path / "dispatch.sqlite3").exists()

    assert run("reset", "--home", str(tmp_path), said="reset\n").returncode == 0
    assert not (tmp_path / "dispatch.sqlite3").exists()
    assert (tmp_path / "notes.txt").exists()


def test_reset_removes_what_a_restore_put_aside_and_names_the_backups_that_stay(tmp_path):
    for name in ("files", "files.before-20261125-030000", "backups"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "one").touch()
    (tmp_path / "dispatch.sqlite3.before-20261125-030000").touch()

    done = run("reset", "--yes", "--home", str(tmp_path))

    assert done.stdout == f"Removed. Backups in {tmp_path}/backups stay.\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backups", "lock"]
    assert (tmp_path / "backups" / "one").exists()


def test_reset_leaves_a_running_or_another_database_alone(tmp_path):
    (tmp_path / "dispatch.sqlite3").touch()

    assert "DATABASE_URL" in one_sentence(run("reset", "--yes", "--home", str(tmp_path), DATABASE_URL="postgres:///x"))
    with (tmp_path / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "stop it first" in one_sentence(run("reset", "--yes", "--home", str(tmp_path)))

    assert (tmp_path / "dispatch.sqlite3").exists()


@pytest.fixture
def suites(launcher, monkeypatch):
    """A launcher whose suites pass without running."""
    ran = []

    def suite(name, _pytest, _environment):
        ran.append(name)
        return name, False, "3 passed, 1 skipped in 1.00s", 1

    monkeypatch.setattr(launcher, "_install", lambda _requirements: None)
    monkeypatch.setattr(launcher, "_suite", suite)
    monkeypatch.setattr(launcher, "_services", lambda: (None, "Redis did not answer"))
    monkeypatch.delenv("CI", raising=False)
    return ran


def test_a_test_run_ends_by_saying_what_it_could_not_run(launcher, suites, capsys):
    assert launcher._test(argparse.Namespace(soak=False, rest=[])) == 0

    said = capsys.readouterr().out
    assert "SQLite: 3 passed, 1 skipped" in said
    assert "1 of the skipped need the reference data" in said
    assert "What could not: PostgreSQL and Redis, because Redis did not answer." in said
    assert "--soak" in said


def test_in_ci_both_databases_are_required(launcher, suites, monkeypatch):
    monkeypatch.setenv("CI", "true")

    with pytest.raises(launcher.Problem, match="In CI both databases are required: Redis did not answer"):
        launcher._test(argparse.Namespace(soak=False, rest=[]))

    assert suites == ["SQLite"]


def test_with_both_services_the_same_suite_runs_twice(launcher, suites, monkeypatch):
    monkeypatch.setattr(launcher, "_services", lambda: ({"DATABASE_URL": "postgres:///x"}, ""))

    assert launcher._test(argparse.Namespace(soak=False, rest=[])) == 0

    assert suites == ["SQLite", "PostgreSQL and Redis"]


def test_the_browser_tests_run_on_the_embedded_default_and_keep_their_pictures(launcher, monkeypatch, tmp_path, capsys):
    asked = {}

    def suite(name, pytest_, environment):
        asked.update(words=pytest_, environment=environment)
        return name, False, "3 passed in 1.00s", 0

    monkeypatch.setattr(launcher, "_install", lambda _requirements: None)
    monkeypatch.setattr(launcher, "_suite", suite)
    monkeypatch.setattr(launcher, "_chromium", lambda: "/usr/bin/chromium")
    kept = tmp_path / "kept"

    assert launcher._browser_test(argparse.Namespace(screenshots=str(kept), rest=["-k", "keyboard"])) == 0

    assert "--browser" in asked["words"]
    assert asked["words"][-3:] == ["tests/browser", "-k", "keyboard"]
    assert asked["environment"]["DATABASE_URL"] == ""
    assert asked["environment"]["DISPATCH_SCREENSHOTS"] == str(kept)
    assert kept.is_dir()
    assert f"The pictures are in {kept}." in capsys.readouterr().out


def test_without_chromium_one_line_says_how_to_get_it(launcher, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)

    with pytest.raises(launcher.Problem, match="`sudo apt-get install -y chromium` installs it"):
        launcher._chromium()


def test_only_a_redis_database_of_the_tests_own_is_emptied(launcher):
    assert launcher._own_number("redis://:secret@cache.example:6380/0") == "redis://:secret@cache.example:6380/9"
    assert launcher._own_number("redis://127.0.0.1") == "redis://127.0.0.1/9"


@pytest.mark.soak
def test_it_starts_survives_a_kill_and_ends_cleanly(tmp_path):
    port = installation.free_port()
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    command = [sys.executable, str(LAUNCHER), "up", "--port", str(port), "--home", str(tmp_path)]

    def start():
        log = (tmp_path / "said").open("a")
        before = starts()
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
        # What a kill left may still answer: only the sentence tells that the new one does.
        installation.wait_until(lambda: process.poll() is not None or starts() > before, 90)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=30):
            return process

    def starts():
        return (tmp_path / "said").read_text().count("Dispatch runs at")

    first = start()
    os.killpg(first.pid, signal.SIGKILL)
    first.wait(timeout=10)

    second = start()
    os.kill(second.pid, signal.SIGKILL)
    second.wait(timeout=10)

    for sign in (signal.SIGINT, signal.SIGTERM):
        running = start()
        os.killpg(running.pid, sign)
        assert running.wait(timeout=8) == 0

    said = (tmp_path / "said").read_text()
    assert "Traceback" not in said
    assert "SIGKILL" not in said
    assert len(re.findall("Password: ", said)) == 1


@pytest.mark.parametrize("word", ["backup", "restore", "preflight"])
def test_commands_that_deserve_a_name_become_manages(launcher, monkeypatch, word):
    monkeypatch.setattr(sys, "argv", ["dispatch", word, "--help"])

    options = launcher._arguments()

    assert (options.command, options.rest) == ("manage", [word, "--help"])
