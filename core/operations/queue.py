"""Carrying operations out: claim the next due row fairly, perform it outside any transaction, store what came of it."""

import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from itertools import takewhile

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from structlog.contextvars import bound_contextvars

from core.actor import Actor
from core.operations import backoff, choosing, leases
from core.operations.errors import OperationError, Transient
from core.operations.models import Job, Operation, Work
from core.operations.performers import Outcome, Performer, UnknownAction, performer_of
from core.operations.waking import LONGEST_COUNTDOWN_SECONDS, wake
from core.signals import OperationFailed, operation_failed
from core.timeline.models import Event
from core.timeline.recording import record

logger = structlog.get_logger(__name__)
Status = Work.Status
LEAST_LEASE_SECONDS = 30
BEHIND = timedelta(minutes=2)
TRIES = 20
# Until a lane is looked at again that another worker was just taking from.
LONGEST_PAUSE_SECONDS = 0.02


def run_due(limit: int = 50, *, now: datetime | None = None) -> int:
    """Perform due operations until none can be claimed or `limit` is reached. Returns how many were performed."""
    recover(now or timezone.now())
    performed = 0
    while performed < limit:
        operation = claim(now or timezone.now())
        if operation is None:
            break
        perform(operation)
        performed += 1
    return performed


def is_behind(now: datetime) -> bool:
    """Whether something waits for its first try longer than a living worker lets it."""
    return Operation.objects.filter(status=Status.PENDING, next_attempt_at__lt=now - BEHIND).exists()


def run_pages(limit: int = 50) -> int:
    """Perform due pages and nothing else: what the web process does while no worker lives. Returns how many.

    A worker that comes back meanwhile takes other rows: each is claimed with a lease, so none has two senders.
    """
    recover(timezone.now())
    performed = 0
    while performed < limit and (operation := claim(timezone.now(), pages_only=True)):
        perform(operation)
        performed += 1
    return performed


def claim(now: datetime, *, pages_only: bool = False) -> Operation | None:
    """Take the next due row: pages first, then the lane with the fewest running, then the oldest. None: nothing due."""
    for _try in range(TRIES):
        # A lane whose next row another worker is just taking is passed over: together they would exceed its limit.
        passed: set[str] = set()
        while candidate := choosing.next_due(now, passed, pages_only=pages_only):
            taken: Operation | None = leases.take(candidate, now=now, seconds=_lease_seconds(candidate))
            if taken:
                return taken
            passed.add(candidate.lane)
        if not passed:
            return None
        time.sleep(random.uniform(0.001, LONGEST_PAUSE_SECONDS))  # noqa: S311 (spreading load, not a secret)
    return None


def perform(operation: Operation) -> None:
    """Carry a claimed operation out and settle it. Whatever the plugin raises ends here."""
    with _named(operation):
        try:
            outcome = performer_of(operation.action).perform(operation)
            _complete(operation, outcome)
        except Transient as error:
            _try_again(operation, error.message, wait=backoff.asked_wait(error))
        except OperationError as error:
            _give_up(operation, error.message)
        except UnknownAction as error:
            # While a new version is rolled out, workers of the old one meet actions that they do not know.
            _try_again(operation, str(error))
        except Exception:
            logger.exception("An operation failed unexpectedly")
            _in_doubt(operation, _("Something went wrong in Dispatch itself; the log has the details."))


def recover(now: datetime) -> int:
    """Give attempts whose worker vanished back to the queue; what must not repeat fails, saying that nobody knows."""
    rows = list(leases.expired(Operation, now).order_by("lease_until", "pk")[:200])
    for row in rows:
        with _named(row):
            try:
                # At once, but not for ever: it may be what kills the workers.
                _in_doubt(row, _("The worker vanished in the middle."), wait=None if row.failures else 0)
            except Exception:
                # One that cannot be settled must not keep the workers from all the others.
                logger.exception("An expired attempt could not be settled")
    return len(rows)


def _in_doubt(operation: Operation, message: str, wait: float | None = None) -> None:
    """End an attempt of which nobody knows how far it came."""
    if operation.delivery == Operation.Delivery.AT_MOST_ONCE:
        _give_up(operation, message + " " + _("It may have been sent; retry only if it was not."))
    else:
        _try_again(operation, message, wait=wait)


def orphan_all(now: datetime) -> int:
    """End every lease, where the caller knows that no worker lives: the one embedded process, at its start."""
    return Operation.objects.filter(status=Status.RUNNING).update(lease_until=now) + Job.objects.filter(
        status=Status.RUNNING
    ).update(lease_until=now)


