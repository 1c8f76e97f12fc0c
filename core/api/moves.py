"""The status of a subject: its history, and moving it."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import etags
from core.api.fields import Moment, Text
from core.api.ordering import Column
from core.api.references import Person
from core.api.serializers import Answer
from core.api.subjects import SubjectChildViewSet
from core.api.views import Reads
from core.models import StatusChange


class StatusChangeSerializer(Answer):
    """One move of the status."""

    id = serializers.UUIDField(source="uuid")
    from_status = Text(help_text="Empty for the first.")
    to_status = Text()
    reason = Text()
    changed_at = Moment()
    user = Person(allow_null=True)


class StatusViewSet(Reads, SubjectChildViewSet):
    """The moves of the status, oldest first. POST moves, and answers with the subject; where it is already, nothing
    happens.
    """

    queryset = StatusChange.objects.none()
    serializer_class = StatusChangeSerializer
    codes: ClassVar[dict[str, int]] = {}
    matched = frozenset({"create"})
    orderings: ClassVar[dict[str, Column]] = {"changed_at": Column(path="changed_at")}
    default_ordering = "changed_at"

    def body_class(self) -> type[serializers.Serializer] | None:
        return self.subject_view.bodies["move"] if self.action == "create" else None

    def get_serializer_class(self) -> type[serializers.BaseSerializer]:
        view: Any = self.subject_view if self.action == "create" else self
        kind: type[serializers.BaseSerializer] = view.serializer_class
        return kind

    def create(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        def move() -> Any:
            body, version = self.body(), etags.expected_version(request, self.subject)
            return view.move(self.subject, body["status"], body.get("reason", ""), version)

        view = self.subject_answers()
        return view.once(move)

    def rows(self) -> QuerySet[Any]:
        return StatusChange.objects.filter(**self.subject.as_owner).select_related("user")
