"""The commands of deploy/compose.yaml, started by hand where there is no container engine: do they watch, count, page
by themselves, end gently, and can they be backed up while they run?
"""

import json
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from tests.soak.installation import PYTHON, ROOT, production, wait_until
from tests.standins.smtp import mail_server

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(
        not (shutil.which("psql") and shutil.which("redis-server")), reason="needs PostgreSQL and Redis"
    ),
]
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
BUILT = (ROOT / "deploy" / "Containerfile").read_text()
TOKEN = "count-for-me"

ON_CALL = """
from datetime import date, time
from django.utils import timezone
from core.actor import Actor
from core.models import Organization, Project
from incidents.models import Priority
from people.flows import find_individual, oncall, policies
from people.models import RolePolicy, RotationLayer, Service
by = {"actor": Actor.system(), "now": timezone.now()}
project = Project.objects.filter(default=True).first()
nia = find_individual(organization=Organization.objects.get(), email="nia@example.com", name="Nia", now=by["now"])
service = oncall.save_service(Service(project=project, name="Database", owner=nia), **by)
layer = RotationLayer(
    service=service, name="Days", cadence="daily", handover_at=time(8), time_zone="UTC", starts_on=date.today(),
)
oncall.save_layer(layer, members=[nia], **by)
Priority.objects.filter(project=project, name="High").update(page_commander=True)
policies.save_rule(RolePolicy(project=project, name="Leads", role="incident_commander", service=service), **by)
"""


def command_of(service):
    """What the container runs."""
    told = COMPOSE[service].get("command") or re.findall(r'"([^"]+)"', BUILT.split("CMD")[-1])
    return [PYTHON, "-m", *(re.sub(r"\$\{\w+:-(\w+)\}", r"\1", word) for word in told)]


def seconds(text):
    return int(text.rstrip("s"))


def readiness(made):
    with urllib.request.urlopen(f"{made.url}/readyz", timeout=5) as answer:
        return json.load(answer)


def figure(made, name):
    request = urllib.request.Request(f"{made.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        text = answer.read().decode()
    return sum(float(value) for value in re.findall(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE))


def ends_gently(made, name, within):
    """SIGTERM, as a container engine sends it: the exit code, and that it came in time."""
    process = made.processes.pop(name)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code = process.wait(timeout=within)
    assert time.monotonic() - began < within
    return code


@pytest.fixture
def made(tmp_path, httpserver):
    """As compose starts it, with a mail server and a dead man's switch outside."""
    httpserver.expect_request("/ping").respond_with_data("OK")
    with mail_server() as mail, production(
        tmp_path, METRICS_TOKEN=TOKEN, DEADMAN_URL=httpserver.url_for("/ping"), WEB_WORKERS="2", WEB_THREADS="4",
        EMAIL_HOST="127.0.0.1", EMAIL_PORT=str(mail.port), DATABASE_POOL_MIN="1",
    ) as running:  # fmt: skip
        running.environment["WEB_BIND"] = f"127.0.0.1:{running.port}"
        for name in ("web", "worker", "beat"):
            running.kill(name)
            running.start(name, *command_of(name))
        running.wait_for_web()
        running.mail, running.switch = mail, httpserver
        yield running


def test_it_runs_by_compose_and_is_watched_counted_backed_up_and_ended_gently(made, tmp_path):
    wait_until(lambda: set(readiness(made)["parts"].values()) == {"ok"}, 120, every=1)
    probe = [PYTHON, "-m", "dispatch_project.probe"]
    assert subprocess.run(probe, cwd=ROOT, env=made.environment, check=False).returncode == 0
    assert "showed life" in made.manage("heartbeat", "worker") + made.manage("heartbeat", "beat")

    # Two processes count; whichever is asked knows the sum.
    with ThreadPoolExecutor(8) as many:
        assert {status for status, _body in many.map(lambda _n: made.call("GET", "/incidents/"), range(40))} == {200}
    counted = 'dispatch_requests_total{view="incidents-list",method="GET",status="200"}'
    wait_until(lambda: figure(made, counted) == 40, 10)
    assert {figure(made, counted) for _ask in range(10)} == {40}
    assert 0 < figure(made, 'dispatch_heartbeat_age_seconds{part="worker"}') < 60
    wait_until(lambda: made.switch.log, 120, every=1)

    # A backup while it runs, proved; a restore while it runs, refused.
    assert "can be restored" in made.manage("backup", "--to", str(tmp_path / "b.tar.gz"), "--check")
    refused = subprocess.run(
        [PYTHON, "manage.py", "restore", "--over", str(tmp_path / "b.tar.gz")],
        cwd=ROOT, env=made.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert refused.returncode == 1
    assert "stop web, workers and beat first" in refused.stderr

    # Nobody is cut off: what was asked before the end is answered.
    with ThreadPoolExecutor(8) as many:
        answers = [
            many.submit(made.call, "POST", "/incidents/", {"title": f"Late {n}", "description": ""}) for n in range(8)
        ]
        time.sleep(0.3)
        code = ends_gently(made, "web", seconds(COMPOSE["web"]["stop_grace_period"]))
        assert {answer.result()[0] for answer in answers} == {201}
    assert code == 0
    assert ends_gently(made, "worker", seconds(COMPOSE["worker"]["stop_grace_period"])) == 0
    assert ends_gently(made, "beat", seconds(COMPOSE["beat"]["stop_grace_period"])) == 0

    # Stopped, it is put back, and holds what it held.
    before = made.count("Event.objects.count()")
    made.manage("backup", "--to", str(tmp_path / "end.tar.gz"))
    said = made.manage("restore", "--over", str(tmp_path / "end.tar.gz"))
    assert "8 timelines are whole." in said
    assert made.count("Event.objects.count()") == before


def test_without_workers_the_web_processes_page_and_say_so(made):
    made.manage("shell", "-v", "0", "-c", ON_CALL)
    wait_until(lambda: readiness(made)["parts"]["worker"] == "ok", 120, every=1)
    made.kill("worker")
    status, _incident = made.call(
        "POST", "/incidents/", {"title": "Mail server breached", "description": "", "priority": "High"}
    )
    assert status == 201

    def paged():
        return [people for people in made.mail.recipients if people == ["nia@example.com"]]

    wait_until(paged, 240, every=1)
    assert readiness(made)["ready"] is True
    assert readiness(made)["parts"]["worker"].startswith("silent for")
    assert "the web process sent pages itself" in Path(made.home / "web.log").read_text()
    pages = len(paged())

    # The worker comes back, finds the rest, and pages nobody a second time.
    made.start("worker", *command_of("worker"))
    wait_until(lambda: readiness(made)["parts"]["worker"] == "ok", 120, every=1)
    wait_until(lambda: made.count("Operation.objects.filter(status='pending', urgency=10).count()") == 0, 120, every=5)
    words = [mail["Subject"] for mail, to in zip(made.mail.mails, made.mail.recipients, strict=True)
             if to == ["nia@example.com"]]  # fmt: skip
    assert len(words) == len(set(words)) >= pages
