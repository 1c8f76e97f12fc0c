"""What the page of a person shows at three in the morning, of what its reader may see."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.admin import site
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from core.access import Right
from core.console import rights
from core.console.dialogs import Button
from people.flows.duties import of_kept_subjects
from people.models import ContactMethod, Individual, Role, Shift, Task, Team

MOST = 50
SHIFTS = 6


@dataclass(kw_only=True)
class Reached:
    """A way to reach the person, with what may be done with it."""

    method: ContactMethod
    buttons: list[Button]


@dataclass(kw_only=True)
class Card:
    """The person as the page shows them.

    :ivar shifts: what runs now and comes next; :ivar ways: None where they are not the reader's to see.
    """

    person: Individual
    now: datetime
    teams: list[Team]
    shifts: list[Shift]
    roles: list[Role]
    tasks: list[Task]
    ways: list[Reached] | None = None
    tools: list[Button] = field(default_factory=list)


def may_see_ways(request: Any, person: Individual) -> bool:
    """Whether contact methods are shown: one's own, or anybody's to a manager."""
    return person.user_id == request.user.pk or Right.CONFIGURE in rights.on(request, person.organization)


def card(request: HttpRequest, person: Individual) -> Card:
    """The card, in a fixed number of queries."""
    now = timezone.now()
    mine = Q(owner=person) | Q(pk__in=person.task_assignments.values("task"))
    roles = Role.objects.visible_to(request.user).filter(
        participant__individual=person, participant__left_at=None, renounced_at=None
    )
    tasks = Task.objects.visible_to(request.user).filter(mine, status=Task.Status.OPEN)
    shifts = Shift.objects.visible_to(request.user).filter(individual=person, ends_at__gt=now)
    own: Any = site.get_model_admin(Individual)
    return Card(
        person=person,
        now=now,
        teams=list(Team.objects.visible_to(request.user).filter(members__individual=person).order_by("name", "pk")),
        shifts=list(shifts.select_related("service").order_by("starts_at", "pk")[:SHIFTS]),
        roles=[role for role in of_kept_subjects(roles).order_by("-assumed_at", "-pk")[:MOST] if role.subject.is_open],
        tasks=list(of_kept_subjects(tasks).order_by("due_at", "pk")[:MOST]),
        ways=_ways(request, person) if may_see_ways(request, person) else None,
        tools=own.buttons(request, ["add-way"], person),
    )


def _ways(request: HttpRequest, person: Individual) -> list[Reached]:
    admin: Any = site.get_model_admin(ContactMethod)
    rows = ContactMethod.objects.filter(individual=person).select_related("organization").order_by("order", "pk")
    return [
        Reached(method=row, buttons=admin.buttons(request, ["change", "remove"], row)) for row in rows
    ]  # fmt: skip
