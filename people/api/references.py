"""How the API names people."""

from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework import serializers

from core.api.references import Reference, person, small_schema
from core.emails import normalise
from people.models import Individual, Role

PERSON = ("uuid", "name", "email")
PERSON_SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"}, "name": {"type": "string"}, "email": {"type": "string"},
    },
    "required": ["id", "name", "email"],
}  # fmt: skip


class IndividualReference(Reference):
    """Somebody, by id or e-mail. An address not seen before is handed on as it is: the flow makes the person."""

    default_error_messages = {"invalid": _("Give an id or an e-mail address.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Individual, natural="email", shows=("name", "email"), **kwargs)

    def to_representation(self, value: Individual) -> dict[str, Any]:
        return person(value)

    def to_internal_value(self, data: Any) -> Individual | str:
        if not isinstance(data, str) or "@" not in data:
            individual: Individual = super().to_internal_value(data)
            return individual
        try:
            return normalise(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error), "invalid") from None


def with_holders(rows: QuerySet[Any], *roles: str) -> QuerySet[Any]:
    """The subjects, each with the holders of the roles in `held_roles`: present ones, and those whose role ended with
    the closing, who still show on a closed subject. Two queries for all of them.
    """
    held = (
        Role.objects.filter(Q(renounced_at=None) | Q(ended_by__isnull=False), role__in=roles)
        .select_related("participant__individual")
        .only("incident", "case", "role", "renounced_at", *(f"participant__individual__{name}" for name in PERSON))
        .order_by("assumed_at", "pk")
    )
    return rows.prefetch_related(Prefetch("roles", queryset=held, to_attr="held_roles"))


def holder(subject: Any, role: str) -> Individual | None:
    """Who holds the role, or held it when the subject was closed. Needs `with_holders`."""
    held = [row for row in subject.held_roles if row.role == role]
    present = [row for row in held if row.renounced_at is None]
    last = (present or held)[-1:]
    return last[0].participant.individual if last else None


class HolderField(serializers.Field):
    """The individual who holds a role in the subject."""

    def __init__(self, role: str, **kwargs: Any) -> None:
        self.role = role
        super().__init__(read_only=True, source="*", allow_null=True, **kwargs)

    def to_representation(self, value: Any) -> dict[str, Any] | None:
        individual = holder(value, self.role)
        return person(individual) if individual else None


class HolderSchema(OpenApiSerializerFieldExtension):
    """A person, or nobody."""

    target_class = "people.api.references.HolderField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:  # noqa: ARG002
        return small_schema(auto_schema, ("name", "email"))
