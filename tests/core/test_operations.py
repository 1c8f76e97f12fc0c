"""The queue's rules beyond the plain way: what is next, what vendors say, what vanishes."""

import math
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from structlog.contextvars import bound_contextvars

from core.actor import Actor, Face, acting
from core.operations import plan, queue
from core.operations.errors import Permanent, RateLimited, Transient
from core.operations.models import Operation
from core.operations.performers import Outcome
from core.signals import operation_failed
from core.timeline import Event
from tests import factories as make
from tests.standins.performing import stage

pytestmark = pytest.mark.django_db

PAGE = Operation.Urgency.PAGE


@pytest.fixture
def on():
    with stage() as made:
        made.action("a.do")
        made.action("b.do")
        yield made


@pytest.fixture
def clock():
    with time_machine.travel("2026-11-25T03:00:00Z", tick=False) as made:
        yield made


@pytest.fixture
def incident():
    made = make.declare(make.make_project())
    Operation.objects.all().delete()
    return made


def row(operation):
    return Operation.objects.get(pk=operation.pk)


def claim():
    return queue.claim(timezone.now())


# What is next


def test_the_lane_with_the_fewest_running_goes_first_even_if_its_rows_are_younger(on):
    for number in range(3):
        plan("a.do", fact=number)
    young = plan("b.do", fact="young")
    assert claim().action == "a.do"

    assert claim() == young


def test_within_a_lane_the_oldest_goes_first(on, clock):
    for number in (3, 1, 2):
        plan("a.do", fact=number, arguments={"n": number})
        clock.shift(1)

    queue.run_due()

    assert on.performed == [3, 1, 2]


def test_what_is_delayed_is_not_due_before_its_time(on, clock):
    later = plan("a.do", fact="later", delay_seconds=600)

    assert claim() is None
    clock.shift(601)
    assert claim() == later


def test_a_lane_at_its_limit_gives_nothing_until_one_is_done(on, settings):
    settings.OPERATIONS_PER_LANE = 1
    plan("a.do", fact="1")
    second = plan("a.do", fact="2")
    first = claim()
    assert claim() is None

    queue.perform(first)

    assert claim() == second


def test_a_worker_that_vanished_does_not_hold_its_lane_for_ever(on, settings, clock):
    settings.OPERATIONS_PER_LANE = 1
    plan("a.do", fact="1")
    second = plan("a.do", fact="2")
    claim()

    clock.shift(61)

    assert claim() == second


def test_a_page_does_not_wait_for_other_work_of_its_vendor(on, settings):
    settings.OPERATIONS_PER_LANE = 1
    plan("a.do", fact="mail")
    claim()
    page = plan("a.do", fact="page", urgency=PAGE)

    assert claim() == page


def test_pages_too_leave_workers_for_the_rest(on, settings):
    settings.OPERATIONS_PER_LANE = 1
    for number in range(2):
        plan("a.do", fact=number, urgency=PAGE)
    other = plan("b.do", fact="other")
    claim()

    assert claim() == other


def test_many_that_must_wait_do_not_hide_the_one_that_need_not(on):
    first = plan("b.do", fact="first")
    for number in range(25):
        plan("a.do", fact=number, after=[first])
    free = plan("a.do", fact="free")
    assert claim() == first

    assert claim() == free
    assert claim() is None


def test_a_dependent_waits_for_all_its_predecessors(on):
    first, second = plan("b.do", fact="1"), plan("b.do", fact="2")
    then = plan("a.do", fact="then", after=[first, None, second])

    queue.perform(claim())
    assert claim() == second
    assert claim() is None

    queue.perform(row(second))
    assert claim() == then


def test_a_claim_costs_the_same_however_much_is_due(on):
    plan("a.do", fact="few")
    plan("b.do", fact="few")
    with CaptureQueriesContext(connection) as few:
        claim()
    for number in range(60):
        plan("a.do", fact=number)
    with CaptureQueriesContext(connection) as many:
        claim()

    assert len(many) == len(few)
    assert len(many) <= 12


def test_a_row_taken_by_another_worker_is_not_taken_again(on):
    operation = plan("a.do", fact="1")
    seen = row(operation)
    assert claim() == operation

    assert queue.leases.take(seen, now=timezone.now(), seconds=60) is None
    assert row(operation).attempts == 1


# What vendors say


