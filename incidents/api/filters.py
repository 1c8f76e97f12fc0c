"""What the list of incidents can be narrowed by."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from core.api.filters import MomentFilter, RecordFilters, ReferenceFilter, WordsFilter
from core.models import Project, Visibility
from incidents.models import Incident, Priority, Severity, Type
from knowledge.models import Tag
from people.models import Individual, Participant, Role


class TagFilter(ReferenceFilter):
    """Incidents that carry any of the tags."""

    def pointing_at(self, rows: QuerySet[Any], keys: list[int]) -> QuerySet[Any]:
        carried = Incident.tags.through.objects.filter(incident_id=OuterRef("pk"), tag_id__in=keys)
        return rows.filter(Exists(carried))


class CommanderFilter(ReferenceFilter):
    """Incidents that any of the people command, or commanded when it was closed."""

    def pointing_at(self, rows: QuerySet[Any], keys: list[int]) -> QuerySet[Any]:
        held = Role.objects.filter(
            Q(renounced_at=None) | Q(ended_by__isnull=False, incident__status=Incident.Status.CLOSED),
            incident_id=OuterRef("pk"), role=Role.Name.COMMANDER, participant__individual_id__in=keys,
        )  # fmt: skip
        return rows.filter(Exists(held))


class ParticipantFilter(ReferenceFilter):
    """Incidents in which any of the people take part."""

    def pointing_at(self, rows: QuerySet[Any], keys: list[int]) -> QuerySet[Any]:
        taking = Participant.objects.filter(incident_id=OuterRef("pk"), individual_id__in=keys, left_at=None)
        return rows.filter(Exists(taking))


class IncidentFilters(RecordFilters):
    """Incidents by state, classification, people and time."""

    status = WordsFilter(Incident.Status.values)
    visibility = WordsFilter(Visibility.values)
    project = ReferenceFilter(Project)
    type = ReferenceFilter(Type)
    severity = ReferenceFilter(Severity)
    priority = ReferenceFilter(Priority)
    tag = TagFilter(Tag)
    commander = CommanderFilter(Individual, natural="email")
    participant = ParticipantFilter(Individual, natural="email")
    reported_at_after = MomentFilter("reported_at", "gte")
    reported_at_before = MomentFilter("reported_at", "lt")
    closed_at_after = MomentFilter("closed_at", "gte")
    closed_at_before = MomentFilter("closed_at", "lt")
