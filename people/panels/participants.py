"""The tab of a subject that shows who takes part, in which roles, since when."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin import site
from django.db.models import F
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.console import panels
from core.console.dialogs import Button
from core.console.once import once
from core.models.subjects import Subject
from people.models import Individual, Participant, Role
from people.panels.pages import waiting_roles


@dataclass(kw_only=True)
class Person:
    """A participant with present and past roles."""

    participant: Participant
    current: list[Role] = field(default_factory=list)
    past: list[Role] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)


def people(request: HttpRequest, subject: Any) -> dict[str, Any]:
    """A page of the participants: those who take part first."""
    rows = Participant.objects.of(subject).select_related(
        "individual", "added_by", subject.kind, f"{subject.kind}__project"
    )
    page = panels.page_of(request, rows.order_by(F("left_at").asc(nulls_first=True), "joined_at", "pk"))
    roles = (
        Role.objects.of(subject)
        .filter(participant__in=[row.pk for row in page.object_list])
        .order_by("assumed_at", "pk")
    )
    shown = {row.pk: Person(participant=row) for row in page.object_list}
    for role in roles:
        (shown[role.participant_id].past if role.renounced_at else shown[role.participant_id].current).append(role)
    admin: Any = site.get_model_admin(Participant)
    for person in shown.values():
        person.buttons = admin.buttons(request, ["renounce", "remove"], person.participant)
    subject_admin: Any = site.get_model_admin(type(subject))
    tools = subject_admin.buttons(request, ["assign-role", "offer-role", "offer-shift", "add-participant"], subject)
    waiting = waiting_roles(subject)
    return {"page": page, "people": list(shown.values()), "tools": tools, "subject": subject, "waiting": waiting}


@dataclass(kw_only=True)
class Holder:
    """A person with the exclusive roles they hold, or held when it was closed; `waiting`: not yet acknowledged."""

    individual: Individual
    roles: list[Role]
    waiting: bool = False

    @property
    def said(self) -> str:
        """The roles in words."""
        return ", ".join(role.get_role_display() for role in self.roles)


def roles_card(subject: Any) -> dict[str, Any]:
    """Who holds the exclusive roles (of a closed subject: who held them then), and how many others take part."""
    held = Role.objects.of(subject).filter(role__in=Role.EXCLUSIVE).select_related("participant__individual")
    rows = list(held.order_by("assumed_at", "pk"))
    last = max((role.ended_by_id for role in rows if role.ended_by_id), default=None)
    shown = [
        role for role in rows if (role.renounced_at is None if subject.is_open else last and role.ended_by_id == last)
    ]
    order, paged = list(Role.EXCLUSIVE), waiting_roles(subject)
    shown.sort(key=lambda role: order.index(Role.Name(role.role)))
    holders: dict[int, Holder] = {}
    for role in shown:
        person = role.participant.individual
        holder = holders.setdefault(role.participant_id, Holder(individual=person, roles=[]))
        holder.roles.append(role)
        holder.waiting = holder.waiting or (role.renounced_at is None and role.role in paged)
    return {"holders": list(holders.values()), "others": max(0, count(subject) - len(holders))}


def count(subject: Subject) -> int:
    """How many take part now."""
    return once(subject, "people", Participant.objects.of(subject).filter(left_at=None).count)


panels.register(
    panels.Panel(
        key="people", title=_("People"), template="people/panels/people.html", context=people, count=count, order=20
    )
)
