"""What stands beside an incident in a list or an export, each kind in one query for all rows."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, Q
from django.utils import timezone

from core.timeline import Event
from incidents.models import Incident
from knowledge.models import Tag
from people.models import Role, Task
from reporting.models import CostStatement


@dataclass(kw_only=True)
class Row:
    """An incident with what its line shows."""

    incident: Incident
    last: Event | None = None
    commander: Any = None
    cost: CostStatement | None = None
    tags: list[Tag] = field(default_factory=list)
    open_tasks: int = 0
    late_tasks: int = 0


def rows_of(incidents: Iterable[Incident], columns: Collection[str]) -> list[Row]:
    """The incidents with what these columns show of them."""
    incidents = list(incidents)
    commanders = commanders_of(incidents) if "commander" in columns else {}
    costs = costs_of(incidents) if "cost" in columns else {}
    tags = tags_of(incidents) if "tags" in columns else {}
    tasks = tasks_of(incidents) if "tasks" in columns else {}
    return [
        Row(
            incident=one, commander=commanders.get(one.pk), cost=costs.get(one.pk), tags=tags.get(one.pk, []),
            open_tasks=tasks.get(one.pk, (0, 0))[0], late_tasks=tasks.get(one.pk, (0, 0))[1],
        )
        for one in incidents
    ]  # fmt: skip


def last_events(incidents: Iterable[Incident]) -> dict[int, Event]:
    """The newest event of each, in one query: its number is the length of the timeline."""
    pks = [incident.pk for incident in incidents]
    events = Event.objects.filter(incident__in=pks, seq=F("incident__event_count"))
    return {event.incident_id: event for event in events if event.incident_id}


def commanders_of(incidents: Iterable[Incident]) -> dict[int, Any]:
    """Who commands each, or commanded it last, in one query."""
    pks = [incident.pk for incident in incidents]
    roles = Role.objects.filter(incident__in=pks, role=Role.Name.COMMANDER).select_related("participant__individual")
    return {
        role.incident_id: role.participant.individual for role in roles.order_by("assumed_at", "pk") if role.incident_id
    }


def costs_of(incidents: Iterable[Incident]) -> dict[int, CostStatement]:
    """What each cost when it was last worked out, in one query."""
    pks = [incident.pk for incident in incidents]
    statements = CostStatement.objects.filter(incident__in=pks).exclude(currency="")
    return {statement.incident_id: statement for statement in statements if statement.incident_id}


def tags_of(incidents: Iterable[Incident]) -> dict[int, list[Tag]]:
    """The tags of each, in one query."""
    links = Incident.tags.through.objects.filter(incident__in=[one.pk for one in incidents])
    found: defaultdict[int, list[Tag]] = defaultdict(list)
    for link in links.select_related("tag").order_by("tag__name", "pk"):
        found[link.incident_id].append(link.tag)
    return found


def tasks_of(incidents: Iterable[Incident]) -> dict[int, tuple[int, int]]:
    """How many open tasks each has, and how many of them are late, in one query."""
    late = Count("pk", filter=Q(due_at__lte=timezone.now()))
    tasks = Task.objects.filter(incident__in=[one.pk for one in incidents]).open()
    counts = tasks.order_by().values_list("incident").annotate(count=Count("pk"), late=late)
    return {pk: (count, overdue) for pk, count, overdue in counts}
