"""The figures of the console's trends, under the same access and from the same queries."""

from typing import Any, ClassVar, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.errors import field_error
from core.api.fields import Choice, Text, Whole
from core.api.serializers import Answer
from core.api.views import ApiView
from incidents.trends import BY, MONTHS, Slot, Trends

PARAMETERS: Final = {"by": list(BY), "months": list(MONTHS)}


class TrendSlotSerializer(Answer):
    """A month, or a name over the whole time."""

    name = Text()
    first = serializers.DateField()
    last = serializers.DateField()


class TrendSeveritySerializer(Answer):
    """How many of a severity."""

    severity = Text()
    count = Whole()


class TrendReportedSerializer(TrendSlotSerializer):
    """How many were reported then."""

    count = Whole()
    severities = TrendSeveritySerializer(many=True)


class TrendDurationSerializer(TrendSlotSerializer):
    """The median time from the report, of those that got so far then."""

    median_seconds = Whole(allow_null=True, help_text="Null: none got so far.")
    count = Whole()


class TrendCostSerializer(TrendSlotSerializer):
    """What the incidents reported then cost."""

    currency = Text()
    total = serializers.DecimalField(max_digits=16, decimal_places=2)


class TrendsSerializer(Answer):
    """The figures, a row for each month (or name). Months are those of `time_zone`."""

    by = Choice(list(BY.items()))
    first = serializers.DateField()
    last = serializers.DateField()
    time_zone = Text()
    reported = TrendReportedSerializer(many=True)
    time_to_stable = TrendDurationSerializer(many=True)
    time_to_close = TrendDurationSerializer(many=True)
    cost = TrendCostSerializer(many=True)


class IncidentTrendsView(ApiView):
    """Reported incidents, times to stable and to close, and costs, of what the caller sees."""

    area = "incidents"
    serializer_class = TrendsSerializer
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {}

    def allowed_parameters(self) -> set[str]:
        return {*super().allowed_parameters(), *PARAMETERS, "project", "type"}

    @extend_schema(
        parameters=[
            OpenApiParameter("by", str, enum=PARAMETERS["by"], description="Default: month."),
            OpenApiParameter("months", int, enum=[int(months) for months in MONTHS], description="Default: 6."),
            OpenApiParameter("project", str, description="The name of a project."),
            OpenApiParameter("type", str, description="The name of a type."),
        ]
    )
    def get(self, request: Request) -> Response:
        trends = Trends(request)
        self._check(request, {"project": trends.projects, "type": trends.types})
        return self.answer(
            {
                "by": trends.by,
                "first": trends.first,
                "last": trends.today,
                "time_zone": timezone.get_current_timezone_name(),
                "reported": _reported(trends),
                "time_to_stable": _durations(trends, "stable_at"),
                "time_to_close": _durations(trends, "closed_at"),
                "cost": _costs(trends),
            }
        )

    def _check(self, request: Request, names: dict[str, list[str]]) -> None:
        for name, words in {**PARAMETERS, **names}.items():
            value = request.query_params.get(name)
            if value is not None and value not in words:
                told = {"word": value[:80], "words": ", ".join(words)[:500]}
                raise field_error(name, _("“%(word)s” is not one of %(words)s.") % told, "unknown")


def _reported(trends: Trends) -> list[dict[str, Any]]:
    found = trends.counts()
    rows = []
    for slot in trends.slots(found):
        counted = [{"severity": row["severity__name"], "count": row["count"]} for row in found.get(slot.key, [])]
        rows.append({**_place(slot), "count": sum(row["count"] for row in counted), "severities": counted})
    return rows


def _durations(trends: Trends, moment: str) -> list[dict[str, Any]]:
    found = trends.medians(moment)
    rows = []
    for slot in trends.slots(found):
        median, count = found.get(slot.key, (None, 0))
        seconds = None if median is None else round(median.total_seconds())
        rows.append({**_place(slot), "median_seconds": seconds, "count": count})
    return rows


def _costs(trends: Trends) -> list[dict[str, Any]]:
    return [
        {**_place(slot), "currency": currency, "total": totals.get(slot.key, 0)}
        for currency, totals in sorted(trends.totals().items())
        for slot in trends.slots(totals)
    ]


def _place(slot: Slot) -> dict[str, Any]:
    return {"name": slot.label, "first": slot.first, "last": slot.last}
