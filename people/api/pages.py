"""Pages: calling somebody, answering, stopping."""

import uuid
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django_filters.rest_framework import FilterSet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import Choice, Moment, Text, Whole
from core.api.filters import WordsFilter
from core.api.ordering import Column
from core.api.references import Person, Reference
from core.api.serializers import Answer, Body
from core.api.subjects import SubjectChildViewSet
from core.api.views import Reads
from core.models import Project
from people.api.references import IndividualReference
from people.flows import find_individual, pages
from people.flows.individuals import of_user
from people.models import Individual, Page, PageCall, PageDelivery, Role, Service


class DeliverySerializer(Answer):
    """One way a call went."""

    path = Text()
    status = Choice(PageDelivery.Status.choices)
    error = Text()
    sent_at = Moment(allow_null=True)


class CallSerializer(Answer):
    """One person called."""

    individual = IndividualReference(read_only=True)
    reason = Choice(PageCall.Reason.choices)
    status = Choice(PageCall.Status.choices)
    called_at = Moment()
    ended_at = Moment(allow_null=True)
    deliveries = DeliverySerializer(many=True)


class PageSerializer(Answer):
    """A call for somebody: `waiting` until one acknowledges, `exhausted` when nobody is left to call."""

    id = serializers.UUIDField(source="uuid")
    service = Reference(Service, allow_null=True)
    individual = IndividualReference(allow_null=True, read_only=True)
    role = Choice([*Role.Name.choices, ("", "")])
    message = Text()
    status = Choice(Page.Status.choices)
    escalation_minutes = Whole()
    paged_at = Moment()
    paged_by = Person(allow_null=True)
    due_at = Moment(allow_null=True)
    acknowledged_at = Moment(allow_null=True)
    acknowledged_by = IndividualReference(allow_null=True, read_only=True)
    acknowledged_through = Choice([*Page.Way.choices, ("", "")])
    calls = CallSerializer(many=True)


class PageBody(Body):
    """Whom to page: whoever is on call for a service, or one person. One of the two is needed."""

    service = Reference(Service, scoped=True, required=False)
    individual = IndividualReference(required=False)
    message = Text(max_length=pages.LONGEST_MESSAGE, allow_blank=True, default="")

    def find_scope(self, data: Any) -> Project | None:  # noqa: ARG002
        project: Project = self.context["view"].subject.project
        return project


class StopBody(Body):
    """Why nobody is called any more."""

    reason = Text(max_length=300, allow_blank=True, default="")


class PageFilters(FilterSet):
    """Pages by state."""

    status = WordsFilter(Page.Status.values)


class PageViewSet(Reads, SubjectChildViewSet):
    """Pages of the subject with their calls, newest first. POST pages a service or a person."""

    queryset = Page.objects.none()
    serializer_class = PageSerializer
    filterset_class = PageFilters
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {"create": PageBody, "cancel": StopBody}
    orderings: ClassVar[dict[str, Column]] = {"paged_at": Column(path="paged_at")}
    default_ordering = "-paged_at"

    def rows(self) -> QuerySet[Any]:
        calls = PageCall.objects.select_related("individual").order_by("position")
        ways = Prefetch("deliveries", PageDelivery.objects.order_by("position"))
        rows = Page.objects.of(self.subject).select_related("service", "individual", "paged_by", "acknowledged_by")
        return rows.prefetch_related(Prefetch("calls", calls.prefetch_related(ways)))

    def create(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return self.once(self._page)

    @action(detail=True, methods=["post"])
    def acknowledge(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Answer the page oneself: the calls stop, the caller takes part and gets the role that was waiting."""
        return self.once(self._acknowledge)

    @action(detail=True, methods=["post"])
    def cancel(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Call nobody any more."""
        return self.once(lambda: pages.cancel(page=self.get_object(), **self.body(), actor=self.actor, now=self.now))

    def _page(self) -> Page:
        body = self.body()
        who = body.get("individual")
        if isinstance(who, str):
            who = find_individual(organization=self.subject.project.organization, email=who, now=self.now)
        return pages.page(
            subject=self.subject, fact=f"asked:{uuid.uuid4()}", service=body.get("service"), individual=who,
            message=body["message"], actor=self.actor, now=self.now,
        )  # fmt: skip

    def _acknowledge(self) -> Page:
        user: Any = self.request.user
        person: Individual = of_user(user, self.subject.project.organization, self.now)
        return pages.acknowledge(
            page=self.get_object(), individual=person, way=Page.Way.API, actor=self.actor, now=self.now
        )
