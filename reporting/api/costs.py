"""What subjects cost: the breakdown, the written items, and their types."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import etags
from core.api.configuration import ConfigurationViewSet
from core.api.fields import Choice, Flag, Moment, Text, Whole
from core.api.filters import FlagFilter, RecordFilters, ReferenceFilter, WordsFilter
from core.api.ordering import RECORD, Column
from core.api.organizations import RECORD_FIELDS
from core.api.references import Person, Reference
from core.api.serializers import Answer, Body, RecordSerializer
from core.api.subjects import SubjectChildViewSet
from core.api.views import Reads
from core.models import Project
from people.api.references import IndividualReference
from people.models import Individual, Role
from reporting.api.fields import Day, Money
from reporting.cost_facts import Cost, cost_of
from reporting.explaining import explain
from reporting.flows.cost_items import LONGEST_NOTE, add_item, edit_item, remove_item
from reporting.models import CostItem, CostLine, CostType


class CostTypeSerializer(RecordSerializer):
    """What a written cost is for."""

    project = Reference(Project)

    class Meta:
        model = CostType
        fields = (*RECORD_FIELDS, "project", "name", "description", "category", "enabled")
        read_only_fields = RECORD_FIELDS


class CostTypeFilters(RecordFilters):
    """Types by project and kind."""

    project = ReferenceFilter(Project)
    category = WordsFilter(CostType.Category.values)
    enabled = FlagFilter()


class CostTypeViewSet(ConfigurationViewSet):
    """Types of written costs in the caller's projects."""

    area = "configuration"
    model = CostType
    related = ("project",)
    serializer_class = CostTypeSerializer
    filterset_class = CostTypeFilters


class CostLineSerializer(Answer):
    """One stretch of somebody's role, or the review. `hours` is what counts of it, before the multiplier."""

    kind = Choice(CostLine.Kind.choices)
    individual = IndividualReference(allow_null=True, read_only=True)
    role = Choice([*Role.Name.choices, ("", "")])
    started_at = Moment(allow_null=True)
    ended_at = Moment(allow_null=True)
    seconds = Whole()
    hours = serializers.DecimalField(max_digits=12, decimal_places=4)
    multiplier = serializers.DecimalField(max_digits=4, decimal_places=2)
    amount = Money()
    explanation = Text()


class CostSerializer(Answer):
    """What the subject costs at this moment, and why. `total` is `effort` and `items` together."""

    currency = Text()
    hourly_rate = Money()
    paid_hours_per_day = Whole()
    effort = Money()
    items = Money()
    total = Money()
    final = Flag(help_text="Nothing changes any more by the passing of time.")
    worked_out_at = Moment()
    lines = CostLineSerializer(many=True)


class CostViewSet(SubjectChildViewSet):
    """The subject's cost, worked out as it is asked for."""

    queryset = CostLine.objects.none()
    serializer_class = CostSerializer
    pagination_class = None
    filter_backends = []

    def list(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return self.answer(_plain(cost_of(self.subject, self.now)))

    @property
    def is_list(self) -> bool:
        """One object, though it has no id of its own."""
        return False


class CostItemSerializer(Answer):
    """A cost written by hand, in the currency the project had then."""

    id = serializers.UUIDField(source="uuid")
    type = Reference(CostType)
    amount = Money()
    currency = Text()
    incurred_on = Day()
    note = Text()
    author = Person(allow_null=True)
    created_at = Moment()
    updated_at = Moment()
    version = Whole()


class CostItemBody(Body):
    """What it was for, how much, when."""

    type = Reference(CostType, scoped=True)
    amount = Money()
    incurred_on = Day()
    note = Text(max_length=LONGEST_NOTE, allow_blank=True, required=False)

    def find_scope(self, data: Any) -> Project | None:  # noqa: ARG002
        project: Project = self.context["view"].subject.project
        return project


class CostItemViewSet(Reads, SubjectChildViewSet):
    """Costs written by hand, newest first. Each keeps its currency; writing one changes no other."""

    queryset = CostItem.objects.none()
    serializer_class = CostItemSerializer
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {"create": CostItemBody, "partial_update": CostItemBody}
    orderings: ClassVar[dict[str, Column]] = {
        "incurred_on": Column(path="incurred_on"), "created_at": RECORD["created_at"],
    }  # fmt: skip
    default_ordering = "-created_at"

    def rows(self) -> QuerySet[Any]:
        return CostItem.objects.of(self.subject).select_related("type", "author", f"{self.subject.kind}__project")

    def create(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return self.once(lambda: add_item(subject=self.subject, actor=self.actor, now=self.now, **self.body()))

    def partial_update(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        item = self.get_object()
        version = etags.expected_version(request, item)
        edit_item(item=item, version=version, actor=self.actor, now=self.now, **self.body(item))
        return self.show(item.uuid)

    def destroy(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        item = self.get_object()
        remove_item(item=item, version=etags.expected_version(request, item), actor=self.actor, now=self.now)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _plain(cost: Cost) -> dict[str, Any]:
    lines = cost.breakdown.lines
    people = Individual.objects.in_bulk({line.person for line in lines if line.person})
    names = ("kind", "role", "started_at", "ended_at", "seconds", "hours", "multiplier", "amount")
    return {
        "hourly_rate": cost.hourly_rate,
        "paid_hours_per_day": cost.paid_hours_per_day,
        "currency": cost.currency,
        "effort": cost.breakdown.effort,
        "items": cost.items,
        "total": cost.total,
        "final": cost.breakdown.final,
        "worked_out_at": cost.worked_out_at,
        "lines": [
            {
                **{name: getattr(line, name) for name in names},
                "individual": people.get(line.person) if line.person else None,
                "explanation": explain(line, hourly_rate=cost.hourly_rate, paid_hours_per_day=cost.paid_hours_per_day),
            }
            for line in lines
        ],
    }
