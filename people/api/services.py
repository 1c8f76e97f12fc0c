"""Services, and who is on call for them when."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core import access
from core.access import Right
from core.api import etags
from core.api.configuration import ConfigurationViewSet
from core.api.errors import field_error
from core.api.fields import Choice, Moment, read_moment
from core.api.filters import FlagFilter, RecordFilters, ReferenceFilter
from core.api.organizations import RECORD_FIELDS
from core.api.references import PersonalReference, Reference
from core.api.serializers import Answer, Body, RecordSerializer
from core.models import Project
from people.flows import oncall
from people.models import EscalationStep, Individual, Service, Shift

PLUGIN_INSTANCES: Any = Service._meta.get_field("plugin_instance").related_model
SHOWN = timedelta(weeks=4)
LONGEST = timedelta(days=366)


class StepSerializer(Answer):
    """Who is called next: a person, or whoever is on call for another service. The other is null."""

    individual = PersonalReference(Individual, allow_null=True)
    service = Reference(Service, source="target", allow_null=True)


class ServiceSerializer(RecordSerializer):
    """What somebody is on call for. `refresh_error` says why the shifts could not be brought up to date."""

    project = Reference(Project)
    owner = PersonalReference(Individual, required=False, allow_null=True)
    plugin_instance = Reference(PLUGIN_INSTANCES, required=False, allow_null=True, scoped=True)
    escalation = StepSerializer(many=True, read_only=True)

    class Meta:
        model = Service
        fields = (
            *RECORD_FIELDS, "project", "name", "description", "owner", "is_active", "escalation_minutes",
            "asks_for_feedback", "plugin_instance", "external_id", "escalation", "refreshed_at", "refresh_error",
        )  # fmt: skip
        read_only_fields = (*RECORD_FIELDS, "refreshed_at", "refresh_error")


class CalledBody(Body):
    """Name one of the two."""

    individual = PersonalReference(Individual, required=False)
    service = Reference(Service, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError(_("Name a person or a service, one of the two."), "invalid")
        return attrs


class EscalationBody(Body):
    """The whole list, in its order."""

    steps = CalledBody(many=True)


class ShiftSerializer(Answer):
    """Somebody is on call from `starts_at` until just before `ends_at`."""

    individual = PersonalReference(Individual, read_only=True)
    starts_at = Moment()
    ends_at = Moment()
    source = Choice(Shift.Source.choices)  # type: ignore[assignment]


class GapSerializer(Answer):
    """Nobody is on call."""

    starts_at = Moment()
    ends_at = Moment()


class ShiftsSerializer(Answer):
    """The shifts that touch the span, in order, and where within it nobody is on call."""

    since = Moment()
    until = Moment()
    shifts = ShiftSerializer(many=True)
    gaps = GapSerializer(many=True)


class OnCallSerializer(Answer):
    """Who is on call at the moment, whoever else comes next, and when nobody is: whom to ask."""

    at = Moment()
    on_call = ShiftSerializer(many=True)
    next = ShiftSerializer(allow_null=True)
    ask = PersonalReference(Individual, allow_null=True, read_only=True)


class ServiceFilters(RecordFilters):
    """Services by project and state."""

    project = ReferenceFilter(Project)
    is_active = FlagFilter()


def moment_parameter(name: str, description: str) -> OpenApiParameter:
    """A moment in the query."""
    return OpenApiParameter(name, datetime, description=description)


class ServiceViewSet(ConfigurationViewSet):
    """Services of the caller's projects. Managers set them up; each change brings the shifts up to date."""

    area = "people"
    model = Service
    related = ("project", "owner", "plugin_instance")
    serializer_class = ServiceSerializer
    filterset_class = ServiceFilters
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {
        "create": ServiceSerializer, "partial_update": ServiceSerializer, "escalation": EscalationBody,
    }  # fmt: skip
    answers: ClassVar[dict[str, Any]] = {"on_call": OnCallSerializer, "shifts": ShiftsSerializer}
    matched = frozenset({"partial_update", "destroy", "escalation"})
    parameters: ClassVar[dict[str, frozenset[str]]] = {
        "on_call": frozenset({"at"}), "shifts": frozenset({"since", "until"}),
    }  # fmt: skip

    def get_queryset(self) -> QuerySet[Any]:
        steps = EscalationStep.objects.select_related("individual", "target").order_by("position")
        return super().get_queryset().prefetch_related(Prefetch("escalation", steps))

    def allowed_parameters(self) -> set[str]:
        return super().allowed_parameters() | self.parameters.get(self.action, frozenset())

    def save_row(self, row: Any, version: int | None) -> Any:
        return oncall.save_service(row, actor=self.actor, now=self.now, version=version)

    @extend_schema(parameters=[moment_parameter("at", "The moment; default: now.")])
    @action(detail=True, methods=["get"], url_path="on-call")
    def on_call(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Who is on call at a moment, and who comes next. Known from the past to eight weeks ahead."""
        service, at = self.get_object(), self._moment(request, "at", self.now)
        duty = oncall.duties([service], at)[service.pk]
        return self.answer({
            "at": at, "on_call": duty.now, "next": duty.next, "ask": None if duty.now else duty.ask,
        })  # fmt: skip

    @extend_schema(parameters=[
        moment_parameter("since", "From when; default: now."),
        moment_parameter("until", "Until when, at most a year later; default: four weeks later."),
    ])  # fmt: skip
    @action(detail=True, methods=["get"])
    def shifts(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """The shifts and gaps of a span."""
        service, since = self.get_object(), self._moment(request, "since", self.now)
        until = self._moment(request, "until", since + SHOWN)
        if not since < until <= since + LONGEST:
            raise field_error("until", _("It must come after `since`, by a year at most."))
        rows = service.shifts.within(since, until).select_related("individual").order_by("starts_at", "pk")
        found = oncall.gaps(service, since=since, until=until)
        return self.answer({"since": since, "until": until, "shifts": list(rows), "gaps": found})

    @action(detail=True, methods=["post"])
    def escalation(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Write the escalation list anew: who is called after those on call."""
        return self.once(lambda: self._escalate(request))

    @action(detail=True, methods=["post"])
    def refresh(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Bring the shifts up to date now; of a rotation that a plugin keeps, have it asked."""
        return self.once(self._refresh)

    def _escalate(self, request: Request) -> Service:
        service = self.get_object()
        version = etags.expected_version(request, service)
        steps = [step.get("individual") or step["service"] for step in self.body()["steps"]]
        return oncall.set_escalation(service=service, steps=steps, actor=self.actor, now=self.now, version=version)

    def _refresh(self) -> Service:
        service: Service = self.get_object()
        access.require(self.actor, Right.CONFIGURE, service.project)
        oncall.refresh(service=service, now=self.now)
        return service

    def _moment(self, request: Request, name: str, otherwise: datetime) -> datetime:
        if name not in request.query_params:
            return otherwise
        moment = read_moment(request.query_params[name])
        if moment is None or not 1900 <= moment.year <= 9000:
            raise field_error(name, _("Give a date and time with its zone, for example 2026-11-24T09:41:00Z."))
        return moment
