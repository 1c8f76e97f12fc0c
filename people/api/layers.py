"""The layers of rotations, with their people and hours."""

from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import etags
from core.api.configuration import ConfigurationViewSet
from core.api.fields import Clock, Whole
from core.api.filters import RecordFilters, ReferenceFilter
from core.api.ordering import RECORD, Column
from core.api.organizations import RECORD_FIELDS
from core.api.references import PersonalReference, Reference
from core.api.serializers import Answer, Body, RecordSerializer
from people.flows import oncall
from people.models import Individual, LayerRestriction, RotationLayer, RotationMember, Service
from people.oncall.rotation import Window


class WindowSerializer(Body, Answer):
    """Hours on a weekday (0 is Monday, null every day), on the layer's clock. An end at or before the start is the next
    day's.
    """

    weekday = Whole(min_value=0, max_value=6, allow_null=True, required=False)
    starts_at = Clock()
    ends_at = Clock()


class Members(serializers.ListField):
    """People in the order of their turns."""

    child = PersonalReference(Individual)

    def get_attribute(self, instance: Any) -> list[Individual]:
        return [member.individual for member in instance.members.all()]


class LayerSerializer(RecordSerializer):
    """People taking turns. Of several layers that cover a moment the one with the highest `order` counts.

    Changing `members` leaves the running turn with whoever has it: the list is turned round until it is theirs.
    """

    service = Reference(Service)
    handover_at = Clock()
    members = Members(required=False, max_length=oncall.MOST_MEMBERS)
    restrictions = WindowSerializer(many=True, required=False)

    class Meta:
        model = RotationLayer
        fields = (
            *RECORD_FIELDS, "service", "name", "order", "cadence", "turn_hours", "handover_at", "handover_weekday",
            "time_zone", "starts_on", "ends_on", "members", "restrictions",
        )  # fmt: skip
        read_only_fields = RECORD_FIELDS


class LayerFilters(RecordFilters):
    """Layers by service."""

    service = ReferenceFilter(Service)


class LayerViewSet(ConfigurationViewSet):
    """Rotation layers of the caller's projects."""

    area = "people"
    model = RotationLayer
    related = ("service__project__organization",)
    serializer_class = LayerSerializer
    filterset_class = LayerFilters
    orderings: ClassVar[dict[str, Column]] = {**RECORD, "order": Column(path="order")}

    def get_queryset(self) -> QuerySet[Any]:
        members = RotationMember.objects.select_related("individual").order_by("position")
        windows = LayerRestriction.objects.order_by("weekday", "starts_at")
        return super().get_queryset().prefetch_related(Prefetch("members", members), Prefetch("restrictions", windows))

    def partial_update(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        row = self.get_object()
        version = etags.expected_version(request, row)
        body = self.body(row)
        parts = _parts(body)
        # The same row, without what was fetched of it for the answer.
        row = RotationLayer.objects.select_related(*self.related).get(pk=row.pk)
        for name, value in body.items():
            setattr(row, name, value)
        oncall.save_layer(row, **parts, actor=self.actor, now=self.now, version=version)
        return self.show(row.uuid)

    def delete_row(self, row: Any) -> None:
        oncall.delete_layer(row, actor=self.actor, now=self.now)

    def _create(self) -> RotationLayer:
        body = self.body()
        parts = _parts(body)
        return oncall.save_layer(RotationLayer(**body), **parts, actor=self.actor, now=self.now)


def _parts(body: dict[str, Any]) -> dict[str, Any]:
    """People and hours, taken out of the body."""
    hours = body.pop("restrictions", None)
    return {
        "members": body.pop("members", None),
        "restrictions": None if hours is None else [Window(**{"weekday": None, **each}) for each in hours],
    }
