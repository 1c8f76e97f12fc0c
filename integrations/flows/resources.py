"""What belongs to a subject in other systems: kept when it was made, and shown with what is still to come."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from core import timeline
from core.actor import Actor
from core.operations.models import Operation
from core.signals import ResourceReady, resource_ready
from integrations.capabilities import ExternalThing
from integrations.models import Resource
from integrations.registry import Bound

# Which operation makes which kind; documents say theirs in the arguments.
MAKERS = {"ticket.create": str(Resource.Kind.TICKET), "document.create": None}
STATES = {
    Operation.Status.PENDING: "pending",
    Operation.Status.RUNNING: "pending",
    Operation.Status.RETRYING: "retrying",
    Operation.Status.FAILED: "failed",
}


@dataclass(frozen=True, kw_only=True)
class ExpectedResource:
    """A resource that is there or planned.

    :ivar state: ready, pending, retrying or failed; :ivar detail: why it is not there yet; :ivar label: its own name,
        or while it is missing the name of its kind.
    """

    kind: str
    label: str
    url: str
    state: str
    detail: str
    operation_uuid: str


def store_resource(
    *, subject: Any, kind: str, bound: Bound, thing: ExternalThing, state: dict[str, Any], now: datetime
) -> Resource:
    """Remember what was made and tell it: on the timeline, and to the apps above by `resource_ready`.

    Runs in the transaction that completes the operation. The same again only brings the row up to date.
    """
    resource, made = Resource.objects.update_or_create(
        kind=kind,
        **subject.as_owner,
        defaults={
            "plugin": bound.plugin.slug,
            "instance": bound.instance,
            "external_id": thing.external_id,
            "label": thing.label,
            "url": thing.url,
            "state": state,
            "synced_at": now,
        },
    )
    if made:
        _tell(subject, resource, bound, now)
    return resource


def note_synced(resource: Resource, state: dict[str, Any]) -> None:
    """Remember what was last sent there."""
    Resource.objects.filter(pk=resource.pk).update(state=state, synced_at=timezone.now(), updated_at=timezone.now())


def expected_resources(subject: Any) -> list[ExpectedResource]:
    """What there is and what is on its way, in the order of the kinds. Two queries."""
    there = {resource.kind: resource for resource in Resource.objects.of(subject)}
    planned = {
        kind: operation
        for operation in Operation.objects.of(subject).filter(action__in=MAKERS).order_by("pk")
        if (kind := _kind_made(operation)) not in there and operation.status in STATES
    }
    rows = [_ready(there[kind]) if kind in there else _coming(kind, planned[kind]) for kind in {**there, **planned}]
    order = Resource.Kind.values
    return sorted(rows, key=lambda row: order.index(row.kind))


def _kind_made(operation: Operation) -> str:
    return MAKERS[operation.action] or str(operation.arguments.get("kind", ""))


def _ready(resource: Resource) -> ExpectedResource:
    return ExpectedResource(
        kind=resource.kind, label=resource.label, url=resource.url, state="ready", detail="", operation_uuid=""
    )


def _coming(kind: str, operation: Operation) -> ExpectedResource:
    return ExpectedResource(
        kind=kind,
        label=str(Resource.Kind(kind).label),
        url="",
        state=STATES[Operation.Status(operation.status)],
        detail=operation.error,
        operation_uuid=str(operation.uuid),
    )


def _tell(subject: Any, resource: Resource, bound: Bound, now: datetime) -> None:
    kind = str(resource.get_kind_display())
    what = resource.label if kind in resource.label else f"{kind} {resource.label}"
    timeline.record(
        subject,
        description=_("%(what)s created") % {"what": what},
        source=bound.plugin.title,
        details={"resource": resource.kind, "label": resource.label, "url": resource.url},
        actor=Actor.system(),
        now=now,
    )
    payload = ResourceReady(
        kind=subject.kind,
        subject_id=subject.pk,
        user_id=None,
        resource_kind=resource.kind,
        resource_uuid=str(resource.uuid),
    )
    resource_ready.send(sender=Resource, payload=payload)
