"""Periodic jobs: made once, and an operator's edits stay."""

import json

import pytest
from celery import current_app
from django.db import connection
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from django_celery_beat.schedulers import ModelEntry

from core import scheduling
from core.scheduling import Periodic, periodic, sync

pytestmark = pytest.mark.django_db

SWEEP = "Wake workers for forgotten operations"


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """What a test registers is forgotten after it."""
    monkeypatch.setattr(scheduling, "_jobs", dict(scheduling._jobs))


def test_after_migrating_every_apps_jobs_are_there():
    tasks = dict(PeriodicTask.objects.values_list("name", "task"))

    assert tasks[SWEEP] == "core.tasks.sweep"
    assert tasks["Forget old idempotency keys"] == "core.tasks.clean"
    assert tasks["Remind commanders to close"] == "incidents.tasks.remind_to_close"


def test_the_sweep_runs_every_thirty_seconds_and_what_piled_up_is_worth_nothing():
    sweep = PeriodicTask.objects.get(name=SWEEP)

    assert (sweep.interval.every, sweep.interval.period, sweep.expire_seconds) == (30, "seconds", 30)
    assert sweep.enabled


def test_every_job_names_a_task_that_a_worker_knows():
    # As a worker does when it starts.
    current_app.loader.import_default_modules()

    assert {job.task for job in scheduling._jobs.values()} <= set(current_app.tasks)


def test_beat_reads_every_job():
    for row in PeriodicTask.objects.filter(name__in=scheduling._jobs):
        entry = ModelEntry(row, app=current_app._get_current_object())
        assert entry.schedule.remaining_estimate(entry.last_run_at) is not None
        assert json.loads(row.kwargs) == {}


def test_syncing_again_changes_nothing():
    before = list(PeriodicTask.objects.order_by("pk").values())

    sync()

    assert list(PeriodicTask.objects.order_by("pk").values()) == before


def test_what_an_operator_set_stays_after_an_upgrade():
    hourly = IntervalSchedule.objects.create(every=1, period="hours")
    PeriodicTask.objects.filter(name=SWEEP).update(interval=hourly, enabled=False, description="Ours")

    sync()

    sweep = PeriodicTask.objects.get(name=SWEEP)
    assert (sweep.interval, sweep.enabled, sweep.description) == (hourly, False, "Ours")


def test_a_job_that_a_new_version_brings_is_added():
    periodic(Periodic(name="Brand new", task="core.tasks.sweep", description="Why", minute="5", hour="2"))

    sync()

    new = PeriodicTask.objects.get(name="Brand new")
    assert (new.crontab.minute, new.crontab.hour, str(new.crontab.timezone)) == ("5", "2", "UTC")
    assert new.interval is None
    assert new.expire_seconds is None
    assert new.description == "Why"


def test_jobs_of_one_cadence_share_its_row():
    for name in ("One", "Two"):
        periodic(Periodic(name=name, task="core.tasks.sweep", description="", minute="41", hour="4"))

    sync()

    assert CrontabSchedule.objects.filter(minute="41", hour="4").count() == 1


def test_where_the_schedules_tables_are_not_made_yet_nothing_happens(monkeypatch):
    monkeypatch.setattr(connection.introspection, "table_names", lambda: ["core_user"])
    periodic(Periodic(name="Brand new", task="core.tasks.sweep", description=""))

    sync()

    assert not PeriodicTask.objects.filter(name="Brand new").exists()
