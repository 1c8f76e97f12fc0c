"""The timeline of a subject: read, written, corrected and pinned. Nothing in it is changed or deleted."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters.rest_framework import FilterSet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import Choice, Flag, JSONObject, Moment, Text, Whole
from core.api.filters import FlagFilter, MomentFilter, TextsFilter, WordsFilter
from core.api.ordering import Column
from core.api.references import Person
from core.api.serializers import Answer, Body, linked
from core.api.subjects import SubjectChildViewSet
from core.api.views import Reads
from core.timeline import Event
from core.timeline import flows as timeline

RELATIONS = ("pin", "superseded__by", "supersedes__event", "user")


class EventSerializer(Answer):
    """One event. A corrected one names the event that took its place; an erased one has no text left."""

    id = serializers.UUIDField(source="uuid")
    seq = Whole(help_text="Its number in the timeline, without gaps.")
    kind = Choice(Event.Kind.choices)
    happened_at = Moment()
    recorded_at = Moment()
    source = Text()  # type: ignore[assignment]
    description = Text()
    details = JSONObject()
    owner = Text(help_text="Who it is told of, as written then.")
    user = Person(allow_null=True)
    pinned = serializers.SerializerMethodField()
    superseded_by = serializers.SerializerMethodField()
    supersedes = serializers.SerializerMethodField()
    correction_reason = serializers.SerializerMethodField()
    erased_at = Moment(allow_null=True)

    def get_pinned(self, event: Event) -> bool:
        return linked(event, "pin") is not None

    def get_superseded_by(self, event: Event) -> str | None:
        row = linked(event, "superseded")
        return str(row.by.uuid) if row else None

    def get_supersedes(self, event: Event) -> str | None:
        row = linked(event, "supersedes")
        return str(row.event.uuid) if row else None

    def get_correction_reason(self, event: Event) -> str | None:
        row = linked(event, "supersedes")
        return row.reason if row else None


class EntryBody(Body):
    """What somebody writes on the timeline."""

    description = Text(max_length=timeline.LONGEST_ENTRY)
    happened_at = Moment(required=False, help_text="Default: now.")
    details = JSONObject(required=False, help_text=f"At most {timeline.LONGEST_DETAILS} characters.")
    kind = Choice([(kind.value, kind.label) for kind in timeline.ENTRY_KINDS], default=Event.Kind.CUSTOM)
    pinned = Flag(default=False)


class CorrectionBody(Body):
    """What takes an entry's place, and why."""

    description = Text(max_length=timeline.LONGEST_ENTRY)
    reason = Text(max_length=timeline.LONGEST_ENTRY)


class PinnedFilter(FlagFilter):
    """Pinned ones, or the others."""

    def narrow(self, rows: QuerySet[Any], value: bool) -> QuerySet[Any]:
        return rows.filter(pin__isnull=not value)


class EventFilters(FilterSet):
    """The timeline by kind, pin, source and time."""

    kind = WordsFilter(Event.Kind.values)
    pinned = PinnedFilter()
    source = TextsFilter("source")
    since = MomentFilter("happened_at", "gte")
    until = MomentFilter("happened_at", "lt")


class EventViewSet(Reads, SubjectChildViewSet):
    """The timeline, newest first. Corrections supersede; there is no PUT, PATCH or DELETE."""

    queryset = Event.objects.none()
    serializer_class = EventSerializer
    codes: ClassVar[dict[str, int]] = {"create": 201, "supersede": 201}
    filterset_class = EventFilters
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {"create": EntryBody, "supersede": CorrectionBody}
    orderings: ClassVar[dict[str, Column]] = {
        "happened_at": Column(path="happened_at"), "recorded_at": Column(path="recorded_at"), "seq": Column(path="seq"),
    }  # fmt: skip
    default_ordering = "-happened_at"

    def rows(self) -> QuerySet[Any]:
        return Event.objects.of(self.subject).select_related(*RELATIONS)

    def create(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return self.once(self._write)

    @action(detail=True, methods=["post"])
    def supersede(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Correct an entry: a new one takes its place, the old one stays readable."""
        return self.once(
            lambda: timeline.supersede(event=self.get_object(), actor=self.actor, now=self.now, **self.body())
        )

    @action(detail=True, methods=["post"])
    def pin(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Show it first. Pinning twice is pinning once."""
        return self.once(self._pin)

    @action(detail=True, methods=["post"])
    def unpin(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Take the pin away."""
        return self.once(self._unpin)

    def _write(self) -> Event:
        return timeline.add_entry(subject=self.subject, actor=self.actor, now=self.now, **self.body())

    def _pin(self) -> Event:
        event: Event = self.get_object()
        timeline.pin(event=event, actor=self.actor, now=self.now)
        return event

    def _unpin(self) -> Event:
        event: Event = self.get_object()
        timeline.unpin(event=event, actor=self.actor, now=self.now)
        return event
