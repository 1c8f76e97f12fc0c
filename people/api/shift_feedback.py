"""How shifts were: one's own, and the answers of the services one configures."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters.rest_framework import FilterSet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import Moment, Text, Whole
from core.api.filters import MomentFilter, ReferenceFilter
from core.api.ordering import Column
from core.api.references import PersonalReference, Reference
from core.api.serializers import Answer, Body
from core.api.views import ApiViewSet, Reads
from people.flows import shift_feedback
from people.models import Individual, Service, ShiftFeedback


class ShiftFeedbackSerializer(Answer):
    """How one shift was."""

    id = serializers.UUIDField(source="uuid")
    service = Reference(Service, source="shift.service")
    individual = PersonalReference(Individual, source="shift.individual")
    starts_at = Moment(source="shift.starts_at")
    ends_at = Moment(source="shift.ends_at")
    asked_at = Moment()
    rating = Whole(allow_null=True, help_text="From 1, very bad, to 5, very good. Null: not answered.")
    text = Text()
    answered_at = Moment(allow_null=True)


class ShiftAnswerBody(Body):
    """How it was, and in words."""

    rating = Whole(min_value=1, max_value=5)
    text = Text(max_length=shift_feedback.LONGEST_TEXT, allow_blank=True, required=False, default="")


class ShiftFeedbackFilters(FilterSet):
    """By service, person and time."""

    service = ReferenceFilter(Service, "shift__service")
    individual = ReferenceFilter(Individual, "shift__individual", natural="email")
    asked_at_after = MomentFilter("asked_at", "gte")


class ShiftFeedbackViewSet(Reads, ApiViewSet):
    """Whoever had a shift is asked once when it is over, where the service asks. They see their own; who configures
    the service sees the answers.
    """

    area = "people"
    queryset = ShiftFeedback.objects.none()
    serializer_class = ShiftFeedbackSerializer
    filterset_class = ShiftFeedbackFilters
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {"answer_it": ShiftAnswerBody}
    orderings: ClassVar[dict[str, Column]] = {"asked_at": Column(path="asked_at")}
    default_ordering = "-asked_at"

    def get_queryset(self) -> QuerySet[Any]:
        rows = ShiftFeedback.objects.visible_to(self.request.user)
        return rows.select_related("shift__service__project", "shift__individual")

    @action(detail=True, methods=["post"], url_path="answer")
    def answer_it(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Say how one's own shift was; within a week again, which replaces it."""
        return self.once(self._answer)

    def _answer(self) -> ShiftFeedback:
        feedback: ShiftFeedback = self.get_object()
        return shift_feedback.say_how_it_was(feedback=feedback, actor=self.actor, now=self.now, **self.body())
