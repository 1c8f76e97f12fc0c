"""What somebody answers for: what must be handed over before they go, and what ends with their going."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from core import access
from core.access import Right
from core.actor import Actor
from core.models.subjects import KINDS
from people.models import (
    EngagementRule,
    EscalationStep,
    HandOver,
    Individual,
    Override,
    Participant,
    Role,
    RolePolicy,
    RotationMember,
    Service,
    Swap,
    Task,
    Team,
)

# Who reported something stays true when they go; the other exclusive roles are work that somebody must go on with.
HANDED_OVER = tuple(role for role in Role.EXCLUSIVE if role != Role.Name.REPORTER)


@dataclass(frozen=True, kw_only=True)
class Duty:
    """One thing that somebody answers for.

    :ivar key: names it for a choice of successor, for example `role:0b9c…`; :ivar text: in words.
    :ivar where: the subject or project it is in; the rights of whoever hands it over are asked there.
    :ivar needs_successor: without one the person cannot go; the others end with their going.
    """

    kind: str
    row: Any
    text: str
    where: Any
    needs_successor: bool

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.row.uuid}"


@dataclass(frozen=True, kw_only=True)
class Duties:
    """All of somebody's duties that the reader may see.

    :ivar hidden: there are others, in subjects or projects that are not the reader's; how many is not told.
    """

    to_hand_over: list[Duty] = field(default_factory=list)
    ending: list[Duty] = field(default_factory=list)
    hidden: bool = False

    def __iter__(self) -> Iterator[Duty]:
        yield from self.to_hand_over
        yield from self.ending

    def __bool__(self) -> bool:
        return bool(self.to_hand_over or self.ending or self.hidden)


def open_duties(individual: Individual, *, actor: Actor, now: datetime) -> Duties:
    """What the person answers for now, as far as the actor may hand it over.

    Roles but the reporter's in open subjects, open tasks, services, places in rotations and escalation lists, coming
    overrides, swaps that were asked, role policies and engagement rules, teams that they lead.
    """
    rights: dict[tuple[str, int], bool] = {}
    duties = [duty for find in FINDERS for duty in find(individual, now)]
    mine = [duty for duty in duties if _may(actor, duty.where, rights)]
    parts = (part.subject for part in taking_part(individual))
    hidden = len(mine) < len(duties) or not all(_may(actor, subject, rights) for subject in parts)
    return Duties(
        to_hand_over=[duty for duty in mine if duty.needs_successor],
        ending=[duty for duty in mine if not duty.needs_successor],
        hidden=hidden,
    )


def taking_part(individual: Individual) -> list[Participant]:
    """The person's present parts in open subjects."""
    rows = of_kept_subjects(Participant.objects.filter(individual=individual, left_at=None))
    return [row for row in rows.order_by("pk") if row.subject.is_open]


