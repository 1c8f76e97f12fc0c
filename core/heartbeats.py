"""Heartbeats: whether workers and beat live, told by rows, so that every process and any machine sees the same.

A worker shows life by beginning a task: one that is busy with nothing but long work is no help to a page either.
Beat shows life by its tick. The web process asks workers that are silent, so that a dead beat does not make them so.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from celery import current_app
from celery.signals import task_prerun
from django.db import DatabaseError
from django.utils import timezone
from kombu.exceptions import OperationalError

from core.models import Heartbeat
from core.operations.waking import somebody_listens

logger = structlog.get_logger(__name__)
Part = Heartbeat.Part
STALE_AFTER = timedelta(minutes=2)
# How often one process writes at most; well below what counts as silence.
EVERY_SECONDS = 15.0
HEARTBEAT = "core.tasks.heartbeat"
_written: dict[str, float] = {}


@dataclass(frozen=True, kw_only=True)
class Sign:
    """What is known of a part. `beat_at` is none when it has never shown life."""

    part: str
    beat_at: datetime | None
    age_seconds: float

    @property
    def is_stale(self) -> bool:
        """Whether it was silent for too long."""
        return self.age_seconds > STALE_AFTER.total_seconds()


def beat(part: str, now: datetime) -> None:
    """Write a sign of life."""
    Heartbeat.objects.update_or_create(part=part, defaults={"beat_at": now})


def beat_now_and_then(part: str) -> None:
    """Write a sign of life, unless this process has just done so. A database that is away is no reason to stop."""
    moment = time.monotonic()
    if moment - _written.get(part, -EVERY_SECONDS) < EVERY_SECONDS:
        return
    _written[part] = moment
    try:
        beat(part, timezone.now())
    except DatabaseError as error:
        logger.warning("A heartbeat could not be written", part=part, error=type(error).__name__)


def signs(now: datetime, since: datetime | None = None) -> list[Sign]:
    """What is known of every part. One that never showed life is counted from `since`, else not held against it."""
    rows = dict(Heartbeat.objects.values_list("part", "beat_at"))
    return [_sign(part, rows.get(part), since, now) for part in Part.values]


def ask_workers() -> None:
    """Have any worker show life. Where the broker takes no message nobody can."""
    if not somebody_listens():
        return
    try:
        current_app.send_task(HEARTBEAT, expires=EVERY_SECONDS * 2, retry=False, ignore_result=True)
    except (OperationalError, OSError) as error:
        logger.warning("The workers could not be asked whether they live", error=type(error).__name__)


@task_prerun.connect
def _worker_begins(**_: Any) -> None:
    beat_now_and_then(Part.WORKER)


def _sign(part: str, beat_at: datetime | None, since: datetime | None, now: datetime) -> Sign:
    counted_from = beat_at or since or now
    return Sign(part=part, beat_at=beat_at, age_seconds=max((now - counted_from).total_seconds(), 0.0))
