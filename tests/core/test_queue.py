"""The durable queue: planned once, claimed fairly, fenced, retried, and told when it failed for good."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from core.errors import Forbidden, Invalid
from core.operations import flows, jobs, plan, queue
from core.operations.errors import NotConfigured, Permanent, RateLimited, Transient
from core.operations.models import Job, JobRow, Operation
from core.operations.performers import Outcome, UnknownAction
from core.signals import operation_failed
from core.timeline import Event
from tests import factories as make
from tests.standins.performing import stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def acting():
    with stage() as on:
        on.action("a.do")
        yield on


@pytest.fixture
def incident():
    project = make.make_project()
    made = make.declare(project, by=make.make_member(project, "responder"))
    Operation.objects.all().delete()
    return made


def row(operation):
    return Operation.objects.get(pk=operation.pk)


def later(**by):
    return time_machine.travel(timezone.now() + timedelta(**by), tick=False)


def test_the_same_fact_is_planned_once_and_another_one_again(acting):
    assert plan("a.do", fact="one")
    assert plan("a.do", fact="one") is None
    assert plan("a.do", fact="two")

    assert queue.run_due() == 2
    assert plan("a.do", fact="one") is None


def test_an_action_nobody_performs_is_not_planned():
    with pytest.raises(UnknownAction, match=r"nobody\.does"):
        plan("nobody.does", fact="x")


def test_what_came_of_it_and_what_to_store_are_written_together(acting, incident):
    def store(operation):
        operation.subject.tags.all()
        plan("a.do", fact="follow-up")

    acting.action("b.do", Outcome(result={"label": "X-1"}, store=store))
    done = plan("b.do", subject=incident, fact="x")

    queue.run_due()

    assert (row(done).status, row(done).result) == ("succeeded", {"label": "X-1"})
    assert Operation.objects.get(fact_key="follow-up").status == "succeeded"


def test_when_storing_fails_nothing_of_it_stays_and_it_is_tried_again(acting, caplog):
    def store(_operation):
        plan("a.do", fact="half")
        raise RuntimeError

    acting.action("b.do", Outcome(store=store))
    tried = plan("b.do", fact="x")

    queue.run_due()

    assert row(tried).status == "retrying"
    assert "Dispatch itself" in row(tried).error
    assert not Operation.objects.filter(fact_key="half").exists()


def test_updates_of_one_thing_wait_once_and_run_one_after_the_other(acting):
    first = plan("a.do", fact="1", coalesce="thing")
    assert plan("a.do", fact="2", coalesce="thing") is None

    running = queue.claim(timezone.now())
    newer = plan("a.do", fact="3", coalesce="thing")
    assert running == first
    assert newer is not None
    assert queue.claim(timezone.now()) is None

    queue.perform(running)
    assert queue.claim(timezone.now()) == newer


def test_a_failed_update_gives_way_to_a_newer_one_that_waits(acting):
    acting.action("b.do", Transient("down"))
    old = plan("b.do", fact="1", coalesce="thing")
    running = queue.claim(timezone.now())
    newer = plan("b.do", fact="2", coalesce="thing")

    queue.perform(running)

    assert row(old).status == "skipped"
    assert row(newer).status == "pending"


def test_a_dependent_waits_for_the_first_attempt_and_not_for_success(acting):
    acting.action("b.do", Transient("down"))
    first = plan("b.do", fact="1")
    then = plan("a.do", fact="2", after=[first])

    claimed = queue.claim(timezone.now())
    assert claimed == first
    assert queue.claim(timezone.now()) is None

    queue.perform(claimed)
    assert row(first).status == "retrying"
    assert queue.claim(timezone.now()) == then


def test_pages_go_first_and_wait_for_nothing(acting):
    acting.action("page.send")
    first = plan("a.do", fact="1")
    page = plan("page.send", fact="2", after=[first], urgency=Operation.Urgency.PAGE)

    assert queue.claim(timezone.now()) == page


def test_lanes_share_workers_and_a_hanging_one_holds_its_part_only(acting, settings):
    settings.OPERATIONS_PER_LANE = 2
    acting.action("b.do")
    for number in range(5):
        plan("a.do", fact=number)
    other = plan("b.do", fact="other")

    taken = [queue.claim(timezone.now()) for _ in range(4)]

    assert sum(1 for one in taken if one and one.action == "a.do") == 2
    assert other in taken
    assert taken[3] is None


def test_a_worker_that_comes_back_late_changes_nothing(acting):
    operation = plan("a.do", fact="1")
    lost = queue.claim(timezone.now())
    with later(minutes=5):
        queue.run_due()
        assert row(operation).attempts == 2
        Operation.objects.filter(pk=operation.pk).update(result={"by": "the second"})

        queue._complete(lost, Outcome(result={"by": "the first"}))
        queue._give_up(lost, "too late")

    assert (row(operation).status, row(operation).result) == ("succeeded", {"by": "the second"})


@pytest.mark.parametrize(
    ("delivery", "status"), [("ensure", "retrying"), ("at_least_once", "retrying"), ("at_most_once", "failed")]
)
def test_an_attempt_whose_worker_vanished_is_repeated_unless_it_must_not_be(acting, delivery, status):
    acting.action("b.do", delivery=delivery)
    operation = plan("b.do", fact="1")
    queue.claim(timezone.now())

    with later(minutes=5):
        queue.recover(timezone.now())

    assert row(operation).status == status
    assert ("may have been sent" in row(operation).error) is (delivery == "at_most_once")


@pytest.mark.parametrize(
    ("error", "status"),
    [(Transient("The tracker is down."), "retrying"), (Permanent("No such project."), "failed"),
     (NotConfigured("The token is missing."), "failed"), (RuntimeError("secret"), "retrying")],
)  # fmt: skip
def test_errors_are_classed_and_told_in_plain_words(acting, error, status, caplog):
    acting.action("b.do", error)
    operation = plan("b.do", fact="1")

    queue.run_due()

    assert row(operation).status == status
    assert row(operation).error
    assert "secret" not in row(operation).error


def test_a_rate_limit_waits_as_long_as_it_was_told(acting):
    acting.action("b.do", RateLimited("slow down", retry_after=77))
    with time_machine.travel("2026-11-25T03:00:00Z", tick=False):
        operation = plan("b.do", fact="1")
        queue.run_due()

        assert row(operation).next_attempt_at == timezone.now() + timedelta(seconds=77)


def test_waits_grow_and_after_a_day_it_gives_up(acting):
    acting.action("b.do", Transient("down"))
    with time_machine.travel("2026-11-25T03:00:00Z", tick=False) as clock:
        operation, waits = plan("b.do", fact="1"), []
        while row(operation).status != "failed":
            clock.move_to(row(operation).next_attempt_at + timedelta(seconds=1))
            assert queue.run_due() == 1
            waits.append((row(operation).next_attempt_at - timezone.now()).total_seconds())

    assert waits[0] <= 5
    assert 1800 <= waits[-2] <= 3600
    assert "24 hours" in row(operation).error


def test_pages_back_off_in_seconds(acting):
    acting.action("page.send", Transient("down"))
    with time_machine.travel("2026-11-25T03:00:00Z", tick=False) as clock:
        operation = plan("page.send", fact="1", urgency=Operation.Urgency.PAGE)
        for _try in range(12):
            queue.run_due()
            wait = (row(operation).next_attempt_at - timezone.now()).total_seconds()
            assert wait <= 30
            clock.move_to(row(operation).next_attempt_at)


def test_failing_for_good_is_on_the_timeline_and_told_upward(acting, incident):
    told = []

    def listen(payload, **_):
        told.append(payload)

    operation_failed.connect(listen)
    acting.action("b.do", Permanent("Field “Severity” has no value “High”."))
    operation = plan("b.do", subject=incident, fact="1")

    queue.run_due()

    operation_failed.disconnect(listen)
    event = Event.objects.of(incident).get(kind="operation_failed")
    assert "has no value “High”" in event.description
    assert [payload.operation_uuid for payload in told] == [str(operation.uuid)]


def test_the_sweep_hands_out_what_was_forgotten_and_nothing_twice_within_two_minutes(acting, settings, monkeypatch):
    woken = []
    monkeypatch.setattr(queue, "wake", lambda *_: woken.append(1) or True)
    settings.WORKER_IN_PROCESS = True
    for number in range(3):
        plan("a.do", fact=number)

    assert queue.sweep(timezone.now()) == 0
    with later(minutes=3):
        assert queue.sweep(timezone.now(), limit=2) == 2
        assert queue.sweep(timezone.now()) == 1
        assert queue.sweep(timezone.now()) == 0
    assert len(woken) == 3


def test_a_dead_broker_breaks_nothing_and_is_left_alone_for_a_while(acting, settings, monkeypatch):
    from core.operations import waking

    tries = []

    def refuse(*_args, **_more):
        tries.append(1)
        raise OSError("refused")

    settings.CELERY_BROKER_URL = "redis://127.0.0.1:9/0"
    monkeypatch.setattr(waking, "_silent_until", 0.0)
    monkeypatch.setattr(waking.current_app, "send_task", refuse)

    assert waking.wake() is False
    assert waking.wake() is False
    assert len(tries) == 1


def as_responder(incident):
    return {"actor": make.actor_for(make.make_member(incident.project, "responder")), "now": timezone.now()}


def failed(acting, incident):
    acting.action("b.do", Permanent("no"))
    operation = plan("b.do", subject=incident, fact="1")
    queue.run_due()
    return row(operation)


def test_a_failed_operation_is_retried_by_hand_and_the_timeline_says_who(acting, incident):
    operation = failed(acting, incident)
    acting.action("b.do")
    by = as_responder(incident)

    flows.retry(operation=operation, **by)
    queue.run_due()

    assert row(operation).status == "succeeded"
    assert Event.objects.of(incident).filter(description__contains="retried", owner=by["actor"].name).exists()


def test_skipping_needs_a_reason_and_cancelling_something_that_waits(acting, incident):
    by, operation = as_responder(incident), failed(acting, incident)

    with pytest.raises(Invalid):
        flows.skip(operation=operation, reason=" ", **by)
    with pytest.raises(flows.NotPossible):
        flows.cancel(operation=operation, **by)
    flows.skip(operation=operation, reason="done by hand", **by)

    assert (row(operation).status, row(operation).error) == ("skipped", "done by hand")
    with pytest.raises(flows.NotPossible):
        flows.skip(operation=row(operation), reason="again", **by)


def test_what_is_done_or_waits_is_not_retried(acting, incident):
    operation = plan("a.do", subject=incident, fact="1")
    with pytest.raises(flows.NotPossible):
        flows.retry(operation=operation, **as_responder(incident))

    queue.run_due()
    with pytest.raises(flows.NotPossible):
        flows.retry(operation=row(operation), **as_responder(incident))


def test_members_do_not_touch_operations(acting, incident):
    operation = failed(acting, incident)
    member = make.actor_for(make.make_member(incident.project, "member"))

    with pytest.raises(Forbidden):
        flows.retry(operation=operation, actor=member, now=timezone.now())

    assert row(operation).status == "failed"


@pytest.fixture
def job():
    done = []

    def do(item):
        if item == "bad":
            raise Invalid("This one cannot be.")
        done.append(item)
        return f"{item} is done"

    @jobs.job("test.each")
    def run(work):
        work.each(work.arguments["items"], key=str, do=do)

    yield done
    jobs._handlers.pop("test.each")


def start(*items):
    return jobs.start("test.each", key="k", arguments={"items": list(items)}, total=len(items))


def test_a_job_does_each_row_once_and_keeps_every_result(job):
    assert start("a", "bad", "b") == start("x")

    jobs.run_due()

    row = Job.objects.get()
    assert (row.status, row.done, row.total) == ("succeeded", 3, 3)
    assert job == ["a", "b"]
    assert dict(JobRow.objects.values_list("key", "status")) == {"a": "done", "bad": "refused", "b": "done"}
    assert JobRow.objects.get(key="bad").message == "This one cannot be."


def test_a_job_whose_worker_vanished_goes_on_where_it_was(job):
    work = start("a", "b")
    jobs._claim(timezone.now())
    JobRow.objects.create(job=work, key="a", status="done")

    with later(minutes=5):
        jobs.run_due()

    assert job == ["b"]
    assert Job.objects.get().status == "succeeded"


def test_a_job_taken_over_stops(job):
    work = start("a")
    mine = jobs._claim(timezone.now())
    Job.objects.filter(pk=work.pk).update(attempts=9)

    jobs.run(mine)

    assert Job.objects.get().status == "running"


def test_a_kind_nobody_does_is_not_started():
    with pytest.raises(jobs.UnknownJob):
        jobs.start("nobody.does", key="k", arguments={})
