"""deploy/: what can be held to the code without a container engine."""

import importlib
import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cryptography.fernet import Fernet
from django.conf import settings
from gunicorn.config import KNOWN_SETTINGS, Config
from gunicorn.http.parser import RequestParser
from gunicorn.http.wsgi import Response

from dispatch_project import embedded, probe

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
GUIDE = (ROOT / "docs" / "administration.md").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OURS = ("migrate", "web", "worker", "beat")
EXPLAINED = {variable.name for group in settings.ENVIRONMENT.values() for variable in group}


def test_every_variable_of_the_compose_file_is_one_that_dispatch_reads():
    given = {name.removesuffix("_FILE") for name in COMPOSE["services"]["web"]["environment"]}

    assert given <= EXPLAINED


def given_to(name, stated):
    """The environment that compose gives a service when `.env` states this."""
    service = COMPOSE["services"][name]
    read = {"path": ".env", "required": False} in service["env_file"]
    said = {name: re.sub(r"\$\{(\w+)[^}]*\}", lambda asked: stated.get(asked[1], ""), value)
            for name, value in service["environment"].items()}  # fmt: skip
    return {**(stated if read else {}), **said}


@pytest.mark.parametrize("name", OURS)
def test_every_documented_variable_reaches_ours_but_for_those_that_the_guide_names(name):
    given = given_to(name, dict.fromkeys(EXPLAINED, "stated"))

    kept = {name for name in EXPLAINED if given[name] != "stated" or f"{name}_FILE" in given}
    told = re.search(r"^With the compose file .*$", (ROOT / "docs" / "configuration.md").read_text(), re.MULTILINE)
    said = set(re.findall(r"`([A-Z_]+)`", told[0].split("whatever stands there")[1]))
    assert kept == said - {"DOMAIN", "OWNER_EMAIL"}


def test_what_the_compose_file_asks_for_is_in_the_example():
    asked = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text())) - {"DISPATCH_IMAGE"}
    given = set(re.findall(r"^([A-Z_]+)=", (DEPLOY / ".env.example").read_text(), re.MULTILINE))

    assert asked == given


