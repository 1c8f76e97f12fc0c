"""What planning refuses, on both databases alike, and what it costs."""

import time
from datetime import timedelta

import pytest
import time_machine
from celery.signals import worker_ready
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from core import tasks
from core.operations import plan, planning, queue, waking
from core.operations.models import Operation
from tests.standins.performing import stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def acting():
    with stage() as on:
        on.action("a.do")
        yield on


@pytest.mark.parametrize("coalesce", ["", "thing"])
def test_a_fact_that_is_too_long_is_a_mistake_and_not_planned(acting, coalesce):
    with pytest.raises(ValueError, match="fact_key"):
        plan("a.do", fact="x" * 101, coalesce=coalesce)

    assert not Operation.objects.exists()


def test_a_thing_that_is_too_long_is_a_mistake_and_not_planned(acting):
    with pytest.raises(ValueError, match="coalesce_key"):
        plan("a.do", fact="x", coalesce="x" * 151)

    assert not Operation.objects.exists()


@pytest.mark.parametrize("coalesce", ["", "thing"])
def test_a_row_that_the_database_refuses_is_not_silently_left_out(acting, coalesce):
    with pytest.raises((IntegrityError, planning.NotPlanned)), transaction.atomic():
        plan("a.do", fact="x", urgency=None, coalesce=coalesce)

    assert not Operation.objects.exists()


def test_planning_rolled_back_plans_nothing_and_wakes_nobody(acting, django_capture_on_commit_callbacks):
    def undone():
        with transaction.atomic():
            plan("a.do", fact="x")
            raise RuntimeError

    with django_capture_on_commit_callbacks() as callbacks, pytest.raises(RuntimeError):
        undone()

    assert callbacks == []
    assert not Operation.objects.exists()


def test_an_update_of_a_thing_that_waits_costs_one_statement(acting, django_assert_num_queries):
    plan("a.do", fact="1", coalesce="thing")

    with django_assert_num_queries(1):
        assert plan("a.do", fact="2", coalesce="thing") is None


def test_looking_for_an_update_that_waits_does_not_read_all_that_ever_was(acting):
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Of an empty table it would read the whole.
            cursor.execute("SET LOCAL enable_seqscan = off")

    assert "operation_one_waiting_per_thing" in planning._waiting("thing").explain()


def test_updating_again_what_waits_wakes_a_worker_for_it(acting, django_capture_on_commit_callbacks):
    plan("a.do", fact="1", coalesce="thing")

    with django_capture_on_commit_callbacks() as after_commit:
        plan("a.do", fact="2", coalesce="thing")

    # One may have come by while the row was held, passed over it and found nothing else.
    assert len(after_commit) == 1


def test_what_is_planned_while_the_broker_is_dead_is_found_by_the_first_sweep(acting, settings, monkeypatch):
    settings.WORKER_IN_PROCESS = True
    assert plan("a.do", fact="1").handed_at is not None
    monkeypatch.setattr(waking, "_silent_until", time.monotonic() + 10)
    operation = plan("a.do", fact="2")
    assert operation.handed_at is None

    monkeypatch.setattr(queue, "wake", lambda: True)

    assert queue.sweep(timezone.now()) == 1
    assert Operation.objects.get(pk=operation.pk).handed_at is not None


def test_a_worker_that_starts_looks_for_what_was_left(acting, monkeypatch):
    woken = []
    monkeypatch.setattr(tasks, "wake", lambda: woken.append(1))

    worker_ready.send(sender=None)

    assert woken == [1]


def test_a_worker_whose_broker_is_dead_goes_on_by_itself(acting, monkeypatch):
    monkeypatch.setattr(tasks, "SLICE", 2)
    monkeypatch.setattr(tasks, "wake", lambda: False)
    for number in range(5):
        plan("a.do", fact=number)

    tasks.work()

    assert Operation.objects.filter(status="succeeded").count() == 5


def test_the_first_attempt_of_a_hanging_predecessor_is_waited_for_two_minutes_only(acting):
    acting.action("hanging.do", lease_seconds=3600)
    with time_machine.travel("2026-11-25T03:00:00Z", tick=False) as clock:
        first = plan("hanging.do", fact="1")
        then = plan("a.do", fact="2", after=[first])
        assert queue.claim(timezone.now()) == first
        clock.shift(timedelta(seconds=119))
        assert queue.claim(timezone.now()) is None

        clock.shift(timedelta(seconds=2))

        assert queue.claim(timezone.now()) == then
