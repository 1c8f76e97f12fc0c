"""People known by e-mail."""

from typing import Any, ClassVar

from core.api.configuration import ConfigurationViewSet
from core.api.fields import Text
from core.api.filters import FlagFilter, RecordFilters, ReferenceFilter, TextsFilter
from core.api.ordering import RECORD, Column
from core.api.organizations import RECORD_FIELDS
from core.api.references import PersonalReference, Reference
from core.api.serializers import RecordSerializer
from core.models import Organization, User
from people.flows import save_individual
from people.models import Individual


class IndividualSerializer(RecordSerializer):
    """A person of an organization, user of Dispatch or not."""

    organization = Reference(Organization)
    user = PersonalReference(User, read_only=True, allow_null=True)
    name = Text(max_length=200, required=False, allow_blank=True, help_text="Empty: made of the address.")

    class Meta:
        model = Individual
        fields = (
            *RECORD_FIELDS, "organization", "email", "name", "user", "title", "department", "team", "location",
            "company", "mobile_phone", "time_zone", "external_id", "is_external", "is_active", "notes",
        )  # fmt: skip
        read_only_fields = RECORD_FIELDS


class IndividualFilters(RecordFilters):
    """People by organization, address and state."""

    organization = ReferenceFilter(Organization)
    email = TextsFilter("email")
    is_active = FlagFilter()
    is_external = FlagFilter()


class IndividualViewSet(ConfigurationViewSet):
    """People of the caller's organizations."""

    area = "people"
    model = Individual
    related = ("organization", "user")
    serializer_class = IndividualSerializer
    filterset_class = IndividualFilters
    search_kind = "individual"
    orderings: ClassVar[dict[str, Column]] = {**RECORD, "email": Column(path="email")}

    def save_row(self, row: Any, version: int | None) -> Any:
        return save_individual(row, actor=self.actor, now=self.now, version=version)
