"""Overrides and swaps: what changes a rotation for a span."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters.rest_framework import FilterSet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import Choice, Moment, Text
from core.api.filters import MomentFilter, ReferenceFilter, WordsFilter
from core.api.ordering import RECORD, Column
from core.api.references import Person, PersonalReference, Reference
from core.api.serializers import Answer, Body
from core.api.views import ApiViewSet, Reads
from people.flows import oncall
from people.models import Individual, Override, Service, Swap

BY_BIRTH: dict[str, Column] = {"created_at": RECORD["created_at"], "starts_at": Column(path="starts_at")}


class OverrideSerializer(Answer):
    """Somebody is on call for a span, whatever the layers say. Of two that overlap the later made one counts."""

    id = serializers.UUIDField(source="uuid")
    service = Reference(Service)
    individual = PersonalReference(Individual)
    starts_at = Moment()
    ends_at = Moment()
    reason = Text()
    by_swap = serializers.SerializerMethodField()
    created_by = Person(allow_null=True)
    created_at = Moment()
    cancelled_at = Moment(allow_null=True)

    def get_by_swap(self, override: Override) -> bool:
        return override.swap_id is not None


class OverrideBody(Body):
    """Who, for which service, from when until when."""

    service = Reference(Service)
    individual = PersonalReference(Individual)
    starts_at = Moment()
    ends_at = Moment()
    reason = Text(max_length=300, required=False, allow_blank=True)


class ChangeFilters(FilterSet):
    """By service, and by what is not over at a moment."""

    service = ReferenceFilter(Service)
    ends_after = MomentFilter("ends_at", "gt")


class OverrideViewSet(Reads, ApiViewSet):
    """Overrides, newest first. Managers make them for anybody, members for themselves."""

    area = "people"
    queryset = Override.objects.none()
    serializer_class = OverrideSerializer
    filterset_class = ChangeFilters
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {"create": OverrideBody}
    orderings = BY_BIRTH
    default_ordering = "-created_at"

    def get_queryset(self) -> QuerySet[Any]:
        rows = Override.objects.visible_to(self.request.user)
        return rows.select_related("service__project__organization", "individual", "created_by")

    def create(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return self.once(lambda: oncall.add_override(actor=self.actor, now=self.now, **self.body()))

    @action(detail=True, methods=["post"])
    def cancel(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """End it; from now on the rotation counts again."""
        return self.once(lambda: oncall.cancel_override(override=self.get_object(), actor=self.actor, now=self.now))


class SwapSerializer(Answer):
    """A colleague is asked to take a span of one's shifts, perhaps in return for one of theirs."""

    id = serializers.UUIDField(source="uuid")
    service = Reference(Service)
    asked_by = PersonalReference(Individual)
    asked = PersonalReference(Individual)
    starts_at = Moment()
    ends_at = Moment()
    return_starts_at = Moment(allow_null=True)
    return_ends_at = Moment(allow_null=True)
    note = Text()
    status = Choice(Swap.Status.choices)
    created_at = Moment()
    decided_at = Moment(allow_null=True)


class SwapBody(Body):
    """Whose span, whom to ask, and what comes back."""

    service = Reference(Service)
    asked_by = PersonalReference(Individual)
    asked = PersonalReference(Individual)
    starts_at = Moment()
    ends_at = Moment()
    return_starts_at = Moment(required=False)
    return_ends_at = Moment(required=False)
    note = Text(max_length=300, required=False, allow_blank=True)


class SwapFilters(ChangeFilters):
    """And by status."""

    status = WordsFilter(Swap.Status.values)


class SwapViewSet(Reads, ApiViewSet):
    """Swaps, newest first. Nothing changes until the asked person (or an admin) accepts."""

    area = "people"
    queryset = Swap.objects.none()
    serializer_class = SwapSerializer
    filterset_class = SwapFilters
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {"create": SwapBody}
    orderings = BY_BIRTH
    default_ordering = "-created_at"

    def get_queryset(self) -> QuerySet[Any]:
        rows = Swap.objects.visible_to(self.request.user)
        return rows.select_related("service__project__organization", "asked", "asked_by")

    def create(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return self.once(lambda: oncall.ask_swap(actor=self.actor, now=self.now, **self.body()))

    @action(detail=True, methods=["post"])
    def accept(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Take the span; whoever asked takes what was to come back."""
        return self._perform(oncall.accept_swap)

    @action(detail=True, methods=["post"])
    def decline(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Say no."""
        return self._perform(oncall.decline_swap)

    @action(detail=True, methods=["post"])
    def withdraw(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Take the question back, as whoever asked."""
        return self._perform(oncall.withdraw_swap)

    def _perform(self, verb: Callable[..., Swap]) -> Response:
        return self.once(lambda: verb(swap=self.get_object(), actor=self.actor, now=self.now))
