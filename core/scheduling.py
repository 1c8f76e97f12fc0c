"""Periodic jobs: each app's `schedule.py` registers its own; they are synced into django-celery-beat after migrate."""

from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask


@dataclass(frozen=True, kw_only=True)
class Periodic:
    """A job of the clock: every so many seconds, or at a minute of each hour (UTC). Its name is its identity."""

    name: str
    task: str
    description: str
    seconds: int | None = None
    minute: str = "0"
    hour: str = "*"


_jobs: dict[str, Periodic] = {}


def periodic(job: Periodic) -> Periodic:
    """Register a periodic job."""
    _jobs[job.name] = job
    return job


def sync(using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Make the rows that are missing. What an operator changed or switched off stays as it is."""
    if PeriodicTask._meta.db_table not in connections[using].introspection.table_names():
        # Only some apps were migrated.
        return
    there = set(PeriodicTask.objects.filter(name__in=_jobs).values_list("name", flat=True))
    for name, job in _jobs.items():
        if name not in there:
            PeriodicTask.objects.create(name=name, task=job.task, description=job.description, **_cadence(job))


def _cadence(job: Periodic) -> dict[str, Any]:
    if job.seconds:
        every, _made = IntervalSchedule.objects.get_or_create(every=job.seconds, period=IntervalSchedule.SECONDS)
        # While no worker is there messages pile up; of those only the newest is worth anything.
        return {"interval": every, "expire_seconds": job.seconds}
    at, _made = CrontabSchedule.objects.get_or_create(minute=job.minute, hour=job.hour, timezone="UTC")
    return {"crontab": at}
