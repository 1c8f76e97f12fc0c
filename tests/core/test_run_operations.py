"""`run_operations`: the queue carried out by hand."""

import pytest
from django.core.management import call_command

from core.management.commands import run_operations
from core.operations import jobs, plan
from core.operations.errors import Permanent, Transient
from core.operations.models import Operation
from tests.standins.performing import stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def acting():
    with stage() as on:
        on.action("good.do")
        on.action("down.do", Transient("The tracker is down."))
        on.action("bad.do", Permanent("No such project."))
        yield on


@pytest.fixture
def run(capsys):
    def _run(*arguments):
        call_command("run_operations", *arguments)
        return capsys.readouterr().out

    return _run


def test_what_is_due_is_carried_out_and_what_is_left_is_told(acting, run):
    for number in range(60):
        plan("good.do", fact=number)
    plan("down.do", fact="x")
    plan("bad.do", fact="x")
    later = plan("good.do", fact="later", delay_seconds=3600)

    out = run("--once")

    assert "Carried out 62 operations and 0 jobs. Not done: 1 failed, 1 pending, 1 retrying." in out
    assert Operation.objects.filter(status="succeeded").count() == 60
    assert Operation.objects.get(pk=later.pk).attempts == 0


def test_jobs_are_carried_out_too(acting, run, monkeypatch):
    monkeypatch.setattr(jobs, "_handlers", dict(jobs._handlers))
    jobs.job("test.nothing")(lambda _run: None)
    jobs.start("test.nothing", key="k", arguments={})

    assert "Carried out 0 operations and 1 jobs. Everything is done." in run("--once")


def test_with_nothing_to_do_it_ends_at_once(run):
    assert run("--once") == "Carried out 0 operations and 0 jobs. Everything is done.\n"


def test_without_once_it_goes_on_until_it_is_ended(acting, run, monkeypatch):
    def plan_then_interrupt(_seconds):
        if not Operation.objects.filter(fact_key="second").exists():
            plan("good.do", fact="second")
            return
        raise KeyboardInterrupt

    monkeypatch.setattr(run_operations.time, "sleep", plan_then_interrupt)
    plan("good.do", fact="first")

    out = run()

    assert Operation.objects.filter(status="succeeded").count() == 2
    assert "found by its lease" in out
