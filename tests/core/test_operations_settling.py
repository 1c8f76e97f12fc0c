"""How an attempt ends when something unforeseen happens on the way."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from core.operations import jobs, plan, queue
from core.operations.errors import NotConfigured, Permanent, RateLimited, Transient
from core.operations.models import Job, Operation
from core.operations.performers import Outcome
from tests.standins.performing import stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def acting():
    with stage() as on:
        yield on


def row(operation):
    return Operation.objects.get(pk=operation.pk)


def fail_to_store(_operation):
    raise RuntimeError("the disk is full")


@pytest.mark.parametrize("does", [RuntimeError("timed out while reading"), Outcome(store=fail_to_store)])
def test_what_must_not_repeat_is_not_repeated_when_nobody_knows_whether_it_went_out(acting, does, caplog):
    acting.action("b.do", does, delivery=Operation.Delivery.AT_MOST_ONCE)
    operation = plan("b.do", fact="1")

    queue.run_due()

    assert row(operation).status == "failed"
    assert "may have been sent" in row(operation).error
    assert acting.performed == ["b.do"]


@pytest.mark.parametrize("error", [Transient("The server is down."), RateLimited("slow down", retry_after=9)])
def test_what_must_not_repeat_is_tried_again_when_it_surely_did_not_go_out(acting, error):
    acting.action("b.do", error, delivery=Operation.Delivery.AT_MOST_ONCE)
    operation = plan("b.do", fact="1")

    queue.run_due()

    assert row(operation).status == "retrying"


def test_a_worker_that_ends_in_the_middle_leaves_the_row_to_its_lease(acting):
    def end(_operation):
        raise SystemExit

    acting.action("b.do", end)
    operation = plan("b.do", fact="1")

    with pytest.raises(SystemExit):
        queue.run_due()

    assert row(operation).status == "running"
    assert row(operation).lease_until > timezone.now()


# Jobs end alike


def run_job(monkeypatch, answer):
    monkeypatch.setattr(jobs, "_handlers", dict(jobs._handlers))

    @jobs.job("test.once")
    def run(_work):
        if isinstance(answer, Exception):
            raise answer
        return answer

    jobs.start("test.once", key="k", arguments={})
    jobs.run_due()
    return Job.objects.get()


def test_a_job_keeps_what_the_whole_came_to(monkeypatch):
    job = run_job(monkeypatch, {"file": "report.csv"})

    assert (job.status, job.result) == ("succeeded", {"file": "report.csv"})


@pytest.mark.parametrize(
    ("error", "status"),
    [(Transient("The model is overloaded."), "retrying"), (RateLimited("Slow down.", retry_after=77), "retrying"),
     (Permanent("No such model."), "failed"), (NotConfigured("The key is missing."), "failed")],
)  # fmt: skip
def test_a_jobs_errors_are_classed_as_those_of_operations(monkeypatch, error, status):
    with time_machine.travel("2026-11-25T03:00:00Z", tick=False):
        job = run_job(monkeypatch, error)

        assert (job.status, job.error) == (status, error.message)
        if isinstance(error, RateLimited):
            assert job.next_attempt_at == timezone.now() + timedelta(seconds=77)