def anything_due(now: datetime) -> bool:
    """Whether a worker would find something to claim."""
    return choosing.next_due(now) is not None


def sweep(now: datetime, *, limit: int = 200, silence: timedelta = timedelta(minutes=2)) -> int:
    """Wake workers again for rows that are due and were not handed out lately. Returns how many.

    While nobody can be woken nothing counts as handed out, so that the first sweep after that finds it all.
    """
    recover(now)
    forgotten = choosing.due(now).filter(Q(handed_at=None) | Q(handed_at__lte=now - silence))
    keys = list(forgotten.order_by("urgency", "next_attempt_at", "pk").values_list("pk", flat=True)[:limit])
    woken = list(takewhile(lambda _key: wake(), keys))
    Operation.objects.filter(pk__in=woken, status__in=Work.WAITING).update(handed_at=now)
    return len(woken)


def _named(operation: Operation) -> AbstractContextManager[None]:
    """What log lines carry, so that a request's effects are found by its id."""
    return bound_contextvars(operation_id=str(operation.uuid), action=operation.action, request_id=operation.request_id)


def _lease_seconds(operation: Operation) -> int:
    try:
        by: Performer = performer_of(operation.action)
    except UnknownAction:
        return LEAST_LEASE_SECONDS
    return max(by.lease_seconds, LEAST_LEASE_SECONDS)


def _complete(operation: Operation, outcome: Outcome) -> None:
    with leases.own_attempt(operation) as row:
        if row is None:
            logger.warning("A late result was dropped; another attempt has taken over")
            return
        if outcome.store:
            outcome.store(row)
        leases.settle(row, Status.SUCCEEDED, result=outcome.result, error="", failures=0, finished_at=timezone.now())
    logger.info("An operation is done", attempts=operation.attempts)


def _try_again(operation: Operation, message: str, wait: float | None = None) -> None:
    now = timezone.now()
    if operation.started_at and now - operation.started_at > backoff.GIVE_UP_AFTER:
        _give_up(operation, _("%(reason)s Given up after 24 hours.") % {"reason": message})
        return
    failures = operation.failures + 1
    if wait is None:
        wait = backoff.wait_seconds(failures, urgent=backoff.is_urgent(operation))
    with leases.own_attempt(operation) as row:
        if row is None or not _wait_or_give_way(row, message, failures, now, wait):
            return
    logger.info("An operation will be tried again", attempts=operation.attempts, wait_seconds=round(wait, 1))
    if wait <= LONGEST_COUNTDOWN_SECONDS:
        wake(wait)


def _wait_or_give_way(row: Operation, message: str, failures: int, now: datetime, wait: float) -> bool:
    """False: it gave way to a newer row of the same coalesce key, which waits and will do the same."""
    later = now + timedelta(seconds=wait)
    try:
        with transaction.atomic():
            leases.settle(row, Status.RETRYING, error=message, failures=failures, next_attempt_at=later)
    except IntegrityError:
        leases.settle(row, Status.SKIPPED, error=message, failures=failures, finished_at=now)
        return False
    return True


def _give_up(operation: Operation, message: str) -> None:
    now = timezone.now()
    with leases.own_attempt(operation) as row:
        if row is None:
            return
        leases.settle(row, Status.FAILED, error=message, failures=operation.failures + 1, finished_at=now)
        for tell in (_record_failure, _announce_failure):
            _told(tell, row)
    logger.warning("An operation failed for good", attempts=operation.attempts)


def _told(tell: Callable[[Operation], None], row: Operation) -> None:
    try:
        with transaction.atomic():
            tell(row)
    except Exception:
        # It has failed all the same; undoing that would repeat it.
        logger.exception("A failure could not be told")


def _record_failure(operation: Operation) -> None:
    if operation.subject is None:
        return
    values = {"action": operation.action, "tries": operation.attempts, "reason": operation.error}
    record(
        operation.subject,
        kind=Event.Kind.OPERATION,
        actor=Actor.system(),
        now=operation.finished_at or timezone.now(),
        source=str(_("Operations")),
        description=_("“%(action)s” failed for good after %(tries)s tries: %(reason)s") % values,
        details={"operation": str(operation.uuid), "action": operation.action, "error": operation.error},
    )


def _announce_failure(operation: Operation) -> None:
    subject = operation.subject
    payload = OperationFailed(
        operation_uuid=str(operation.uuid),
        action=operation.action,
        kind=subject.kind if subject is not None else "",
        subject_id=subject.pk if subject is not None else None,
    )
    operation_failed.send(sender=Operation, payload=payload)