@pytest.mark.parametrize("name", OURS)
def test_ours_run_without_rights_on_a_file_system_that_is_only_read(name):
    service = COMPOSE["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert len(service["tmpfs"]) == 1
    assert "ports" not in service


def test_only_the_proxy_is_reached_from_outside_and_the_database_reaches_nobody():
    assert [name for name, service in COMPOSE["services"].items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert COMPOSE["services"]["database"]["networks"] == COMPOSE["services"]["redis"]["networks"] == ["inside"]


def test_the_workers_take_every_queue_and_there_is_one_beat():
    command = COMPOSE["services"]["worker"]["command"]

    assert command[command.index("-Q") + 1].split(",") == list(embedded.QUEUES)
    assert "deploy" not in COMPOSE["services"]["beat"]


def test_each_is_given_longer_to_end_than_it_takes(monkeypatch):
    monkeypatch.setenv("METRICS_DIR", "elsewhere")
    from dispatch_project import production

    named = {name for name, value in vars(production).items() if name.islower() and not name.startswith("_")
             and not inspect.ismodule(value)}  # fmt: skip
    assert named <= {setting.name for setting in KNOWN_SETTINGS}
    assert int(COMPOSE["services"]["web"]["stop_grace_period"].rstrip("s")) > production.graceful_timeout
    assert production.preload_app is True


def test_the_counts_place_goes_with_the_server_and_not_with_one_of_its_processes(tmp_path):
    said = (
        "import os, sys, dispatch_project.production\n"
        "if os.fork() == 0: sys.exit()\n"
        "os.wait()\n"
        "print(os.environ['METRICS_DIR'], os.path.isdir(os.environ['METRICS_DIR']))"
    )
    clean = {name: value for name, value in os.environ.items() if name != "METRICS_DIR"}

    done = subprocess.run(
        [sys.executable, "-c", said], cwd=ROOT, env={**clean, "DISPATCH_HOME": str(tmp_path)}, check=True,
        capture_output=True, text=True,
    )  # fmt: skip

    place, stayed = done.stdout.split()
    assert stayed == "True"
    assert not Path(place).exists()


def test_the_image_copies_every_app_and_the_context_leaves_secrets_out():
    built, ignored = (DEPLOY / "Containerfile").read_text(), (ROOT / ".dockerignore").read_text().split()
    apps = {name for name in settings.INSTALLED_APPS if (ROOT / name.split(".")[0]).is_dir()}

    for app in {*(name.split(".")[0] for name in apps), "dispatch_project"}:
        assert f"COPY {app} {app}" in built
        assert f"!{app}" in ignored
    assert "*" in ignored
    assert "!deploy" not in ignored
    assert re.search(r"^USER 10001$", built, re.MULTILINE)
    assert "--require-hashes" in built


def test_the_secrets_are_made_once_and_are_good_ones(tmp_path):
    make = ["sh", str(DEPLOY / "secrets.sh"), str(tmp_path / "secrets")]
    subprocess.run(make, check=True, capture_output=True)
    first = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    subprocess.run(make, check=True, capture_output=True)

    assert {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()} == first
    assert set(first) == set(COMPOSE["secrets"])
    assert len(first["secret_key"]) >= 50
    Fernet(first["field_encryption_keys"])
    assert first["database_url"] == f"postgres://dispatch:{first['database_password']}@database:5432/dispatch"
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


def test_the_units_of_the_guide_run_what_compose_runs_and_wait_as_long():
    served = re.findall(r"^ExecStart=/srv/dispatch/venv/bin/(.+)\n(?:.+\n)*?TimeoutStopSec=(\d+)$", GUIDE, re.MULTILINE)
    built = re.search(r"^CMD (.+)$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)[1]
    commands = {"web": json.loads(built), **{name: COMPOSE["services"][name]["command"] for name in ("worker", "beat")}}

    assert served == [
        (" ".join(command).replace("${WORKERS:-6}", "6"), COMPOSE["services"][name]["stop_grace_period"].rstrip("s"))
        for name, command in commands.items()
    ]


def test_the_first_steps_without_containers_give_variables_that_dispatch_reads():
    stated = GUIDE.split("`/etc/dispatch.env` is for")[1].split("```")[1]
    collected = "DISPATCH_HOME=/tmp/build STATIC_MANIFEST=1 {}/venv/bin/python manage.py collectstatic --noinput"

    assert set(re.findall(r"^([A-Z_]+)=", stated, re.MULTILINE)) <= EXPLAINED
    assert collected.format("/srv/dispatch") in GUIDE
    assert collected.format("") in (DEPLOY / "Containerfile").read_text()
    assert "manage prepare" in GUIDE


def test_what_is_made_beside_the_compose_file_is_kept_from_git_and_from_others(tmp_path):
    ignored = (ROOT / ".gitignore").read_text().split()
    first = re.search(r"^install -m \d+ \.env\.example \.env", GUIDE, re.MULTILINE)[0]
    (tmp_path / ".env.example").write_bytes((DEPLOY / ".env.example").read_bytes())
    subprocess.run(["sh", "-c", first], cwd=tmp_path, check=True)

    assert {"/deploy/.env", "/deploy/secrets/", "/deploy/backups/"} <= set(ignored)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_a_probe_says_why_when_nobody_answers(monkeypatch, capsys):
    monkeypatch.setenv("WEB_BIND", "127.0.0.1:1")

    assert probe.main() == 1
    assert "refused" in capsys.readouterr().err


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_a_probe_asks_by_a_name_that_is_answered_and_tells_what_it_heard(monkeypatch, httpserver, capsys, status, code):
    asked = httpserver.expect_request("/readyz", headers={"Host": "dispatch.example.com"})
    asked.respond_with_data('{"ready": "perhaps"}', status=status)
    monkeypatch.setenv("WEB_BIND", f"0.0.0.0:{httpserver.port}")
    monkeypatch.setenv("ALLOWED_HOSTS", "dispatch.example.com,web")

    assert probe.main() == code
    assert '{"ready": "perhaps"}' in "".join(capsys.readouterr())


def test_the_guide_asks_for_readiness_and_figures_where_they_are_answered():
    refused = re.search(r"@inside path (.+)", (DEPLOY / "Caddyfile").read_text())[1].split()

    assert refused == ["/metrics", "/readyz"]
    assert "docker compose exec web python -m dispatch_project.probe" in GUIDE
    assert f"`{COMPOSE['name']}_outside`" in GUIDE
    assert "outside" in COMPOSE["services"]["web"]["networks"]
    # By these names web answers inside.
    assert COMPOSE["services"]["web"]["environment"]["ALLOWED_HOSTS"].split(",")[1:] == ["localhost", "web"]


def answered_by_gunicorn(config, head):
    """The head of what gunicorn answers when the application leaves the body."""
    request = next(RequestParser(Config(), iter([f"POST / HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode()]), None))
    config.pre_request(None, request)
    response = Response(request, None, Config())
    response.start_response("401 Unauthorized", [("Content-Length", "0")])
    return "".join(response.default_headers())


@pytest.mark.parametrize("config", ["production", "embedded"])
@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("Accept: */*", "keep-alive"),
        ("Content-Length: 2000", "keep-alive"),
        ("Content-Length: 65536", "close"),
        ("Content-Length: 9000000", "close"),
        ("Transfer-Encoding: chunked", "close"),
    ],
)
def test_whoever_sends_much_is_told_that_the_connection_ends(monkeypatch, config, head, says):
    monkeypatch.setenv("METRICS_DIR", "elsewhere")
    config = importlib.import_module(f"dispatch_project.{config}")

    assert f"Connection: {says}\r\n" in answered_by_gunicorn(config, head)
