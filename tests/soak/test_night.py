"""One night, told through real processes on a shifted clock: PostgreSQL, Redis, web, worker, two beats, a mail server.

Declared at 03:00 on 31 December 2026 in Berlin. Ada is on call and sleeps; Bob answers. Roles come by policy, a task is
due, the shift is handed over at 07:00 and accepted at 07:20, it is stable at 08:00. Friday is New Year's Day, so Bob is
reminded of the task on Monday at nine. The worker is killed in the middle of the two mails that matter most; each one
arrives once.

What it costs, by hand, at 50,000 / 2,080 = 24.04 an hour:

| who | as | from to | hours | weight | amount |
| --- | --- | --- | --- | --- | --- |
| Ada | commander | 03:00 03:06 | 0.1 | 1 | 2.40 |
| Bob | commander | 03:06 07:20 | 4.2333 | 1 | 101.77 |
| Carol | commander | 07:20 08:00 | 0.6667 | 1 | 16.03 |
| Root | reporter, who wrote the task | 03:00 08:00 | 5 | 0.5 | 60.10 |
| Sam | scribe, who did nothing | | 0 | 0.75 | 0.00 |
| all five | review, 1 h and half an hour each | | 3.5 | 1 | 84.14 |

Together 264.44. The clock runs on while the test waits, so the sum is held to within 0.30.
"""

import http.cookiejar
import re
import shutil
import time
import urllib.parse
import urllib.request
from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.soak.installation import production, wait_until
from tests.standins.smtp import mail_server

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(
        not (shutil.which("psql") and shutil.which("redis-server")), reason="needs PostgreSQL and Redis"
    ),
]

BERLIN = ZoneInfo("Europe/Berlin")
CLOCK = Path(__file__).resolve().parents[1] / "standins" / "clock"
BY_HAND = Decimal("264.44")

SCENERY = """
from datetime import date, time
from django.utils import timezone
from core.actor import Actor
from core.flows import organizations
from core.models import Organization, Project, User
from incidents.models import Priority
from people.flows import find_individual, oncall, policies
from people.models import RolePolicy, RotationLayer, Service
by = {"actor": Actor.system(), "now": timezone.now()}
organization = Organization.objects.get()
project = Project.objects.filter(default=True).first()
project.time_zone, project.holiday_country, project.currency = "Europe/Berlin", "DE", "EUR"
organizations.save_project(project, **by)
Priority.objects.filter(project=project, name="High").update(page_commander=True)
people = {
    name: find_individual(organization=organization, email=f"{name}@example.com", name=name.title(), now=by["now"])
    for name in ("ada", "bob", "carol", "sam")
}
service = oncall.save_service(Service(project=project, name="Database", owner=people["carol"]), **by)
layer = RotationLayer(
    service=service, name="Days", cadence="daily", handover_at=time(8), time_zone="Europe/Berlin",
    starts_on=date(2026, 12, 28),
)
oncall.save_layer(layer, members=[people["bob"], people["carol"], people["ada"]], **by)
for name, role, target in (("Leads", "incident_commander", {"service": service}),
                           ("Writes", "scribe", {"individual": people["sam"]})):
    policies.save_rule(RolePolicy(project=project, name=name, role=role, **target), **by)
"""


class Clock:
    """The clock of all processes; moved, it goes on from there."""

    def __init__(self, file):
        self.file = file

    def move(self, text):
        there = datetime.fromisoformat(text).replace(tzinfo=BERLIN)
        self.file.write_text(f"{there.timestamp() - time.time():.3f}", encoding="ascii")
        # The processes look ten times a second.
        wait_until(lambda: time.time() - self.file.stat().st_mtime > 0.5, 5)


