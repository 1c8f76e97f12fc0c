"""Long work inside: claimed and leased like operations, with progress and a result per row, resumable after a kill."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from structlog.contextvars import bound_contextvars

from core.errors import FlowError
from core.operations import backoff, leases
from core.operations.errors import OperationError, Transient
from core.operations.models import Job, JobRow, Waits, Work
from core.operations.waking import LONGEST_COUNTDOWN_SECONDS, somebody_listens, wake, wake_on_commit

logger = structlog.get_logger(__name__)
Status = Work.Status
ROWS_PER_RENEWAL = 20
SWEPT_AT_ONCE = 10
TRIES = 20


class LeaseLost(Exception):
    """Another worker has taken the job over; this one stops."""


class Unchanged(Exception):
    """A row needs nothing: it is so already. Raised by what `JobRun.each` does with it; the row is skipped."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnknownJob(LookupError):
    """Nobody does this kind of job: a mistake in the code."""


@dataclass(frozen=True)
class Handler:
    """A registered kind of job."""

    run: "Run"
    lease_seconds: int


# Does the job; may answer what the whole came to, as plain values.
Run = Callable[["JobRun"], dict[str, Any] | None]
_handlers: dict[str, Handler] = {}


def job(kind: str, *, lease_seconds: int = 120) -> Callable[[Run], Run]:
    """Register the decorated function for a kind of job. Its errors are classed as those of operations are."""

    def register(run: Run) -> Run:
        _handlers[kind] = Handler(run, lease_seconds)
        return run

    return register


class JobRun:
    """What a handler works with: the job's arguments, and `each`, which does every row once."""

    def __init__(self, row: Job, lease_seconds: int) -> None:
        self.row, self.lease_seconds = row, lease_seconds
        self._done = set(row.rows.values_list("key", flat=True))
        self._renewed = time.monotonic()

    @property
    def arguments(self) -> dict[str, Any]:
        return dict(self.row.arguments)

    def each(self, items: Iterable[Any], *, key: Callable[[Any], str], do: Callable[[Any], str]) -> None:
        """Do each item in a transaction with its result row; `do` returns a message.

        A refusal, or `Unchanged`, is the row's result.

        :raises LeaseLost: when another worker has taken over.
        """
        for count, item in enumerate(items, 1):
            name = key(item)
            if name not in self._done:
                self._do(name, item, do)
            if count % ROWS_PER_RENEWAL == 0 or time.monotonic() - self._renewed > self.lease_seconds / 4:
                self.renew()
        self.renew()

    def renew(self) -> None:
        """Show progress and prolong the lease."""
        if not leases.renew(self.row, now=timezone.now(), seconds=self.lease_seconds, done=len(self._done)):
            raise LeaseLost
        self._renewed = time.monotonic()

    def _do(self, name: str, item: Any, do: Callable[[Any], str]) -> None:
        try:
            with transaction.atomic():
                # First, so that a worker thought dead waits here and then finds the row done.
                row, mine = self.row.rows.get_or_create(key=name, defaults={"status": JobRow.Status.DONE})
                if mine:
                    row.message = do(item)
                    row.save(update_fields=["message"])
        except Unchanged as same:
            self._note(name, JobRow.Status.SKIPPED, same.message)
        except FlowError as error:
            self._note(name, JobRow.Status.REFUSED, error.message)
        self._done.add(name)

    def _note(self, name: str, status: str, message: str) -> None:
        self.row.rows.get_or_create(key=name, defaults={"status": status, "message": message})


def start(
    kind: str,
    *,
    key: str,
    arguments: dict[str, Any],
    user: Any = None,
    project: Any = None,
    subject: Any = None,
    total: int = 0,
) -> Job:
    """Plan a job in the caller's transaction; the same key is the same job.

    :raises UnknownJob: when nobody does this kind.
    """
    if kind not in _handlers:
        raise UnknownJob(f"Nobody does “{kind}”.")
    values = {
        "kind": kind,
        "arguments": arguments,
        "user": user,
        "project": project,
        "total": total,
        "handed_at": timezone.now() if somebody_listens() else None,
        **(subject.as_owner if subject is not None else {}),
    }
    row, made = Job.objects.get_or_create(key=key, defaults=values)
    if made:
        wake_on_commit()
    return row


