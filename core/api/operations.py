"""What Dispatch does outside: seen with its subject, retried, skipped and cancelled by those who edit it."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core import access
from core.api.fields import Choice, JSONObject, Moment, Text, Whole
from core.api.filters import RecordFilters, ReferenceFilter, TextsFilter, WordsFilter
from core.api.ordering import RECORD, Column
from core.api.references import Reference
from core.api.serializers import Answer, Body, Reason
from core.api.subjects import SubjectChildViewSet
from core.api.views import ApiViewSet, Reads
from core.models import Operation, Project
from core.operations import flows as operations

RELATIONS = ("incident", "case", "project", "plugin_instance")
ORDERINGS: dict[str, Column] = {name: RECORD[name] for name in ("created_at", "updated_at")}
SUBJECT_SCHEMA = {
    "type": ["object", "null"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "kind": {"type": "string"},
        "name": {"type": "string"},
    },
}


class OperationSerializer(Answer):
    """One effect outside, as it stands."""

    id = serializers.UUIDField(source="uuid")
    action = Text(help_text="For example ticket.create.")
    capability = Text()
    status = Choice(Operation.Status.choices)
    delivery = Choice(Operation.Delivery.choices)
    subject = serializers.SerializerMethodField()
    project = Reference(Project, read_only=True, allow_null=True)
    plugin_instance = Reference(Operation, read_only=True, allow_null=True)
    attempts = Whole()
    error = Text()
    result = JSONObject()
    next_attempt_at = Moment()
    started_at = Moment(allow_null=True)
    finished_at = Moment(allow_null=True)
    created_at = Moment()
    updated_at = Moment()

    @extend_schema_field(SUBJECT_SCHEMA)
    def get_subject(self, operation: Operation) -> dict[str, Any] | None:
        subject = operation.subject
        return {"id": str(subject.uuid), "kind": subject.kind, "name": subject.name} if subject else None


class CancelBody(Body):
    """Why, if there is something to say."""

    reason = Text(max_length=2000, required=False)


class OperationFilters(RecordFilters):
    """Operations by state, kind and place."""

    status = WordsFilter(Operation.Status.values)
    action = TextsFilter("action")
    capability = TextsFilter("capability")
    project = ReferenceFilter(Project)


class OperationViewSet(Reads, ApiViewSet):
    """Operations of subjects that the caller sees, of projects that they work in, and of accounts for owners."""

    queryset = Operation.objects.none()
    area = "operations"
    serializer_class = OperationSerializer
    filterset_class = OperationFilters
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {"skip": Reason, "cancel": CancelBody}
    orderings = ORDERINGS
    default_ordering = "-created_at"

    def get_queryset(self) -> QuerySet[Any]:
        seen = access.operation_filter(Operation, self.request.user)
        return Operation.objects.filter(seen).select_related(*RELATIONS)

    @action(detail=True, methods=["post"])
    def retry(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Try a failed or skipped one again, now."""
        return self.once(lambda: self._perform(operations.retry))

    @action(detail=True, methods=["post"])
    def skip(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Give it up; what waited for it goes on."""
        return self.once(lambda: self._perform(operations.skip))

    @action(detail=True, methods=["post"])
    def cancel(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Take it back before it is done."""
        return self.once(lambda: self._perform(operations.cancel))

    def _perform(self, verb: Callable[..., Any]) -> Operation:
        operation: Operation = self.get_object()
        words = self.body() if self.body_class() else {}
        verb(operation=operation, actor=self.actor, now=self.now, **words)
        return operation


class SubjectOperationViewSet(Reads, SubjectChildViewSet):
    """Operations of the subject, newest first."""

    queryset = Operation.objects.none()
    serializer_class = OperationSerializer
    filterset_class = OperationFilters
    orderings = ORDERINGS
    default_ordering = "-created_at"

    def rows(self) -> QuerySet[Any]:
        return Operation.objects.of(self.subject).select_related(*RELATIONS)
