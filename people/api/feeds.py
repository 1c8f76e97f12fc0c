"""Calendar addresses: secret links that give shifts as iCalendar."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import Moment, Text
from core.api.ordering import RECORD, Column
from core.api.references import PersonalReference, Reference
from core.api.serializers import Answer, Body
from core.api.views import ApiViewSet, Reads
from core.models import Organization, User
from people.flows import oncall
from people.models import CalendarFeed, Service


class FeedSerializer(Answer):
    """A calendar address, without its secret."""

    id = serializers.UUIDField(source="uuid")
    organization = Reference(Organization)
    service = Reference(Service, allow_null=True, help_text="Whose shifts it gives; null: those of `user`.")
    user = PersonalReference(User, help_text="Who made it; it ends with their account.")
    created_at = Moment()
    last_read_at = Moment(allow_null=True)
    revoked_at = Moment(allow_null=True)


class NewFeedSerializer(FeedSerializer):
    """With the address, which is shown this once."""

    url = Text(help_text="Shown once: whoever has it reads the shifts. Empty when the answer is given again.")


class FeedBody(Body):
    """All shifts of a service, or without one the caller's own in the organization."""

    organization = Reference(Organization)
    service = Reference(Service, required=False, allow_null=True)


class FeedViewSet(Reads, ApiViewSet):
    """Calendar addresses: one's own, and those of the services one configures, newest first."""

    area = "people"
    queryset = CalendarFeed.objects.none()
    serializer_class = FeedSerializer
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {"create": FeedBody}
    answers: ClassVar[dict[str, type[serializers.Serializer]]] = {"create": NewFeedSerializer}
    orderings: ClassVar[dict[str, Column]] = {"created_at": RECORD["created_at"]}
    default_ordering = "-created_at"
    url = ""

    def get_queryset(self) -> QuerySet[Any]:
        rows = CalendarFeed.objects.visible_to(self.request.user)
        return rows.select_related("service__project", "organization", "user")

    def create(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return self.once(self._make)

    @action(detail=True, methods=["post"])
    def revoke(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """End it for good; calendars that subscribed to it get nothing any more."""
        return self.once(self._revoke)

    def answer(self, row: Any, code: int = 200) -> Response:
        row.url = self.url
        return super().answer(row, code)

    def _make(self) -> CalendarFeed:
        feed, secret = oncall.make_feed(actor=self.actor, now=self.now, **self.body())
        self.url = self.request.build_absolute_uri(reverse("calendar", args=[secret]))
        return feed

    def _revoke(self) -> CalendarFeed:
        feed: CalendarFeed = self.get_object()
        oncall.revoke_feed(feed=feed, actor=self.actor, now=self.now)
        return feed
