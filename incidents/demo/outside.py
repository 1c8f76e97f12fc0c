"""What a story would have made outside: ticket and documents by the built-in plugins at the story's own time; no mail,
no page, no look-up.
"""

from datetime import datetime
from typing import Any, Final

from core.operations.models import Operation
from core.operations.performers import performer_of
from integrations import flows
from integrations.documents import draft
from integrations.models import Resource
from integrations.performers import ticket_state
from integrations.registry import plugin_of
from integrations.snapshots import snapshot
from people.flows import pages

Status = Operation.Status
WHY_NOT: Final = "Demo data: nobody is written to."
# Each can plan more of them; a story that never ends would be a mistake in a performer.
MOST_ROUNDS: Final = 20


def carry_out(subject: Any, now: datetime) -> None:
    """Do what the story has planned so far, as if the workers had done it then."""
    for _round in range(MOST_ROUNDS):
        waiting = list(Operation.objects.of(subject).filter(status=Status.PENDING).order_by("pk"))
        if not waiting:
            return
        for operation in waiting:
            _settle(operation, now)


def skip_the_rest(now: datetime) -> int:
    """Leave undone what belongs to no story: looking up people. Returns how many."""
    rest = Operation.objects.filter(status__in=(Status.PENDING, Status.RETRYING))
    return rest.update(status=Status.SKIPPED, error=WHY_NOT, finished_at=now)


def _settle(operation: Operation, now: datetime) -> None:
    times = {"created_at": now, "handed_at": now, "next_attempt_at": now, "finished_at": now}
    done: dict[str, Any] = {"status": Status.SKIPPED, "error": WHY_NOT}
    if operation.action == "page.email":
        pages.note_sent(delivery_id=operation.arguments["delivery"], now=now)
    if operation.capability in ("ticket", "document"):
        done = {"status": Status.SUCCEEDED, "attempts": 1, "started_at": now, "result": _perform(operation, now)}
    Operation.objects.filter(pk=operation.pk).update(**times, **done)


def _perform(operation: Operation, now: datetime) -> dict[str, Any]:
    """Make the thing with the time of the story on the timeline; bringing it up to date leaves no trace there."""
    if operation.action == "ticket.create":
        return _make(operation, Resource.Kind.TICKET, now)
    if operation.action == "document.create":
        return _make(operation, str(operation.arguments["kind"]), now)
    outcome = performer_of(operation.action).perform(operation)
    if outcome.store:
        outcome.store(operation)
    return outcome.result


def _make(operation: Operation, kind: str, now: datetime) -> dict[str, Any]:
    subject, bound, marker = operation.subject, plugin_of(operation), str(operation.uuid)
    seen, state = snapshot(subject), {}
    if kind == Resource.Kind.TICKET:
        thing = bound.client().ensure(marker=marker, subject=seen)
        state = ticket_state(seen)
    else:
        thing = bound.client().ensure(marker=marker, draft=draft(subject, kind))
    flows.store_resource(subject=subject, kind=kind, bound=bound, thing=thing, state=state, now=now)
    return {"label": thing.label, "url": thing.url}
