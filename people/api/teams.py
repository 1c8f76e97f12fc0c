"""Teams and their members."""

from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.configuration import ConfigurationViewSet
from core.api.filters import FlagFilter, RecordFilters, ReferenceFilter, TextsFilter
from core.api.ordering import RECORD, Column
from core.api.organizations import RECORD_FIELDS
from core.api.references import PersonalReference, Reference, person
from core.api.serializers import RecordSerializer
from core.models import Organization
from people.api.references import PERSON_SCHEMA
from people.flows.teams import delete_team, save_team
from people.models import Individual, Team, TeamMember

MOST_MEMBERS = 1000


@extend_schema_field({"type": "array", "items": PERSON_SCHEMA, "maxItems": MOST_MEMBERS})
class Members(serializers.Field):
    """People of the team: read as small objects, written as ids or addresses. Needs `members` prefetched."""

    default_error_messages = {"invalid": _("Give a list of ids or e-mail addresses, at most 1,000.")}

    def to_internal_value(self, data: Any) -> list[Individual]:
        if not isinstance(data, list) or len(data) > MOST_MEMBERS:
            self.fail("invalid")
        reference = PersonalReference(Individual)
        reference.bind("members", self.parent)
        return [reference.run_validation(value) for value in data]

    def to_representation(self, value: Any) -> list[dict[str, Any]]:
        return [person(member.individual) for member in value.all()]


class TeamSerializer(RecordSerializer):
    """People who belong together."""

    organization = Reference(Organization)
    lead = PersonalReference(Individual, allow_null=True, required=False)
    members = Members(required=False, help_text="Replaces all of them.")

    class Meta:
        model = Team
        fields = (*RECORD_FIELDS, "organization", "name", "email", "description", "lead", "members", "is_active")
        read_only_fields = RECORD_FIELDS


class TeamFilters(RecordFilters):
    """Teams by organization, name and state."""

    organization = ReferenceFilter(Organization)
    name = TextsFilter("name")
    is_active = FlagFilter()


class TeamViewSet(ConfigurationViewSet):
    """Teams of the caller's organizations, with their members."""

    area = "people"
    model = Team
    related = ("organization", "lead")
    serializer_class = TeamSerializer
    filterset_class = TeamFilters
    orderings: ClassVar[dict[str, Column]] = {**RECORD}
    chosen: list[Individual] | None = None

    def get_queryset(self) -> QuerySet[Any]:
        members = TeamMember.objects.select_related("individual").order_by("individual__name", "pk")
        rows: QuerySet[Any] = super().get_queryset().prefetch_related(Prefetch("members", queryset=members))
        return rows

    def body(self, instance: Any = None) -> dict[str, Any]:
        """The body; members are rows of their own."""
        values = super().body(instance)
        self.chosen = values.pop("members", None)
        return values

    def save_row(self, row: Any, version: int | None) -> Any:
        return save_team(row, actor=self.actor, now=self.now, version=version, members=self.chosen)

    def delete_row(self, row: Any) -> None:
        delete_team(row, actor=self.actor)