def run_due(limit: int = 10, *, now: datetime | None = None) -> int:
    """Run due jobs. Returns how many were run."""
    recover(now or timezone.now())
    count = 0
    while count < limit:
        row = _claim(now or timezone.now())
        if row is None:
            break
        run(row)
        count += 1
    return count


def run(row: Job) -> None:
    """Run a claimed job and settle it."""
    with bound_contextvars(job_id=str(row.uuid), job=row.kind):
        try:
            handler = _handlers[row.kind]
            result = handler.run(JobRun(row, handler.lease_seconds))
        except LeaseLost:
            logger.warning("Another worker has taken the job over")
        except Transient as error:
            _settle(row, Status.RETRYING, error.message, wait=backoff.asked_wait(error))
        except (FlowError, OperationError) as error:
            _settle(row, Status.FAILED, error.message)
        except Exception:
            logger.exception("A job failed unexpectedly")
            _settle(row, Status.RETRYING, _("Something went wrong in Dispatch itself; the log has the details."))
        else:
            _settle(row, Status.SUCCEEDED, "", result=result or {})


def anything_due(now: datetime) -> bool:
    """Whether a worker would find a job to claim."""
    return _next_due(now) is not None


def recover(now: datetime) -> int:
    """Give jobs whose worker vanished back; their finished rows are not repeated."""
    rows = list(leases.expired(Job, now))
    for row in rows:
        # At once, but not for ever: it may be what kills the workers.
        _settle(row, Status.RETRYING, _("The worker vanished in the middle."), wait=None if row.failures else 0)
    return len(rows)


def sweep(now: datetime, silence: timedelta = timedelta(minutes=2)) -> int:
    """Wake a worker for jobs that are due and were forgotten. Returns for how many."""
    recover(now)
    forgotten = _due(now).exclude(handed_at__gt=now - silence)
    keys = list(forgotten.order_by("next_attempt_at", "pk").values_list("pk", flat=True)[:SWEPT_AT_ONCE])
    woken = list(takewhile(lambda _key: wake(), keys))
    Job.objects.filter(pk__in=woken, status__in=Work.WAITING).update(handed_at=now)
    return len(woken)


def _due(now: datetime) -> Any:
    return Job.objects.filter(Waits("status"), next_attempt_at__lte=now)


def _next_due(now: datetime) -> Job | None:
    """The oldest due one that this worker knows. Jobs hold as many workers as one lane may: operations go on."""
    busy = Job.objects.filter(status=Status.RUNNING, lease_until__gt=now).count()
    if busy >= settings.OPERATIONS_PER_LANE:
        return None
    first: Job | None = _due(now).filter(kind__in=_handlers).order_by("next_attempt_at", "pk").first()
    return first


def _claim(now: datetime) -> Job | None:
    for _try in range(TRIES):
        candidate = _next_due(now)
        if candidate is None:
            return None
        taken: Job | None = leases.take(candidate, now=now, seconds=_handlers[candidate.kind].lease_seconds)
        if taken:
            return taken
    return None


def _settle(row: Job, status: str, error: str, wait: float | None = None, **more: Any) -> None:
    now = timezone.now()
    with leases.own_attempt(row) as mine:
        if mine is None:
            return
        if status == Status.RETRYING and mine.started_at and now - mine.started_at > backoff.GIVE_UP_AFTER:
            status = Status.FAILED
        failures = 0 if status == Status.SUCCEEDED else mine.failures + 1
        wait = backoff.wait_seconds(max(failures, 1), urgent=False) if wait is None else wait
        leases.settle(
            mine,
            status,
            error=error,
            failures=failures,
            done=mine.rows.count(),
            next_attempt_at=now + timedelta(seconds=wait),
            finished_at=None if status == Status.RETRYING else now,
            **more,
        )
    if status == Status.RETRYING and wait <= LONGEST_COUNTDOWN_SECONDS:
        wake(wait)
