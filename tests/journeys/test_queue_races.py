"""Workers, planners and people at the same operation at the same moment."""

import threading
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core.operations import flows, jobs, plan, queue
from core.operations.models import Job, JobRow, Operation
from core.operations.performers import Outcome
from core.timeline import chain
from core.timeline.recording import record
from incidents.models import Incident
from tests import factories as make
from tests.standins.performing import stage
from tests.standins.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 30


@pytest.fixture
def on():
    with stage() as made:
        made.action("a.do")
        yield made


@pytest.fixture
def incident():
    made = make.declare(make.make_project())
    Operation.objects.all().delete()
    return made


def claim():
    return queue.claim(timezone.now())


def test_an_update_planned_again_is_not_performed_before_its_change_is_there(on, incident):
    """The lost update: without the touch, the waiting row would be carried out with the state before the change."""
    seen, touched, tried = [], threading.Event(), threading.Event()
    on.action("thing.sync", lambda _operation: seen.append(Incident.objects.get(pk=incident.pk).title) and None)
    plan("thing.sync", fact="first", coalesce="thing")

    def change():
        with transaction.atomic():
            assert plan("thing.sync", fact="second", coalesce="thing") is None
            touched.set()
            # A worker of SQLite waits for this very transaction, so there is nothing to wait for.
            if connection.vendor == "postgresql":
                tried.wait(PATIENCE_SECONDS)
            Incident.objects.filter(pk=incident.pk).update(title="As it is now")

    def work():
        touched.wait(PATIENCE_SECONDS)
        queue.run_due()
        tried.set()
        return list(seen)

    _changed, seen_meanwhile = at_once([change, work])
    queue.run_due()

    assert seen_meanwhile in ([], ["As it is now"])
    assert seen == ["As it is now"]
    assert Operation.objects.get(coalesce_key="thing").status == "succeeded"


def test_an_update_planned_while_the_last_one_runs_is_a_new_one(on, incident):
    begun, planned = threading.Event(), threading.Event()

    def sync(_operation):
        begun.set()
        planned.wait(PATIENCE_SECONDS)

    on.action("thing.sync", sync)
    plan("thing.sync", fact="first", coalesce="thing")

    def plan_again():
        begun.wait(PATIENCE_SECONDS)
        try:
            return plan("thing.sync", fact="second", coalesce="thing")
        finally:
            planned.set()

    _ran, newer = at_once([queue.run_due, plan_again])
    queue.run_due()

    assert isinstance(newer, Operation)
    assert sorted(Operation.objects.values_list("fact_key", "status")) == [
        ("first", "succeeded"),
        ("second", "succeeded"),
    ]


@pytest.mark.parametrize("workers", [4])
def test_one_operation_is_taken_by_one_worker(on, workers):
    operation = plan("a.do", fact="1")

    taken = [each for each in at_once([claim] * workers) if each is not None]

    assert taken == [operation]
    assert Operation.objects.get().attempts == 1


def test_a_lanes_limit_holds_however_many_workers_come_at_once(on, settings):
    settings.OPERATIONS_PER_LANE = 2
    for number in range(6):
        plan("a.do", fact=number)

    taken = [each for each in at_once([claim] * 6) if each is not None]

    assert {type(each) for each in taken} == {Operation}
    assert len({each.pk for each in taken}) == len(taken) == 2
    assert Operation.objects.filter(status="running").count() == 2


def test_planners_of_one_thing_leave_one_that_waits(on):
    planned = at_once([partial(plan, "a.do", fact=number, coalesce="thing") for number in range(5)])

    assert sum(1 for each in planned if isinstance(each, Operation)) == 1
    assert planned.count(None) == 4
    assert Operation.objects.count() == 1


def test_retrying_twice_at_once_is_retrying_once(on, incident):
    operation = plan("a.do", subject=incident, fact="1")
    Operation.objects.update(status="failed", finished_at=timezone.now())

    results = at_once([partial(flows.retry, operation=operation, actor=make.system(), now=timezone.now())] * 3)

    assert sorted(type(each).__name__ for each in results) == ["NotPossible", "NotPossible", "Operation"]
    assert Operation.objects.get().status == "pending"


def test_skipping_and_claiming_at_once_end_as_one_of_both(on, incident):
    operation = plan("a.do", subject=incident, fact="1")
    skip = partial(flows.skip, operation=operation, actor=make.system(), now=timezone.now(), reason="done by hand")

    skipped, claimed = at_once([skip, claim])

    row = Operation.objects.get()
    if row.status == "skipped":
        assert claimed is None
    else:
        assert row.status == "running"
        assert claimed == operation
        assert isinstance(skipped, flows.NotPossible)


def test_a_change_that_plans_a_dependent_and_a_result_that_comes_in_do_not_lock_each_other_out(on, incident):
    """The change holds the subject and names its predecessor; the result holds that and wants the subject."""
    if connection.vendor == "sqlite":
        pytest.skip("on SQLite they run one after the other anyway")
    storing, planned = threading.Event(), threading.Event()

    def store(_operation):
        storing.set()
        planned.wait(PATIENCE_SECONDS)
        record(incident, description="The ticket is there", actor=make.system(), now=timezone.now())

    on.action("b.do", Outcome(store=store))
    first = plan("b.do", subject=incident, fact="1")

    def change():
        with transaction.atomic():
            Incident.objects.select_for_update(of=("self",), no_key=True).get(pk=incident.pk)
            storing.wait(PATIENCE_SECONDS)
            try:
                return plan("a.do", subject=incident, fact="2", after=[first])
            finally:
                planned.set()

    ran, dependent = at_once([partial(queue.run_due, 1), change])

    assert ran == 1
    assert isinstance(dependent, Operation)
    assert Operation.objects.get(pk=first.pk).status == "succeeded"
    incident.refresh_from_db()
    assert chain.verify(incident) is None


def test_two_workers_at_one_job_do_each_row_once(monkeypatch):
    monkeypatch.setattr(jobs, "_handlers", dict(jobs._handlers))
    done, lock = [], threading.Lock()

    def do(item):
        with lock:
            done.append(item)
        return ""

    @jobs.job("test.each")
    def run(work):
        work.each(range(15), key=str, do=do)

    jobs.start("test.each", key="k", arguments={})
    thought_dead = jobs._claim(timezone.now())
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    jobs.recover(timezone.now())
    second = jobs._claim(timezone.now())

    errors = [each for each in at_once([partial(jobs.run, thought_dead), partial(jobs.run, second)]) if each]

    assert errors == []
    assert sorted(done) == list(range(15))
    assert JobRow.objects.count() == 15
    assert (Job.objects.get().status, Job.objects.get().done) == ("succeeded", 15)
