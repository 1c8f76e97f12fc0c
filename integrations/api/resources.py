"""What a subject has in other systems, and what is still on its way there."""

from dataclasses import asdict
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import Choice, Text
from core.api.pagination import ShortList
from core.api.serializers import Answer
from core.api.subjects import SubjectChildViewSet
from core.links import absolute
from integrations.flows import expected_resources
from integrations.models import Resource

STATES = ("ready", "pending", "retrying", "failed")


class ResourceSerializer(Answer):
    """A resource that is there or planned; `detail` says why it is not there yet."""

    kind = Choice(Resource.Kind.choices)
    label = Text()  # type: ignore[assignment]
    url = Text()
    state = Choice([(state, state) for state in STATES])
    detail = Text()
    operation = serializers.UUIDField(allow_null=True, help_text="What is to make it.")


class ResourceViewSet(SubjectChildViewSet):
    """Ticket, documents, channel, … of the subject, in the order of their kinds."""

    queryset = Resource.objects.none()
    serializer_class = ResourceSerializer
    pagination_class = ShortList

    def list(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        rows = [
            {**asdict(row), "url": absolute(row.url), "operation": row.operation_uuid or None}
            for row in expected_resources(self.subject)
        ]
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def allowed_parameters(self) -> set[str]:
        return {"fields", "page", "page_size"}
