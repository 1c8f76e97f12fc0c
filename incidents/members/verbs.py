"""What can be done on the page of an incident: each takes what was posted and calls one flow."""

from collections.abc import Callable
from typing import Any, Final

from django.http import Http404
from django.utils import timezone

from core.attachments import flows as attachments
from core.timeline import Event
from incidents.models import Incident
from people import flows as people
from people.flows import handovers, pages
from people.flows.individuals import of_user
from people.flows.task_taking import take_task
from people.flows.tasks import resolve_task
from people.models import HandOver, Page, Task

Verb = Callable[[Any, Incident, Any], None]


def _join(request: Any, incident: Incident, _key: Any) -> None:
    people.join(subject=incident, actor=request.actor, now=timezone.now())


def _entry(request: Any, incident: Incident, _key: Any) -> None:
    words = {
        "subject": incident, "actor": request.actor, "now": timezone.now(),
        "description": request.POST.get("description", "").replace("\r\n", "\n"),
        "kind": Event.Kind.DECISION if request.POST.get("decision") else Event.Kind.CUSTOM,
    }  # fmt: skip
    attachments.add_entry(files=request.FILES.getlist("file"), **words)


def _acknowledge(request: Any, incident: Incident, key: Any) -> None:
    now = timezone.now()
    person = of_user(request.user, incident.project.organization, now)
    page = _row(Page, incident, key)
    pages.acknowledge(page=page, individual=person, way=Page.Way.CONSOLE, actor=request.actor, now=now)


def _take(request: Any, incident: Incident, key: Any) -> None:
    take_task(task=_row(Task, incident, key), actor=request.actor, now=timezone.now())


def _finish(request: Any, incident: Incident, key: Any) -> None:
    resolve_task(task=_row(Task, incident, key), actor=request.actor, now=timezone.now())


def _accept(request: Any, incident: Incident, key: Any) -> None:
    handovers.accept(handover=_row(HandOver, incident, key), actor=request.actor, now=timezone.now())


def _decline(request: Any, incident: Incident, key: Any) -> None:
    handovers.decline(
        handover=_row(HandOver, incident, key), reason=request.POST.get("reason", ""), actor=request.actor,
        now=timezone.now(),
    )  # fmt: skip


def _row(model: Any, incident: Incident, key: Any) -> Any:
    """The incident's row of this id.

    :raises Http404: when it has none.
    """
    row = model.objects.of(incident).filter(uuid=key).first() if key else None
    if row is None:
        raise Http404
    setattr(row, incident.kind, incident)
    return row


VERBS: Final[dict[str, Verb]] = {
    "join": _join,
    "entry": _entry,
    "acknowledge": _acknowledge,
    "take": _take,
    "finish": _finish,
    "accept": _accept,
    "decline": _decline,
}