def of_kept_subjects(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Without the rows of deleted subjects, the subjects fetched with them."""
    kept = Q()
    for kind in KINDS:
        kept |= Q(**{f"{kind}__isnull": False, f"{kind}__deleted_at": None})
    return rows.filter(kept).select_related(*(f"{kind}__project" for kind in KINDS))


def _may(actor: Actor, where: Any, known: dict[tuple[str, int], bool]) -> bool:
    """Whether the actor may hand over what is there; asked once a place."""
    key = (where._meta.label, where.pk)
    if key not in known:
        right = Right.EDIT if hasattr(where, "kind") else Right.CONFIGURE
        known[key] = actor.trusted or access.may(actor.user, right, where)
    return known[key]


def _roles(individual: Individual, _now: datetime) -> Iterator[Duty]:
    held = Role.objects.filter(participant__individual=individual, renounced_at=None, role__in=HANDED_OVER)
    for role in of_kept_subjects(held).order_by("assumed_at", "pk"):
        if role.subject.is_open:
            words = {"role": role.get_role_display(), "name": role.subject.name, "title": role.subject.title}
            text = _("%(role)s of %(name)s “%(title)s”") % words
            yield Duty(kind="role", row=role, text=text, where=role.subject, needs_successor=True)


def _tasks(individual: Individual, _now: datetime) -> Iterator[Duty]:
    mine = Q(owner=individual) | Q(pk__in=individual.task_assignments.values("task"))
    for task in of_kept_subjects(Task.objects.filter(mine, status=Task.Status.OPEN)).order_by("due_at", "pk"):
        words = {"task": task.title, "name": task.subject.name}
        owned = task.owner_id == individual.pk
        text = (
            _("Owns the task “%(task)s” of %(name)s") if owned else _("Does the task “%(task)s” of %(name)s")
        ) % words
        yield Duty(kind="task", row=task, text=text, where=task.subject, needs_successor=True)


def _services(individual: Individual, _now: datetime) -> Iterator[Duty]:
    for service in Service.objects.filter(owner=individual).select_related("project").order_by("name", "pk"):
        text = _("Owns the service “%(service)s”") % {"service": service}
        yield Duty(kind="service", row=service, text=text, where=service.project, needs_successor=True)


def _steps(individual: Individual, _now: datetime) -> Iterator[Duty]:
    steps = EscalationStep.objects.filter(individual=individual).select_related("service__project")
    for step in steps.order_by("service", "position"):
        text = _("Is called when nobody on call for “%(service)s” answers") % {"service": step.service}
        yield Duty(kind="escalation", row=step, text=text, where=step.service.project, needs_successor=True)


def _policies(individual: Individual, _now: datetime) -> Iterator[Duty]:
    policies = RolePolicy.objects.filter(individual=individual, enabled=True).select_related("project")
    for policy in policies.order_by("name", "pk"):
        words = {"role": policy.get_role_display(), "policy": policy}
        text = _("Becomes %(role)s by the policy “%(policy)s”") % words
        yield Duty(kind="policy", row=policy, text=text, where=policy.project, needs_successor=True)


def _rules(individual: Individual, _now: datetime) -> Iterator[Duty]:
    rules = EngagementRule.objects.filter(individual=individual, enabled=True).select_related("project")
    for rule in rules.order_by("name", "pk"):
        text = _("Is engaged by the rule “%(rule)s”, which is disabled") % {"rule": rule}
        yield Duty(kind="engagement", row=rule, text=text, where=rule.project, needs_successor=False)


def _rotations(individual: Individual, _now: datetime) -> Iterator[Duty]:
    places = RotationMember.objects.filter(individual=individual).select_related("layer__service__project")
    for place in places.order_by("layer", "pk"):
        words = {"layer": place.layer, "service": place.layer.service}
        text = _("Takes turns in “%(layer)s” of “%(service)s”; the others' turns come sooner") % words
        yield Duty(kind="rotation", row=place, text=text, where=place.layer.service.project, needs_successor=False)


def _overrides(individual: Individual, now: datetime) -> Iterator[Duty]:
    coming = Override.objects.filter(individual=individual, cancelled_at=None, ends_at__gt=now)
    for row in coming.select_related("service__project").order_by("starts_at", "pk"):
        words = {"service": row.service, "when": f"{row.starts_at:%Y-%m-%d %H:%M}"}
        text = _("Is on call for “%(service)s” out of turn from %(when)s UTC; this is cancelled") % words
        yield Duty(kind="override", row=row, text=text, where=row.service.project, needs_successor=False)


def _swaps(individual: Individual, _now: datetime) -> Iterator[Duty]:
    asked = Swap.objects.filter(Q(asked_by=individual) | Q(asked=individual), status=Swap.Status.ASKED)
    for swap in asked.select_related("service__project", "asked", "asked_by").order_by("starts_at", "pk"):
        text = _("The swap %(swap)s of “%(service)s” is called off") % {"swap": swap, "service": swap.service}
        yield Duty(kind="swap", row=swap, text=text, where=swap.service.project, needs_successor=False)


def _handovers(individual: Individual, _now: datetime) -> Iterator[Duty]:
    offered = HandOver.objects.filter(
        Q(receiver=individual) | Q(giver__individual=individual), status=HandOver.Status.OFFERED
    )
    for row in of_kept_subjects(offered.select_related("giver__individual", "receiver")).order_by("offered_at", "pk"):
        words = {"role": row.get_role_display(), "name": row.subject.name}
        text = _("The offered hand-over of %(role)s of %(name)s is called off") % words
        yield Duty(kind="handover", row=row, text=text, where=row.subject, needs_successor=False)


def _teams(individual: Individual, _now: datetime) -> Iterator[Duty]:
    belongs = Q(lead=individual) | Q(pk__in=individual.team_memberships.values("team"))
    for team in Team.objects.filter(belongs).select_related("organization").order_by("name", "pk"):
        leads = team.lead_id == individual.pk
        text = (_("Leads the team “%(team)s”") if leads else _("Belongs to the team “%(team)s”")) % {"team": team}
        yield Duty(kind="team", row=team, text=text, where=team.organization, needs_successor=False)


FINDERS = (
    _roles, _tasks, _services, _steps, _policies, _rules, _rotations, _overrides, _swaps, _handovers, _teams,
)  # fmt: skip
