"""Merges of two people, and undoing them."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters.rest_framework import FilterSet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core import access
from core.access import Right
from core.api.fields import Moment
from core.api.ordering import Column
from core.api.references import Person
from core.api.serializers import Answer, Nothing
from core.api.views import ApiViewSet, Reads
from people.flows.merging import undo_merge
from people.models import Merge


class MergeSerializer(Answer):
    """Two rows that were one person."""

    id = serializers.UUIDField(source="uuid")
    kept = Person()
    gone = Person()
    merged_at = Moment()
    merged_by = Person(allow_null=True)
    undone_at = Moment(allow_null=True)
    undone_by = Person(allow_null=True)


class MergeFilters(FilterSet):
    """None."""


class MergeViewSet(Reads, ApiViewSet):
    """What was merged, newest first; for 30 days it is undone to the letter."""

    area = "people"
    queryset = Merge.objects.none()
    serializer_class = MergeSerializer
    filterset_class = MergeFilters
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {"undo": Nothing}
    orderings: ClassVar[dict[str, Column]] = {"merged_at": Column(path="merged_at")}
    default_ordering = "-merged_at"

    def get_queryset(self) -> QuerySet[Any]:
        managed = access.organizations_where(self.request.user, Right.CONFIGURE)
        rows = Merge.objects.filter(organization__in=managed)
        return rows.select_related("kept", "gone", "merged_by", "undone_by", "organization")

    @action(detail=True, methods=["post"])
    def undo(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Make two of them again."""
        return self.once(lambda: undo_merge(merge=self.get_object(), actor=self.actor, now=self.now))
