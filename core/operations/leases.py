"""Claiming, fencing and releasing a row of work: conditional updates, the same on SQLite and PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from core.operations.models import Work
from core.validators import UNSTORABLE

Status = Work.Status
LONGEST_ERROR = 2000


def take(row: Any, *, now: datetime, seconds: float) -> Any:
    """Claim a waiting row for an attempt. Returns it as it is now, or None when somebody else has it or holds it.

    Nobody is waited for: a transaction that plans the same thing again may be a long one.
    """
    waiting = type(row).objects.filter(pk=row.pk, status__in=Work.WAITING, attempts=row.attempts)
    with transaction.atomic():
        if not waiting.select_for_update(of=("self",), skip_locked=True, no_key=True).exists():
            return None
        taken = waiting.update(
            status=Status.RUNNING,
            attempts=F("attempts") + 1,
            lease_until=now + timedelta(seconds=seconds),
            started_at=Coalesce("started_at", now),
            handed_at=now,
            updated_at=now,
        )
        return type(row).objects.get(pk=row.pk) if taken else None


def renew(row: Any, *, now: datetime, seconds: float, **progress: Any) -> bool:
    """Prolong the lease of one's own attempt and write progress. False: the attempt is another's now."""
    mine = type(row).objects.filter(pk=row.pk, status=Status.RUNNING, attempts=row.attempts)
    return mine.update(lease_until=now + timedelta(seconds=seconds), updated_at=now, **progress) > 0


@contextmanager
def own_attempt(row: Any) -> Iterator[Any]:
    """A transaction that holds the row while it still is this attempt's; yields None when it is not.

    Its key stays free: somebody who holds the subject may plan a dependent of this row while we wait for the subject.
    """
    with transaction.atomic():
        yield (
            type(row)
            .objects.select_for_update(of=("self",), no_key=True)
            .filter(pk=row.pk, status=Status.RUNNING, attempts=row.attempts)
            .first()
        )


def expired(model: type[models.Model], now: datetime) -> Any:
    """Running rows whose worker has not come back in time."""
    return model._default_manager.filter(status=Status.RUNNING, lease_until__lte=now)


def settle(row: Any, status: str, *, error: str, **values: Any) -> None:
    """Write the end, or the next wait, of an attempt. The caller holds the row."""
    row.status, row.lease_until = status, None
    values["error"] = storable(error)
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=["status", "lease_until", "updated_at", *values])


def storable(text: str) -> str:
    """A vendor's words as a database keeps them: no NUL, no half characters, not endless."""
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)[:LONGEST_ERROR]
