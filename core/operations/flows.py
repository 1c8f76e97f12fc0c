"""What operators do with operations: retry, skip, cancel."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core import access
from core.access import Right
from core.actor import Actor
from core.errors import FlowError, Forbidden, Invalid
from core.operations.models import Operation, Work
from core.operations.waking import wake_on_commit
from core.timeline.recording import record

Status = Work.Status
RETRIABLE = frozenset({Status.FAILED, Status.SKIPPED, Status.RETRYING})
SKIPPABLE = frozenset({Status.PENDING, Status.RETRYING, Status.FAILED})
CANCELLABLE = frozenset({Status.PENDING, Status.RETRYING})


class NotPossible(FlowError):
    """The operation's state does not allow it."""

    code = "operation_state"


@transaction.atomic
def retry(*, operation: Operation, actor: Actor, now: datetime) -> Operation:
    """Try again now, with 24 fresh hours.

    :raises NotPossible: while it is pending or running, when it is done, or when a newer one waits to do the same.
    """
    row = _held(
        operation, actor, RETRIABLE, _("It is %(status)s; only what failed, was skipped or waits can be retried.")
    )
    row.status, row.failures, row.started_at, row.finished_at, row.next_attempt_at = Status.PENDING, 0, None, None, now
    try:
        with transaction.atomic():
            row.save(update_fields=["status", "failures", "started_at", "finished_at", "next_attempt_at", "updated_at"])
    except IntegrityError:
        raise NotPossible(_("A newer operation waits to do the same; retry that one.")) from None
    _tell(row, _("%(who)s retried “%(action)s”"), actor, now)
    wake_on_commit()
    return row


@transaction.atomic
def skip(*, operation: Operation, actor: Actor, now: datetime, reason: str) -> Operation:
    """Leave it undone, saying why; what waits for it goes on.

    :raises Invalid: without a reason. :raises NotPossible: while it runs, or when it is done.
    """
    row = _held(operation, actor, SKIPPABLE, _("It is %(status)s and cannot be skipped."))
    return _leave(row, reason, _("%(who)s skipped “%(action)s”: %(reason)s"), actor, now)


@transaction.atomic
def cancel(*, operation: Operation, actor: Actor, now: datetime, reason: str = "") -> Operation:
    """Call off what waits.

    :raises NotPossible: when it does not wait any more.
    """
    row = _held(operation, actor, CANCELLABLE, _("It is %(status)s and cannot be cancelled."))
    return _leave(row, reason or _("cancelled"), _("%(who)s cancelled “%(action)s”: %(reason)s"), actor, now)


def _held(operation: Operation, actor: Actor, allowed: frozenset[str], refusal: str) -> Operation:
    _require(operation, actor)
    row = Operation.objects.select_for_update(of=("self",)).get(pk=operation.pk)
    if row.status not in allowed:
        raise NotPossible(refusal % {"status": row.get_status_display().lower()})
    return row


def _require(operation: Operation, actor: Actor) -> None:
    if operation.subject is not None:
        access.require(actor, Right.EDIT, operation.subject)
    elif operation.project is not None:
        access.require(actor, Right.ADMINISTER, operation.project)
    elif operation.organization is not None:
        access.require(actor, Right.ADMINISTER, operation.organization)
    elif not actor.trusted and not _is_seen(operation, actor):
        raise Forbidden(_("Only an owner may do this."))


def _is_seen(operation: Operation, actor: Actor) -> bool:
    seen = access.operation_filter(Operation, actor.user)
    return Operation.objects.filter(seen, pk=operation.pk).exists()


def _leave(row: Operation, reason: str, sentence: str, actor: Actor, now: datetime) -> Operation:
    if not reason.strip():
        raise Invalid(_("Say why."), field="reason")
    row.status, row.error, row.finished_at = Status.SKIPPED, reason[:2000], now
    row.save(update_fields=["status", "error", "finished_at", "updated_at"])
    _tell(row, sentence, actor, now, reason=reason[:2000])
    # What waited for it can go on.
    wake_on_commit()
    return row


def _tell(row: Operation, sentence: str, actor: Actor, now: datetime, reason: str = "") -> None:
    if row.subject is not None:
        values = {"who": actor.name, "action": row.action, "reason": reason}
        record(row.subject, description=sentence % values, actor=actor, now=now, details={"operation": str(row.uuid)})
