"""People known by e-mail: the directory, what somebody answers for, leaving and coming back."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core import access
from core.access import Right
from core.api.configuration import ConfigurationViewSet
from core.api.fields import Flag, Moment, Text
from core.api.filters import FlagFilter, RecordFilters, ReferenceFilter, TextsFilter
from core.api.ordering import RECORD, Column
from core.api.organizations import RECORD_FIELDS
from core.api.references import Person, PersonalReference, Reference
from core.api.serializers import Answer, Body, Nothing, RecordSerializer
from core.models import Organization, User
from people.flows import save_individual
from people.flows.duties import Duties, open_duties
from people.flows.leaving import deactivate, delete_individual, reactivate
from people.flows.merging import merge
from people.models import Individual, Team, TeamMember


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class ExternalIds(serializers.Field):
    """By system, what it calls the person. Needs `identities` prefetched."""

    default_error_messages = {"invalid": _("Give an object: a system, and the id there as text.")}

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
            self.fail("invalid")
        return dict(data)

    def to_representation(self, value: Any) -> dict[str, str]:
        return {row.system: row.value for row in sorted(value.all(), key=lambda row: str(row.system))}


class IndividualSerializer(RecordSerializer):
    """A person of an organization, user of Dispatch or not."""

    organization = Reference(Organization)
    user = PersonalReference(User, read_only=True, allow_null=True)
    name = Text(max_length=200, required=False, allow_blank=True, help_text="Empty: made of the address.")
    external_ids = ExternalIds(source="identities", required=False, help_text="Replaces all of them.")
    deactivated_at = Moment(read_only=True, allow_null=True)
    merged_into = Person(allow_null=True)

    class Meta:
        model = Individual
        fields = (
            *RECORD_FIELDS, "organization", "email", "name", "user", "title", "department", "team", "location",
            "company", "mobile_phone", "office_phone", "weblink", "time_zone", "external_id", "external_ids",
            "is_external", "is_active", "deactivated_at", "merged_into", "notes",
        )  # fmt: skip
        read_only_fields = RECORD_FIELDS


class DutySerializer(Answer):
    """One thing somebody answers for."""

    key = Text(help_text="Names it in `choices`.")
    kind = Text()
    text = Text()
    needs_successor = Flag(help_text="Otherwise it ends when they go, unless somebody is chosen.")


class DutiesSerializer(Answer):
    """What somebody answers for, as far as the caller may hand it over."""

    duties = DutySerializer(many=True)
    hidden = Flag(help_text="There is more, in what the caller does not see; an owner lets them go.")


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class Choices(serializers.Field):
    """By key of a duty, the e-mail or id of who takes it over."""

    default_error_messages = {"invalid": _("Give an object: the key of a duty, and who takes it over.")}

    def to_internal_value(self, data: Any) -> dict[str, Individual]:
        if not isinstance(data, dict) or len(data) > 1000:
            self.fail("invalid")
        reference = PersonalReference(Individual)
        reference.bind("choices", self.parent)
        return {key: reference.run_validation(value) for key, value in data.items()}

    def to_representation(self, value: Any) -> Any:
        return value


class LeaveBody(Body):
    """Who takes over."""

    successor = PersonalReference(Individual, required=False, allow_null=True, help_text="Of all that has no choice.")
    choices = Choices(required=False)


class MergeBody(Body):
    """Who is the same person; their row goes, the one of the address stays."""

    gone = PersonalReference(Individual)


class MemberFilter(ReferenceFilter):
    """People of a team."""

    def pointing_at(self, rows: QuerySet[Any], keys: list[int]) -> QuerySet[Any]:
        return rows.filter(pk__in=TeamMember.objects.filter(team__in=keys).values("individual"))


class IndividualFilters(RecordFilters):
    """People by organization, address, place and state."""

    organization = ReferenceFilter(Organization)
    email = TextsFilter("email")
    department = TextsFilter("department")
    member_of = MemberFilter(Team)
    is_active = FlagFilter()
    is_external = FlagFilter()


class IndividualViewSet(ConfigurationViewSet):
    """People of the caller's organizations."""

    area = "people"
    model = Individual
    related = ("organization", "user", "merged_into")
    serializer_class = IndividualSerializer
    filterset_class = IndividualFilters
    search_kind = "individual"
    orderings: ClassVar[dict[str, Column]] = {**RECORD, "email": Column(path="email")}
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {
        "create": IndividualSerializer, "partial_update": IndividualSerializer, "deactivate": LeaveBody,
        "reactivate": Nothing, "merge": MergeBody,
    }  # fmt: skip
    answers: ClassVar[dict[str, type[serializers.Serializer]]] = {"duties": DutiesSerializer}
    external_ids: Mapping[str, str] | None = None

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset().prefetch_related("identities")
        return rows

    def body(self, instance: Any = None) -> dict[str, Any]:
        """The body; external ids are rows of their own."""
        values = super().body(instance)
        self.external_ids = values.pop("identities", None)
        return values

    def save_row(self, row: Any, version: int | None) -> Any:
        return save_individual(row, actor=self.actor, now=self.now, version=version, external_ids=self.external_ids)

    def delete_row(self, row: Any) -> None:
        delete_individual(individual=row, actor=self.actor, now=self.now)

    @action(detail=True, methods=["get"])
    def duties(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """What the person answers for, for those who may let them go."""
        person = self.get_object()
        access.require(self.actor, Right.CONFIGURE, person.organization)
        found: Duties = open_duties(person, actor=self.actor, now=self.now)
        return self.answer({"duties": list(found), "hidden": found.hidden})

    @action(detail=True, methods=["post"])
    def deactivate(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Let the person go: duties pass on, the account ends. 409 lists what has no successor."""
        return self.once(self._deactivate)

    @action(detail=True, methods=["post"])
    def reactivate(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Let the person be chosen, and sign in, again."""
        return self.once(lambda: reactivate(individual=self.get_object(), actor=self.actor, now=self.now))

    @action(detail=True, methods=["post"])
    def merge(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Merge another row of the same person into this one."""
        return self.once(self._merge)

    def _deactivate(self) -> Individual:
        body = self.body()
        return deactivate(
            individual=self.get_object(), successor=body.get("successor"), choices=body.get("choices"),
            actor=self.actor, now=self.now,
        )  # fmt: skip

    def _merge(self) -> Individual:
        kept = self.get_object()
        merge(kept=kept, gone=self.body()["gone"], actor=self.actor, now=self.now)
        return kept
