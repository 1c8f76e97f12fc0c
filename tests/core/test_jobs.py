"""Jobs: long work inside, each row once, resumed where it was, beside operations and not before them."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from core import tasks
from core.errors import Invalid
from core.models import Organization
from core.operations import jobs, plan
from core.operations.models import Job, JobRow, Operation
from tests import factories as make
from tests.standins.performing import stage

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """What a test registers is forgotten after it."""
    monkeypatch.setattr(jobs, "_handlers", dict(jobs._handlers))


@pytest.fixture
def clock():
    with time_machine.travel("2026-11-25T03:00:00Z", tick=False) as made:
        yield made


@pytest.fixture
def woken(monkeypatch, settings):
    """How often a worker was woken."""
    settings.WORKER_IN_PROCESS = True
    calls = []
    for module in (jobs, tasks):
        monkeypatch.setattr(module, "wake", lambda *_: calls.append(1) or True)
    return calls


def kind(do=lambda _item: "", name="test.each", **more):
    """Register a kind that does each of its items. Returns what was done."""
    done = []

    def do_one(item):
        message = do(item)
        done.append(item)
        return message

    @jobs.job(name, **more)
    def run(work):
        work.each(work.arguments["items"], key=str, do=do_one)

    return done


def start(items, key="k", name="test.each", **more):
    return jobs.start(name, key=key, arguments={"items": list(items)}, **more)


def rows():
    return {row.key: (row.status, row.message) for row in JobRow.objects.all()}


def claim():
    return jobs._claim(timezone.now())


# Rows


def test_a_refused_row_leaves_nothing_behind_and_the_others_are_done():
    def make_organization(name):
        made = make.make_organization(name)
        if name == "Bad":
            raise Invalid("That name is taken.")
        return f"{made.name} was made"

    kind(make_organization)
    start(["One", "Bad", "Two"], total=3)

    jobs.run_due()

    assert rows() == {
        "One": ("done", "One was made"), "Bad": ("refused", "That name is taken."), "Two": ("done", "Two was made"),
    }  # fmt: skip
    assert set(Organization.objects.filter(name__in=["One", "Bad", "Two"]).values_list("name", flat=True)) == {
        "One",
        "Two",
    }
    job = Job.objects.get()
    assert (job.status, job.done, job.total, job.error) == ("succeeded", 3, 3, "")
    assert job.finished_at is not None


def test_what_breaks_in_the_middle_is_tried_again_later_and_no_row_is_repeated(clock, caplog):
    broken = [True]

    def do(item):
        if item == 3 and broken[0]:
            raise RuntimeError("secret")
        return ""

    done = kind(do)
    start([1, 2, 3, 4])
    jobs.run_due()

    job = Job.objects.get()
    assert (job.status, job.done, done) == ("retrying", 2, [1, 2])
    assert "secret" not in job.error
    assert job.next_attempt_at > timezone.now()
    assert jobs.run_due() == 0

    broken[0] = False
    clock.shift(10)
    jobs.run_due()

    assert done == [1, 2, 3, 4]
    assert (Job.objects.get().status, Job.objects.get().error, Job.objects.get().done) == ("succeeded", "", 4)


def test_a_refusal_of_the_whole_job_fails_it_at_once():
    @jobs.job("test.refused")
    def run(_work):
        raise Invalid("The file is not a table.")

    jobs.start("test.refused", key="k", arguments={})

    jobs.run_due()

    job = Job.objects.get()
    assert (job.status, job.error) == ("failed", "The file is not a table.")
    assert jobs.run_due() == 0


def test_after_a_day_of_failing_it_gives_up(clock, caplog):
    def do(_item):
        raise RuntimeError

    kind(do)
    start([1])
    while Job.objects.get().status != "failed":
        clock.move_to(Job.objects.get().next_attempt_at)
        assert jobs.run_due() == 1

    job = Job.objects.get()
    assert timedelta(hours=24) < timezone.now() - job.started_at < timedelta(hours=26)


def test_progress_is_seen_while_it_runs():
    seen = {}

    def look(item):
        seen[item] = Job.objects.get().done
        return ""

    kind(look)
    start(range(45))

    jobs.run_due()

    # Written every 20 rows.
    assert (seen[19], seen[20], seen[39], seen[40]) == (0, 20, 20, 40)
    assert Job.objects.get().done == 45


def test_slow_rows_prolong_the_lease_in_time(clock, monkeypatch):
    monotonic = [0.0]
    monkeypatch.setattr(jobs.time, "monotonic", lambda: monotonic[0])
    leases = []

    def slow(_item):
        leases.append(Job.objects.get().lease_until - timezone.now())
        monotonic[0] += 40
        clock.shift(40)
        return ""

    kind(slow, lease_seconds=120)
    start(range(6))

    jobs.run_due()

    assert min(leases) > timedelta(seconds=79)
    assert Job.objects.get().status == "succeeded"


# Leases


def test_a_job_whose_worker_vanished_is_not_begun_anew(clock):
    done = kind()
    start([1, 2, 3])
    lost = claim()
    jobs.JobRun(lost, 120).each([1, 2], key=str, do=lambda _item: "")

    clock.shift(121)
    jobs.run_due()

    assert done == [3]
    assert (Job.objects.get().status, Job.objects.get().attempts, JobRow.objects.count()) == ("succeeded", 2, 3)


def test_a_worker_thought_dead_stops_at_its_next_sign_of_life(clock):
    start_items = range(30)

    def do(item):
        if item == 3:
            Job.objects.update(attempts=2, lease_until=timezone.now() + timedelta(minutes=2))
        return ""

    done = kind(do)
    start(start_items)

    jobs.run_due()

    assert len(done) == 20
    job = Job.objects.get()
    assert (job.status, job.attempts, job.done) == ("running", 2, 0)


def test_a_row_that_another_worker_did_meanwhile_is_not_done_again():
    def do(item):
        if item == 1:
            JobRow.objects.create(job=Job.objects.get(), key="2", status="done", message="by the other")
        return "by us"

    done = kind(do)
    start([1, 2])

    jobs.run_due()

    assert done == [1]
    assert rows()["2"] == ("done", "by the other")


def test_a_late_end_changes_nothing():
    kind()
    start([1])
    lost = claim()
    Job.objects.update(attempts=2)

    jobs.run(lost)

    job = Job.objects.get()
    assert (job.status, job.attempts, job.finished_at) == ("running", 2, None)


def test_a_job_that_kills_its_worker_again_is_not_repeated_at_once(clock):
    kind()
    start([1])
    waits = []
    for _kill in range(2):
        assert claim() is not None
        clock.shift(121)
        jobs.recover(timezone.now())
        waits.append((Job.objects.get().next_attempt_at - timezone.now()).total_seconds())
        clock.move_to(Job.objects.get().next_attempt_at)

    assert waits[0] == 0
    assert 5 <= waits[1] <= 10


# Which is next


def test_jobs_leave_workers_for_operations(settings):
    settings.OPERATIONS_PER_LANE = 2
    kind()
    for number in range(3):
        start([1], key=number)

    assert claim() is not None
    assert claim() is not None
    assert claim() is None
    assert not jobs.anything_due(timezone.now())


def test_jobs_of_the_next_version_do_not_hold_up_the_ones_that_are_known():
    kind(name="test.new")
    for number in range(9):
        start([1], key=number, name="test.new")
    jobs._handlers.pop("test.new")
    done = kind()
    start([1])

    assert jobs.run_due() == 1

    assert done == [1]
    assert Job.objects.filter(kind="test.new", status="pending").count() == 9


def test_the_same_key_is_the_same_job_also_when_it_is_done():
    done = kind()
    first = start([1])
    jobs.run_due()

    assert start([2]) == first
    assert jobs.run_due() == 0
    assert done == [1]


def test_a_job_knows_whom_and_what_it_is_for(django_capture_on_commit_callbacks):
    kind()
    project = make.make_project()
    incident, user = make.declare(project), make.make_user()

    with django_capture_on_commit_callbacks() as after_commit:
        job = start([], subject=incident, project=project, user=user, total=7)

    row = Job.objects.get(pk=job.pk)
    assert (row.subject, row.project, row.user, row.total, row.status) == (incident, project, user, 7, "pending")
    assert len(after_commit) == 1


# Waking


def test_the_sweep_wakes_for_what_was_forgotten_and_not_twice_within_two_minutes(woken, clock):
    kind()
    for number in range(12):
        start([1], key=number)
    assert jobs.sweep(timezone.now()) == 0

    clock.shift(121)

    assert jobs.sweep(timezone.now()) == 10
    assert jobs.sweep(timezone.now()) == 2
    assert jobs.sweep(timezone.now()) == 0
    assert len(woken) == 12


def test_while_nobody_can_be_woken_no_job_counts_as_handed_out(woken, clock, monkeypatch):
    kind()
    start([1])
    clock.shift(121)
    monkeypatch.setattr(jobs, "wake", lambda *_: False)
    assert jobs.sweep(timezone.now()) == 0

    monkeypatch.setattr(jobs, "wake", lambda *_: True)

    assert jobs.sweep(timezone.now()) == 1


def test_a_message_runs_one_job_and_asks_for_another_one_for_the_next(woken):
    done = kind()
    for number in range(2):
        start([number], key=number)

    tasks.work()
    assert (done, len(woken)) == ([0], 1)

    tasks.work()
    assert (done, len(woken)) == ([0, 1], 1)


def test_after_a_long_job_the_worker_looks_at_operations_again(woken):
    with stage() as on:
        on.action("a.do")
        kind(lambda _item: plan("a.do", fact="planned meanwhile") and "")
        start([1])

        tasks.work()

        assert Operation.objects.get().status == "pending"
        assert len(woken) == 1


def test_the_task_of_the_clock_sweeps_jobs_and_gives_lost_ones_back(woken, clock):
    kind()
    start([1])
    claim()
    clock.shift(300)

    tasks.sweep()

    assert Job.objects.get().status == "retrying"
    assert woken
