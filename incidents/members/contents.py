"""What the page of an incident shows its reader, in a fixed number of queries."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from core.access import Right, may_use_console
from core.console import panels, rights
from core.links import page_path
from core.timeline import Event
from incidents.models import Incident
from integrations.flows import expected_resources
from people.flows import handovers, pages, task_rules
from people.models import Participant, Role, Task
from people.panels.participants import roles_card

LINES = 25
TASKS = 30


def contents(request: Any, incident: Incident) -> dict[str, Any]:
    """The context of the page."""
    mine = rights.on(request, incident)
    part = Participant.objects.of(incident).filter(individual__user=request.user, left_at=None).first()
    resources = expected_resources(incident)
    return {
        "title": f"{incident.name} {incident.title}",
        "incident": incident,
        "roles": roles_card(incident),
        "part": part,
        "as_what": _roles_in_words(part),
        "may_join": part is None and _may_join(incident, mine),
        "writes": Right.WRITE in mine,
        "most_bytes": settings.ATTACHMENT_MAX_BYTES,
        "calls": _calls(request, incident),
        "offers": handovers.open_offers(incident).filter(receiver__user=request.user),
        "tasks": _tasks(request, incident, mine),
        "resources": resources,
        "every": 3 if any(one.state == "pending" for one in resources) else 8,
        "console": page_path(incident) if may_use_console(request.user) and Right.SEE in mine else "",
        **_timeline(request, incident),
    }


def _may_join(incident: Incident, mine: frozenset[Right]) -> bool:
    free = not incident.is_restricted and incident.project.allow_self_join
    return incident.is_open and Right.JOIN in mine and (free or Right.ADMINISTER in mine)


def _roles_in_words(part: Participant | None) -> str:
    if part is None:
        return ""
    held = part.roles.filter(renounced_at=None).order_by("assumed_at", "pk").values_list("role", flat=True)
    return ", ".join(str(Role.Name(role).label) for role in held) or _("nothing in particular")


def _calls(request: Any, incident: Incident) -> Any:
    """Pages that nobody has answered and this reader was called by, whoever is being called now."""
    return pages.unanswered(incident).filter(calls__individual__user=request.user).distinct()


def _tasks(request: Any, incident: Incident, mine: frozenset[Right]) -> list[dict[str, Any]]:
    """Open tasks, one's own first; what can be done with each."""
    found = []
    for task in Task.objects.of(incident).open().for_list().order_by("due_at", "pk")[:TASKS]:
        own = task_rules.is_own(task, request.user)
        does_it = any(row.individual.user_id == request.user.pk for row in task.doers)
        found.append(
            {
                "task": task,
                "people": [row.individual for row in task.doers] or [task.owner],
                "overdue": task.is_overdue(timezone.now()),
                "own": own,
                "may_take": Right.WRITE in mine and not does_it and not own,
                "may_finish": task_rules.may_work(request.user, task, mine),
            }
        )
    return sorted(found, key=lambda line: not line["own"])


def _timeline(request: Any, incident: Incident) -> dict[str, Any]:
    rows = Event.objects.of(incident).order_by("-happened_at", "-seq")
    shown = rows.select_related("pin", "superseded__by", "supersedes").prefetch_related("attachments")
    page = panels.page_of(request, shown, LINES)
    return {"page": page, "events": page.object_list}
