"""Planning an operation, in the transaction of what caused it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone
from structlog.contextvars import get_contextvars

from core.actor import current_actor
from core.operations.models import Operation, Waits
from core.operations.performers import Performer, performer_of, route
from core.operations.waking import somebody_listens, wake_on_commit

logger = structlog.get_logger(__name__)
TRIES = 10


class NotPlanned(RuntimeError):
    """The database left the row out and no row does the same: SQLite passes over whatever it refuses."""


def plan(
    action: str,
    *,
    fact: Any,
    subject: Any = None,
    project: Any = None,
    organization: Any = None,
    arguments: dict[str, Any] | None = None,
    coalesce: str = "",
    after: Iterable[Operation | None] = (),
    user: Any = None,
    urgency: int = Operation.Urgency.NORMAL,
    delay_seconds: float = 0,
) -> Operation | None:
    """Plan one external effect. Returns the new row, or None when this fact is planned or a waiting row does the same.

    `fact` is the key of the row that is the cause: the same action for the same fact is planned once. Rows with the
    same `coalesce` key wait once and run one after the other. `after` are operations whose first attempt is waited for
    (a None, which planning them may have returned, is passed over).

    :raises UnknownAction: when nobody performs the action. :raises ValueError: when a key is too long.
    :raises NotPlanned: when the row is not one that the database takes.
    """
    by = performer_of(action)
    key = _fitting("fact_key", fact)
    thing = _fitting("coalesce_key", coalesce)
    with transaction.atomic(savepoint=False):
        for _try in range(TRIES):
            # Touching the waiting row holds it until our commit, so that its performer reads what we will have written.
            if thing and _touch(thing):
                return None
            operation = _row(by, subject, project, organization, thing, urgency, delay_seconds)
            operation.fact_key, operation.arguments = key, arguments or {}
            operation.user = user or _acting_user()
            Operation.objects.bulk_create([operation], ignore_conflicts=True)
            operation.pk = Operation.objects.filter(uuid=operation.uuid).values_list("pk", flat=True).first()
            if operation.pk:
                return _planned(operation, after, delay_seconds)
            if Operation.objects.filter(action=action, fact_key=key).exists():
                return None
        raise NotPlanned(f"“{action}” could not be planned.")


def _fitting(field: str, value: Any) -> str:
    """The key as text. SQLite would take any length, PostgreSQL would not."""
    key, longest = str(value), getattr(Operation._meta.get_field(field), "max_length", 0)
    if len(key) > longest:
        raise ValueError(f"{field} has more than {longest} characters.")
    return key


def _touch(thing: str) -> bool:
    touched = _waiting(thing).update(updated_at=timezone.now()) > 0
    if touched:
        # Workers pass over what we hold, and whoever did so may have found nothing else to do.
        wake_on_commit()
    return touched


def _waiting(thing: str) -> Any:
    # By the exclusion SQLite knows that its partial index will do.
    return Operation.objects.filter(Waits("status"), coalesce_key=thing).exclude(coalesce_key="")


def _row(
    by: Performer, subject: Any, project: Any, organization: Any, coalesce: str, urgency: int, delay_seconds: float
) -> Operation:
    now = timezone.now()
    project_id = subject.project_id if subject is not None else getattr(project, "pk", None)
    way = route(project_id, by.capability)
    return Operation(
        **(subject.as_owner if subject is not None else {}),
        project_id=project_id,
        organization=organization,
        plugin_instance_id=way.instance_id,
        # A hanging vendor's other work holds its lane, and a page waits for nothing.
        lane=f"{way.lane}:page" if urgency == Operation.Urgency.PAGE else way.lane,
        capability=by.capability,
        action=by.action,
        delivery=by.delivery,
        coalesce_key=coalesce,
        urgency=urgency,
        next_attempt_at=now + timedelta(seconds=delay_seconds),
        handed_at=now if somebody_listens() else None,
        request_id=_request_id(),
    )


def _planned(operation: Operation, after: Iterable[Operation | None], delay_seconds: float) -> Operation:
    predecessors = [each for each in after if each is not None]
    if predecessors:
        operation.after.add(*predecessors)
    logger.info("An operation was planned", operation_id=str(operation.uuid), action=operation.action)
    wake_on_commit(delay_seconds)
    return operation


def _request_id() -> str:
    """The running request's, or in a worker that of the operation being performed: one id for all that follows."""
    actor = current_actor()
    return actor.request_id if actor else str(get_contextvars().get("request_id") or "")


def _acting_user() -> Any:
    actor = current_actor()
    return actor.user if actor else None
