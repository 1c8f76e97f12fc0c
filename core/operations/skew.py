"""Hosts' clocks differ: what one of them planned for now is not due yet where the clock is a moment behind."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Min
from django.utils import timezone

from core.operations.models import Job, Operation, Waits

# Hosts whose clocks are kept (NTP) differ by far less; what a wilder clock planned is found by the sweep.
MOST: Final = timedelta(seconds=5)


def seconds_until_due(begun: datetime) -> float | None:
    """How long to wait for the first row whose planner's clock says that it was planned after we began to look.

    None when there is none. A worker woken for such a row found nothing, and the sweep comes back to it after minutes.
    """
    now = timezone.now()
    first = [
        model.objects.filter(
            Waits("status"), attempts=0, created_at__gt=begun, next_attempt_at__lte=now + MOST
        ).aggregate(due=Min("next_attempt_at"))["due"]
        for model in (Operation, Job)
    ]
    times = [due for due in first if due is not None]
    return max((min(times) - now).total_seconds(), 0.0) if times else None
