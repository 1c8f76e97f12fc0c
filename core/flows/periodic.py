"""What owners do with periodic jobs: pause, resume, set when they run. What they set stays after an upgrade."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from core import access
from core.access import Right
from core.actor import Actor
from core.errors import Forbidden, Invalid

MOST = 1_000_000


@transaction.atomic
def pause(*, task: PeriodicTask, actor: Actor, now: datetime) -> PeriodicTask:
    """Let the job rest."""
    return _write(task, actor, enabled=False)


@transaction.atomic
def resume(*, task: PeriodicTask, actor: Actor, now: datetime) -> PeriodicTask:
    """Let the job run again."""
    return _write(task, actor, enabled=True)


@transaction.atomic
def run_every(*, task: PeriodicTask, count: int, unit: str, actor: Actor, now: datetime) -> PeriodicTask:
    """Run the job every so many seconds, minutes, hours or days.

    :raises Invalid: when the span is none.
    """
    if unit not in dict(IntervalSchedule.PERIOD_CHOICES) or unit == IntervalSchedule.MICROSECONDS:
        raise Invalid(_("Count in seconds, minutes, hours or days."), field="unit")
    if not 1 <= count <= MOST:
        raise Invalid(_("From one to %(most)s.") % {"most": MOST}, field="count")
    interval, _made = IntervalSchedule.objects.get_or_create(every=count, period=unit)
    return _write(task, actor, interval=interval, crontab=None)


@transaction.atomic
def run_at(*, task: PeriodicTask, hour: int, minute: int, actor: Actor, now: datetime) -> PeriodicTask:
    """Run the job each day at a time (UTC)."""
    if not (0 <= hour < 24 and 0 <= minute < 60):
        raise Invalid(_("This is no time of the day."), field="at")
    crontab, _made = CrontabSchedule.objects.get_or_create(
        minute=str(minute), hour=str(hour), day_of_week="*", day_of_month="*", month_of_year="*", timezone="UTC"
    )
    return _write(task, actor, crontab=crontab, interval=None)


def _write(task: PeriodicTask, actor: Actor, **values: Any) -> PeriodicTask:
    if not actor.trusted and not access.may_somewhere(actor.user, Right.OWN):
        raise Forbidden(_("Only an owner may change when jobs run."))
    for name, value in values.items():
        setattr(task, name, value)
    task.save()
    return task
