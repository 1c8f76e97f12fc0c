"""Money and days, and a subject's cost as its own answer shows it."""

import re
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.fields import write_moment
from reporting.models import CostStatement

AMOUNT: Final = re.compile(r"\d{1,12}(\.\d{1,2})?", re.ASCII)
COST_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "total": {"type": "string", "example": "204.34"}, "currency": {"type": "string"},
        "final": {"type": "boolean"}, "worked_out_at": {"type": "string", "format": "date-time"},
    },
    "required": ["total", "currency", "final", "worked_out_at"],
}  # fmt: skip


@extend_schema_field({"type": "string", "pattern": r"^\d{1,12}(\.\d{1,2})?$", "example": "1200.00"})
class Money(serializers.Field):
    """An amount as text, to the cent: a JSON number would not keep it."""

    default_error_messages = {"invalid": _("Give an amount as text, for example “1200.00”.")}

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str) or not AMOUNT.fullmatch(data):
            self.fail("invalid")
        return Decimal(data)

    def to_representation(self, value: Any) -> str:
        return f"{value:.2f}"


@extend_schema_field({"type": "string", "format": "date"})
class Day(serializers.Field):
    """A day of the calendar."""

    default_error_messages = {"invalid": _("Give a day, for example “2026-11-24”.")}

    def to_internal_value(self, data: Any) -> date:
        try:
            day = date.fromisoformat(data) if isinstance(data, str) and len(data) == len("2026-11-24") else None
        except ValueError:
            day = None
        if day is None:
            self.fail("invalid")
        return day

    def to_representation(self, value: Any) -> str:
        return str(value.isoformat())


def with_cost(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The subjects, each with its stored statement in `costs`. One query for all of them."""
    statements = CostStatement.objects.exclude(currency="")
    return rows.prefetch_related(Prefetch("coststatements", queryset=statements, to_attr="costs"))


@extend_schema_field(COST_SCHEMA)
class CostField(serializers.Field):
    """What a subject cost when it was last worked out, null before that. Needs `with_cost`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, source="*", allow_null=True, **kwargs)

    def to_representation(self, value: Any) -> dict[str, Any] | None:
        if not value.costs:
            return None
        cost = value.costs[0]
        return {
            "total": f"{cost.total:.2f}", "currency": cost.currency, "final": cost.final,
            "worked_out_at": write_moment(cost.worked_out_at),
        }  # fmt: skip
