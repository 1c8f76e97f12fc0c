"""Who takes part in a subject, with which roles, now and before."""

from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django_filters.rest_framework import FilterSet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import Choice, Moment, Text
from core.api.filters import FlagFilter, WordsFilter
from core.api.ordering import Column
from core.api.references import Person
from core.api.serializers import Answer, Body
from core.api.subjects import SubjectChildViewSet
from core.api.views import Reads
from people.api.references import IndividualReference
from people.flows import (
    add_participant,
    assign_role,
    find_individual,
    join,
    leave,
    remove_participant,
    renounce_role,
)
from people.models import Individual, Participant, Role


class RoleSerializer(Answer):
    """A role somebody holds, or held until `renounced_at`."""

    id = serializers.UUIDField(source="uuid")
    role = Choice(Role.Name.choices)
    individual = IndividualReference(source="participant.individual", read_only=True)
    assumed_at = Moment()
    renounced_at = Moment(allow_null=True)
    assigned_by = Person(allow_null=True)


class AssignBody(Body):
    """Who is to hold which role."""

    role = Choice(Role.Name.choices)
    individual = IndividualReference()


class CurrentFilter(FlagFilter):
    """Present ones, or those that ended."""

    def narrow(self, rows: QuerySet[Any], value: bool) -> QuerySet[Any]:
        return rows.filter(**{f"{self.field_name}__isnull": value})


class RoleFilters(FilterSet):
    """Roles by name and state."""

    role = WordsFilter(Role.Name.values)
    current = CurrentFilter("renounced_at")


class PartViewSet(SubjectChildViewSet):
    """What roles and participants share."""

    def individual(self, who: Individual | str) -> Individual:
        """The person, made when the address is new here."""
        if isinstance(who, Individual):
            return who
        return find_individual(organization=self.subject.project.organization, email=who, now=self.now)

    def by(self) -> dict[str, Any]:
        """Where, who and when, for a flow."""
        return {"subject": self.subject, "actor": self.actor, "now": self.now}


class RoleViewSet(Reads, PartViewSet):
    """Roles of the subject with their history, oldest first. POST assigns; an exclusive one passes over."""

    queryset = Role.objects.none()
    serializer_class = RoleSerializer
    filterset_class = RoleFilters
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {"create": AssignBody}
    orderings: ClassVar[dict[str, Column]] = {"assumed_at": Column(path="assumed_at")}
    default_ordering = "assumed_at"

    def rows(self) -> QuerySet[Any]:
        return Role.objects.of(self.subject).select_related("participant__individual", "assigned_by")

    def create(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return self.once(self._assign)

    @action(detail=True, methods=["post"])
    def renounce(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """End a role: one's own, or as one who edits the subject anybody's."""
        return self.once(self._renounce)

    def _assign(self) -> Role:
        body = self.body()
        return assign_role(individual=self.individual(body["individual"]), role=body["role"], **self.by())

    def _renounce(self) -> Role:
        row: Role = self.get_object()
        return renounce_role(individual=row.participant.individual, role=row.role, **self.by())


class HeldRoleSerializer(Answer):
    """A role held now."""

    role = Choice(Role.Name.choices)
    since = Moment(source="assumed_at")


class ParticipantSerializer(Answer):
    """Somebody's part in the subject; `left_at` is empty while they take part."""

    id = serializers.UUIDField(source="uuid")
    individual = IndividualReference(read_only=True)
    roles = HeldRoleSerializer(many=True, source="held")
    added_by = Person(allow_null=True)
    added_reason = Text()
    joined_at = Moment()
    left_at = Moment(allow_null=True)


class AddBody(Body):
    """Whom to bring in, as what and why."""

    individual = IndividualReference()
    role = Choice(Role.Name.choices, default=Role.Name.OBSERVER)
    reason = Text(max_length=300, allow_blank=True, default="")


class ParticipantFilters(FilterSet):
    """Participants by state."""

    active = CurrentFilter("left_at")


class ParticipantRows(PartViewSet):
    """Answers with participants."""

    queryset = Participant.objects.none()
    serializer_class = ParticipantSerializer

    def rows(self) -> QuerySet[Any]:
        held = Prefetch("roles", Role.objects.filter(renounced_at=None).order_by("assumed_at", "pk"), to_attr="held")
        rows = Participant.objects.of(self.subject).select_related("individual", "added_by")
        return rows.prefetch_related(held)

    def shown(self) -> QuerySet[Any]:
        rows: Any = self.get_queryset()
        seen: QuerySet[Any] = rows.visible_to(self.request.user)
        return seen


class ParticipantViewSet(Reads, ParticipantRows):
    """Who takes part, past participants included. There is no DELETE: removing keeps the history."""

    filterset_class = ParticipantFilters
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {"create": AddBody}
    orderings: ClassVar[dict[str, Column]] = {
        "joined_at": Column(path="joined_at"), "name": Column(path="individual__name"),
    }  # fmt: skip
    default_ordering = "joined_at"

    def create(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return self.once(self._add)

    @action(detail=True, methods=["post"])
    def remove(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """End somebody's part: their roles end, the row stays. Refused while they lead the open subject."""
        return self.once(lambda: remove_participant(individual=self.get_object().individual, **self.by()))

    def _add(self) -> Participant:
        body = self.body()
        return add_participant(**{**body, "individual": self.individual(body["individual"])}, **self.by())


class JoinViewSet(ParticipantRows):
    """Take part by one's own wish."""

    codes: ClassVar[dict[str, int]] = {}

    def create(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return self.once(lambda: join(**self.by()))


class LeaveViewSet(ParticipantRows):
    """Go by one's own wish."""

    codes: ClassVar[dict[str, int]] = {}

    def create(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return self.once(lambda: leave(**self.by()))
