"""Incidents."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers

from core.api.subjects import SubjectViewSet
from incidents import flows
from incidents.api.bulk import BulkAction, BulkBody, IncidentJobSerializer, own_jobs
from incidents.api.exports import ExportAction
from incidents.api.filters import IncidentFilters
from incidents.api.serializers import (
    HOLDERS,
    TEXTS,
    IncidentEditBody,
    IncidentMoveBody,
    IncidentReportBody,
    IncidentSerializer,
)
from incidents.models import Incident
from people.api.references import with_holders
from reporting.api.fields import with_cost

RELATED = ("project", "type", "severity", "priority")
# A list reads all of an incident and the names of its related rows: half the columns.
LISTED = (
    *(field.name for field in Incident._meta.concrete_fields),
    *(f"{relation}__{name}" for relation in RELATED for name in ("uuid", "name")),
)
# One alone is changed too, and a change asks more of the related rows; these it never asks for.
NOT_SHOWN = (
    "project__description", "project__report_instructions", "project__description_hint", "type__description",
    "severity__description", "priority__description",
)  # fmt: skip


class IncidentViewSet(ExportAction, BulkAction, SubjectViewSet):
    """Security incidents, from the report to closed."""

    area = "incidents"
    model = Incident
    texts = TEXTS
    serializer_class = IncidentSerializer
    filterset_class = IncidentFilters
    search_kind = "incident"
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {
        "create": IncidentReportBody, "partial_update": IncidentEditBody, "move": IncidentMoveBody,
        "bulk": BulkBody,
    }  # fmt: skip
    answers: ClassVar[dict[str, type[serializers.Serializer]]] = {"bulk": IncidentJobSerializer}
    # 25 rows stay below 20 kB; tags and texts come with `?fields=` or one by one.
    list_fields = (
        "id", "name", "title", "status", "visibility", "project", "type", "severity", "priority", "commander",
        "cost", "reported_at", "closed_at", "updated_at",
    )  # fmt: skip

    def with_relations(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        rows = rows.select_related(*RELATED)
        rows = rows.only(*LISTED) if self.action == "list" else rows.defer(*NOT_SHOWN)
        shown = self.shown_fields()
        # Long texts and people are fetched only where they show.
        rows = rows.defer(*(name for name in TEXTS if not shown(name)))
        rows = rows.prefetch_related("tags") if shown("tags") else rows
        rows = with_cost(rows) if shown("cost") else rows
        roles = [role for name, role in HOLDERS.items() if shown(name)]
        return with_holders(rows, *roles) if roles else rows

    def shown(self) -> QuerySet[Any]:
        return own_jobs(self.request.user) if self.action == "bulk" else super().shown()

    def declare(self, body: dict[str, Any]) -> Incident:
        return flows.declare(actor=self.actor, now=self.now, **body)

    def edit(self, subject: Incident, body: dict[str, Any], version: int | None) -> Incident:
        return flows.edit(incident=subject, actor=self.actor, now=self.now, version=version, **body)

    def move(self, subject: Incident, to: str, reason: str, version: int | None) -> Incident:
        return flows.change_status(
            incident=subject, to=to, reason=reason, actor=self.actor, now=self.now, version=version
        )