@pytest.mark.parametrize(("asked", "waits"), [(0, 1), (-5, 1), (77.5, 77.5), (math.inf, 86_400)])
def test_a_vendors_wait_is_kept_within_reason(on, clock, asked, waits):
    on.action("b.do", RateLimited("slow down", retry_after=asked))
    operation = plan("b.do", fact="1")

    queue.run_due()

    assert row(operation).next_attempt_at == timezone.now() + timedelta(seconds=waits)
    assert row(operation).error == "slow down"


def test_an_action_of_the_next_version_waits_for_a_worker_that_knows_it(on, clock):
    operation = plan("b.do", fact="1")
    Operation.objects.update(action="new.do")

    queue.run_due()

    assert row(operation).status == "retrying"
    assert "new.do" in row(operation).error


@pytest.mark.parametrize("error", [Transient, Permanent])
def test_a_vendors_words_are_kept_whatever_they_hold(on, error):
    on.action("b.do", error("NUL \x00 and half \ud800 " + "x" * 5000))
    operation = plan("b.do", fact="1")

    queue.run_due()

    assert row(operation).status in {"retrying", "failed"}
    assert row(operation).error.startswith("NUL \N{REPLACEMENT CHARACTER} and half \N{REPLACEMENT CHARACTER} xxx")
    assert len(row(operation).error) == 2000


def test_a_result_that_no_database_keeps_is_tried_again_and_not_lost(on, caplog):
    on.action("b.do", Outcome(result={"odd": object()}))
    operation = plan("b.do", fact="1")

    queue.run_due()

    assert row(operation).status == "retrying"


def test_success_forgets_the_failures_before_it(on, clock):
    on.action("b.do", Transient("down"))
    operation = plan("b.do", fact="1")
    queue.run_due()
    on.action("b.do")
    clock.shift(10)

    queue.run_due()

    done = row(operation)
    assert (done.status, done.error, done.failures, done.attempts) == ("succeeded", "", 0, 2)
    assert done.finished_at == timezone.now()
    assert done.lease_until is None


def test_a_listener_that_breaks_does_not_undo_the_failure(on, incident, caplog):
    def broken(**_):
        raise RuntimeError

    operation_failed.connect(broken)
    on.action("b.do", Permanent("No such project."))
    operation = plan("b.do", subject=incident, fact="1")

    queue.run_due()

    operation_failed.disconnect(broken)
    assert row(operation).status == "failed"
    assert Event.objects.of(incident).filter(kind="operation_failed").count() == 1


def test_what_follows_from_a_request_carries_its_id_and_its_user(on):
    user = make.make_user()
    on.action("b.do", Outcome(store=lambda _operation: plan("a.do", fact="follow-up")))
    with acting(Actor(user=user, face=Face.API, request_id="the-request")):
        plan("b.do", fact="1")

    with bound_contextvars(request_id="of-the-worker"):
        queue.run_due()

    assert set(Operation.objects.values_list("request_id", flat=True)) == {"the-request"}
    assert Operation.objects.get(fact_key="1").user == user


# What vanishes


def test_what_kills_its_worker_again_is_not_repeated_at_once(on, clock):
    operation = plan("a.do", fact="1")
    waits = []
    for _kill in range(3):
        assert claim() == operation
        clock.shift(61)
        queue.recover(timezone.now())
        waits.append((row(operation).next_attempt_at - timezone.now()).total_seconds())
        clock.move_to(row(operation).next_attempt_at)

    assert waits[0] == 0
    assert 5 <= waits[1] <= 10
    assert 10 <= waits[2] <= 20


def test_one_that_cannot_be_settled_does_not_keep_workers_from_the_rest(on, clock, monkeypatch, caplog):
    bad, good = plan("a.do", fact="bad"), plan("b.do", fact="good")
    assert {claim(), claim()} == {bad, good}
    clock.shift(61)
    settle = queue.leases.settle

    def refuse(row, *args, **more):
        if row.pk == bad.pk:
            raise RuntimeError
        settle(row, *args, **more)

    monkeypatch.setattr(queue.leases, "settle", refuse)

    assert queue.run_due() == 1
    assert row(good).status == "succeeded"


def test_the_one_process_that_starts_again_does_not_wait_for_its_own_leases(on):
    operation = plan("a.do", fact="1")
    claim()

    queue.orphan_all(timezone.now())
    queue.run_due()

    assert (row(operation).status, row(operation).attempts) == ("succeeded", 2)
