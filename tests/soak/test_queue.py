"""Many workers at the same queue: nothing twice, nothing lost, no lane above its limit."""

import threading
import time
import uuid
from collections import Counter
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.db.models import F

from core.models import Sequence
from core.operations import plan, queue
from core.operations.models import Operation
from core.operations.performers import Outcome
from tests import factories as make
from tests.standins.performing import stage
from tests.standins.threads import at_once

pytestmark = [pytest.mark.soak, pytest.mark.django_db(transaction=True)]

WORKERS = 8
NOTHING_LEFT_SECONDS = 120


class Meter:
    """Counts how often each thing was begun, and how many ran at once in each group."""

    def __init__(self):
        self.lock, self.begun, self.now, self.most = threading.Lock(), Counter(), Counter(), Counter()

    @contextmanager
    def running(self, thing, group):
        with self.lock:
            self.begun[thing] += 1
            self.now[group] += 1
            self.most[group] = max(self.most[group], self.now[group])
        try:
            yield
        finally:
            with self.lock:
                self.now[group] -= 1


def drain():
    """Work until nothing waits."""
    deadline = time.monotonic() + NOTHING_LEFT_SECONDS
    try:
        while Operation.objects.filter(status__in=["pending", "retrying", "running"]).exists():
            assert time.monotonic() < deadline
            if not queue.run_due(10):
                time.sleep(0.02)
    finally:
        connection.close()


def test_eight_workers_do_every_attempt_once_and_no_lane_has_more_than_its_share(settings):
    settings.OPERATIONS_PER_LANE = 2
    meter = Meter()

    def perform(operation):
        with meter.running((operation.pk, operation.attempts), operation.lane):
            time.sleep(0.005)

    with stage() as on:
        for lane in range(4):
            on.action(f"lane{lane}.do", perform)
        for number in range(400):
            plan(f"lane{number % 4}.do", fact=number)

        errors = [each for each in at_once([drain] * WORKERS) if each]

    assert errors == []
    assert Operation.objects.filter(status="succeeded", attempts=1).count() == 400
    assert set(meter.begun.values()) == {1}
    assert len(meter.begun) == 400
    assert max(meter.most.values()) <= 2


def test_the_last_of_many_updates_of_one_thing_sees_the_last_state_and_they_never_overlap():
    thing = Sequence.objects.get(project=make.make_project(), kind="incident")
    Operation.objects.all().delete()
    meter, seen, planned = Meter(), [], threading.Event()

    def sync(operation):
        with meter.running(operation.pk, "thing"):
            state = Sequence.objects.get(pk=thing.pk).last_number
            time.sleep(0.003)
            seen.append(state)
        return Outcome()

    def change():
        for _change in range(25):
            with transaction.atomic():
                Sequence.objects.filter(pk=thing.pk).update(last_number=F("last_number") + 1)
                plan("thing.sync", fact=uuid.uuid4(), coalesce="thing")
        connection.close()

    def work():
        while not planned.wait(0.01):
            queue.run_due(5)
        drain()

    def change_all():
        errors = [each for each in at_once([change] * 4) if each]
        planned.set()
        assert errors == []

    with stage() as on:
        on.action("thing.sync", sync)
        errors = [each for each in at_once([work] * 4 + [change_all]) if each]

    assert errors == []
    assert seen[-1] == 100
    assert seen == sorted(seen)
    assert meter.most["thing"] == 1
    assert set(Operation.objects.values_list("status", flat=True)) == {"succeeded"}


def test_twenty_planners_of_one_fact_plan_it_once():
    def plan_it():
        try:
            return plan("a.do", fact="the same")
        finally:
            connection.close()

    with stage() as on:
        on.action("a.do")
        planned = at_once([plan_it] * 20)

    assert Operation.objects.filter(fact_key="the same").count() == 1
    assert sum(1 for each in planned if isinstance(each, Operation)) == 1
    assert [each for each in planned if isinstance(each, Exception)] == []