def press(link, **answer):
    """Open a mail's link as a browser would, and press its button."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    page = browser.open(link, timeout=30).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page).group(1)
    body = urllib.parse.urlencode({"csrfmiddlewaretoken": token, **answer}).encode()
    return browser.open(link, data=body, timeout=30).read().decode()


def letter(server, to, word):
    """The one mail to somebody whose subject line holds the word; none yet is None."""
    found = [
        mail for mail, people in zip(server.mails, server.recipients, strict=True)
        if people == [to] and word in mail["Subject"]
    ]  # fmt: skip
    assert len(found) < 2, [str(mail["Subject"]) for mail in found]
    return found[0] if found else None


def link_in(mail, kind):
    return re.search(rf"http://\S+/{kind}/\S+/", mail.get_body(("plain",)).get_content()).group()


def later(installation, clock, text):
    """Move the clock when nothing is on its way: a lease that a jump ends while somebody sends would send it twice."""
    everything_done(installation)
    clock.move(text)


def killed_in_the_middle(installation, server):
    """Kill the worker once it has begun to send, and start another; then let mail through."""
    assert server.begun.wait(60)
    installation.kill("worker")
    # A process that is killed closes its connections a moment after it has ended.
    wait_until(server.is_deserted, 30)
    server.release()
    installation.worker()


def test_a_night(tmp_path):
    clock = Clock(tmp_path / "clock")
    clock.move("2026-12-31 02:58")
    with mail_server() as server, production(
        tmp_path, PYTHONPATH=str(CLOCK), DISPATCH_TEST_CLOCK=str(clock.file), EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=str(server.port),
    ) as night:  # fmt: skip
        night.beat("second beat")
        night.manage("shell", "-v", "0", "-c", SCENERY)

        here = declared_while_the_worker_dies(night, server, clock)
        ada_sleeps_and_bob_answers(night, server, clock, here)
        a_task_is_written_down(night, clock, here)
        bob_hands_over_while_the_worker_dies(night, server, clock, here)
        later(night, clock, "2026-12-31 08:00")
        assert night.call("POST", f"{here}/status/", {"status": "stable"})[0] in {200, 201}
        bob_is_reminded_on_the_next_working_day(night, server, clock)

        assert letter(server, "ada@example.com", "Page")
        assert letter(server, "carol@example.com", "Page") is None
        told = Counter(mail["Message-ID"] for mail in server.mails)
        assert set(told.values()) == {1}, told
        said = Counter((people[0], str(mail["Subject"])) for mail, people in
                       zip(server.mails, server.recipients, strict=True))  # fmt: skip
        assert set(said.values()) == {1}, said
        _status, cost = night.call("GET", f"{here}/cost/")
        assert abs(Decimal(str(cost["total"])) - BY_HAND) < Decimal("0.30"), cost
        night.manage("verify_timeline")


def declared_while_the_worker_dies(night, server, clock):
    """03:00; the worker is killed while it sends Ada's page. Returns the incident's address."""
    clock.move("2026-12-31 03:00")
    server.hold()
    status, incident = night.call("POST", "/incidents/", {"title": "Replica gone", "priority": "High"})
    assert status == 201, incident
    assert (incident["commander"]["name"], incident["scribe"]["name"]) == ("Ada", "Sam")
    killed_in_the_middle(night, server)
    clock.move("2026-12-31 03:03")
    wait_until(lambda: letter(server, "ada@example.com", "Page"), 90)
    return f"/incidents/{incident['name']}"


def ada_sleeps_and_bob_answers(night, server, clock, here):
    """Bob is next on call."""
    assert [call["status"] for call in page_of(night, here)["calls"]] == ["calling"]
    later(night, clock, "2026-12-31 03:05:10")
    call = wait_until(lambda: letter(server, "bob@example.com", "Page"), 90)
    later(night, clock, "2026-12-31 03:06")
    assert "You acknowledged it" in press(link_in(call, "page"))
    assert page_of(night, here)["acknowledged_by"]["name"] == "Bob"
    assert night.call("GET", here + "/")[1]["commander"]["name"] == "Bob"


def a_task_is_written_down(night, clock, here):
    """At 04:00, due in the evening."""
    later(night, clock, "2026-12-31 04:00")
    status, task = night.call(
        "POST", f"{here}/tasks/",
        {"title": "Check the backups", "owner": "bob@example.com", "due_at": "2026-12-31T17:00:00Z"},
    )  # fmt: skip
    assert status == 201, task


def bob_hands_over_while_the_worker_dies(night, server, clock, here):
    """Offered at 07:00, accepted at 07:20, the worker killed in between."""
    later(night, clock, "2026-12-31 07:00")
    server.hold()
    status, offer = night.call("POST", f"{here}/hand-overs/", {"role": "incident_commander", "to": "carol@example.com"})
    assert status == 201, offer
    assert "Check the backups" in offer["summary"]
    killed_in_the_middle(night, server)
    clock.move("2026-12-31 07:03")
    offered = wait_until(lambda: letter(server, "carol@example.com", "Hand-over"), 90)
    assert night.call("GET", here + "/")[1]["commander"]["name"] == "Bob"
    later(night, clock, "2026-12-31 07:20")
    assert "You are Incident Commander now" in press(link_in(offered, "handover"), answer="accept")


def bob_is_reminded_on_the_next_working_day(night, server, clock):
    """Friday is a holiday: nothing. Monday at nine: one reminder, however many beats and workers."""
    later(night, clock, "2027-01-01 12:00")
    for _beat in range(2):
        night.manage("shell", "-v", "0", "-c", "from people.tasks import remind_tasks; remind_tasks()")
    everything_done(night)
    assert letter(server, "bob@example.com", "due") is None
    clock.move("2027-01-04 08:59")
    # Beat may have asked a moment ago; it does so every five minutes.
    clock.move("2027-01-04 09:06")
    reminder = wait_until(lambda: letter(server, "bob@example.com", "due"), 120)
    assert "Check the backups" in reminder.get_body(("plain",)).get_content()
    clock.move("2027-01-04 09:30")
    everything_done(night)


def page_of(night, here):
    (page,) = night.call("GET", f"{here}/pages/")[1]["results"]
    return page


def everything_done(night):
    """Nothing waits whose time has come."""
    left = (
        "Operation.objects.filter(status__in=['pending', 'running', 'retrying']).exclude(action='page.advance').count()"
    )
    wait_until(lambda: night.count(left) == 0, 120, every=1)
