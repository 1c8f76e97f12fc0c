"""Hand-overs of roles: offering, accepting, declining, withdrawing."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters.rest_framework import FilterSet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import Choice, Moment, Text
from core.api.filters import WordsFilter
from core.api.ordering import Column
from core.api.references import Person, Reference, visible
from core.api.serializers import Answer, Body
from core.api.views import ApiView, Reads
from core.errors import Invalid
from core.models import Organization
from people.api.parts import PartViewSet
from people.api.references import IndividualReference
from people.flows import find_individual, handovers
from people.flows.individuals import of_user
from people.models import HandOver, Role


class HandOverSerializer(Answer):
    """A role offered to somebody; until `accepted` the giver stays responsible."""

    id = serializers.UUIDField(source="uuid")
    role = Choice(Role.Name.choices)
    giver = IndividualReference(source="giver.individual", read_only=True)
    receiver = IndividualReference(read_only=True)
    summary = Text()
    status = Choice(HandOver.Status.choices)
    batch = serializers.UUIDField(allow_null=True)
    offered_at = Moment()
    offered_by = Person(allow_null=True)
    decided_at = Moment(allow_null=True)
    decided_reason = Text()


class OfferBody(Body):
    """Which role to whom. Without `summary` one is made by rule."""

    role = Choice(Role.Name.choices)
    to = IndividualReference()
    summary = Text(max_length=handovers.LONGEST_SUMMARY, allow_blank=True, default="")


class WhyBody(Body):
    """Why not."""

    reason = Text(max_length=300, allow_blank=True, default="")


class HandOverFilters(FilterSet):
    """Hand-overs by state."""

    status = WordsFilter(HandOver.Status.values)


class HandOverViewSet(Reads, PartViewSet):
    """Hand-overs in the subject, newest first. POST offers; the receiver accepts or declines."""

    queryset = HandOver.objects.none()
    serializer_class = HandOverSerializer
    filterset_class = HandOverFilters
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {
        "create": OfferBody, "decline": WhyBody, "withdraw": WhyBody,
    }  # fmt: skip
    orderings: ClassVar[dict[str, Column]] = {"offered_at": Column(path="offered_at")}
    default_ordering = "-offered_at"

    def rows(self) -> QuerySet[Any]:
        return HandOver.objects.of(self.subject).select_related("giver__individual", "receiver", "offered_by")

    def create(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return self.once(self._offer)

    @action(detail=True, methods=["post"])
    def accept(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Take the role over, as its receiver."""
        return self.once(lambda: handovers.accept(handover=self.get_object(), actor=self.actor, now=self.now))

    @action(detail=True, methods=["post"])
    def decline(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Do not take it, as its receiver."""
        return self.once(
            lambda: handovers.decline(handover=self.get_object(), **self.body(), actor=self.actor, now=self.now)
        )

    @action(detail=True, methods=["post"])
    def withdraw(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Take the offer back."""
        return self.once(
            lambda: handovers.withdraw(handover=self.get_object(), **self.body(), actor=self.actor, now=self.now)
        )

    def _offer(self) -> HandOver:
        body = self.body()
        return handovers.offer(to=self.individual(body["to"]), role=body["role"], summary=body["summary"], **self.by())


class ShiftBody(Body):
    """To whom everything goes. The organization is needed by those who belong to several."""

    to = IndividualReference()
    organization = Reference(Organization, required=False)


class OfferedShiftSerializer(Answer):
    """The hand-overs that were offered, one for each role."""

    offers = HandOverSerializer(many=True)


class ShiftHandOverView(ApiView):
    """Offer every role that the caller holds in open incidents to one person; each is accepted by itself."""

    area = "incidents"
    serializer_class = OfferedShiftSerializer
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {"post": ShiftBody}

    def post(self, _request: Request) -> Response:
        body = self.body()
        organization = body.get("organization") or self._organization()
        taker = body["to"]
        if isinstance(taker, str):
            taker = find_individual(organization=organization, email=taker, now=self.now)
        giver = of_user(self.user, organization, self.now)
        offers = handovers.offer_shift(organization=organization, giver=giver, to=taker, actor=self.actor, now=self.now)
        return self.answer({"offers": offers})

    def _organization(self) -> Organization:
        found = list(visible(Organization, self.user).order_by("pk")[:2])
        if len(found) != 1:
            raise Invalid(_("Name the organization."), field="organization")
        only: Organization = found[0]
        return only
