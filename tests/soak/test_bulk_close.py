"""Two thousand incidents closed at once, thirty of which must be refused, by workers that are killed in the middle."""

import os
import signal
import subprocess
import sys
import time
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from core.models import Event, Job, JobRow, StatusChange, User
from core.operations import jobs
from incidents.flows import bulk
from incidents.flows.bulk_acts import Wish
from incidents.models import Incident
from people.flows import add_participant
from tests import factories as make

pytestmark = [pytest.mark.soak, pytest.mark.django_db(transaction=True)]

TOTAL, REFUSED, KILLS = 2_000, 30, 3
ROOT = Path(__file__).resolve().parents[2]
# A worker of its own on the test's database; told how, for it knows nothing of the test.
WORKER = """
import sys
import django
from django.conf import settings
django.setup()
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from django.db import connections
connections["default"].settings_dict["NAME"] = sys.argv[1]
from core.operations import jobs
jobs.run_due(1)
"""


def many(project) -> list[Incident]:
    """Open incidents, the first by the flow, the rest as its copies."""
    first = make.declare(project, title="Number 0")
    copies = []
    for number in range(1, TOTAL):
        row = Incident.objects.get(pk=first.pk)
        row.pk, row.uuid = None, uuid.uuid4()
        row.name, row.title = f"SOAK-{number}", f"Number {number}"
        row.event_count = 0
        copies.append(row)
    return [first, *Incident.objects.bulk_create(copies, batch_size=500)]


def kill_one_in_the_middle(database: str) -> None:
    """Start a worker and kill it hard once it has done some rows more."""
    before = JobRow.objects.count()
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, database], cwd=ROOT, start_new_session=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "dispatch_project.settings"},
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while JobRow.objects.count() < before + 40:
        assert worker.poll() is None, "the worker ended by itself"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def test_two_thousand_are_closed_thirty_refused_and_no_row_is_done_twice():
    project = make.make_project(name="Security")
    responder: User = make.make_member(project, "responder")
    rows = many(project)
    me = make.individual_of(responder, project)
    secret = rows[:: TOTAL // REFUSED][:REFUSED]
    for incident in secret:
        add_participant(subject=incident, individual=me, actor=make.system(), now=timezone.now())
    Incident.objects.filter(pk__in=[one.pk for one in secret]).update(visibility="restricted")

    job = bulk.start(
        incidents=rows, wish=Wish(act="close", reason="Year's end"), key="soak", actor=make.actor_for(responder),
        now=timezone.now(),
    )  # fmt: skip
    assert (job.status, job.total) == ("pending", TOTAL)
    seen = []
    for _ in range(KILLS):
        kill_one_in_the_middle(str(connection.settings_dict["NAME"]))
        seen.append(JobRow.objects.count())
        # The lease of the dead one runs out.
        Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        jobs.recover(timezone.now())
        Job.objects.filter(pk=job.pk).update(next_attempt_at=timezone.now())
    jobs.run_due(1)

    job.refresh_from_db()
    assert seen == sorted(set(seen))
    assert seen[-1] < TOTAL
    assert (job.status, job.done, job.attempts) == ("succeeded", TOTAL, KILLS + 1)
    assert bulk.counts(job) == {"done": TOTAL - REFUSED, "skipped": 0, "refused": REFUSED}
    refused = set(job.rows.filter(status="refused").values_list("key", flat=True))
    assert refused == {str(one.pk) for one in secret}
    assert Incident.objects.filter(status="closed").count() == TOTAL - REFUSED
    assert set(Incident.objects.exclude(status="closed").values_list("pk", flat=True)) == {one.pk for one in secret}
    moves = StatusChange.objects.filter(to_status="closed")
    assert moves.count() == moves.values("incident").distinct().count() == TOTAL - REFUSED
    told = Event.objects.filter(description__contains="as closed")
    assert told.count() == TOTAL - REFUSED
