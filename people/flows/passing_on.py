"""What becomes of one duty of somebody who leaves: it passes to an heir, or it ends."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from core.actor import Actor
from core.flows import configuration
from people.flows import handovers
from people.flows.duties import Duty
from people.flows.roles import hand_over
from people.flows.services import save_layer
from people.flows.task_people import hand_over_tasks
from people.models import (
    EscalationStep,
    HandOver,
    Individual,
    Override,
    Role,
    RotationMember,
    Swap,
    Task,
    Team,
    TeamMember,
)


@dataclass(frozen=True, kw_only=True)
class Going:
    """Who goes, when, and who has them go."""

    person: Individual
    actor: Actor
    now: datetime


def pass_on(duty: Duty, heir: Individual | None, going: Going) -> None:
    """Let the heir have the duty; without one it ends. Tasks go by `pass_tasks`."""
    HANDLERS[duty.kind](duty.row, heir, going)


def pass_tasks(tasks: list[Task], heir: Individual, going: Going) -> None:
    """Move tasks to the heir, who joins their subjects; each says so on its timeline."""
    hand_over_tasks(tasks=tasks, to=heir, giver=going.person, actor=going.actor, now=going.now)


def _role(role: Role, heir: Individual | None, going: Going) -> None:
    if heir is not None:
        note = _("%(who)s leaves the organization.") % {"who": going.person}
        hand_over(subject=role.subject, role=role.role, to=heir, actor=going.actor, now=going.now, note=note)


def _owned(field: str) -> Callable[[Any, Individual | None, Going], None]:
    """A configuration row that names the person in a field."""

    def write(row: Any, heir: Individual | None, going: Going) -> None:
        if heir is not None:
            setattr(row, field, heir)
        else:
            row.enabled = False
        configuration.save(row, actor=going.actor, now=going.now)

    return write


def _step(step: EscalationStep, heir: Individual | None, going: Going) -> None:
    """The place in the list is the heir's, unless they have one there already."""
    if heir is None or EscalationStep.objects.filter(service=step.service_id, individual=heir).exists():
        step.delete()
        return
    step.individual = heir
    step.save(update_fields=["individual"])


def _turns(place: RotationMember, heir: Individual | None, going: Going) -> None:
    """The turns are the heir's, unless they take turns there already."""
    rows = place.layer.members.select_related("individual").order_by("position")
    people = [heir if row.pk == place.pk else row.individual for row in rows]
    # The first place of each counts.
    once = list({person.pk: person for person in people if person is not None}.values())
    # It keeps the running turn with whoever has it, though the list becomes shorter.
    save_layer(place.layer, members=once, actor=going.actor, now=going.now)


def _override(row: Override, heir: Individual | None, going: Going) -> None:
    row.cancelled_at = going.now
    row.save(update_fields=["cancelled_at", "updated_at"])
    if heir is not None:
        Override.objects.create(
            service=row.service, individual=heir, starts_at=max(row.starts_at, going.now), ends_at=row.ends_at,
            reason=row.reason, created_by=going.actor.user,
        )  # fmt: skip


def _swap(row: Swap, heir: Individual | None, going: Going) -> None:
    row.status = Swap.Status.WITHDRAWN if row.asked_by_id == going.person.pk else Swap.Status.DECLINED
    row.decided_at = going.now
    row.save(update_fields=["status", "decided_at", "updated_at"])


def _handover(row: HandOver, heir: Individual | None, going: Going) -> None:
    reason = _("%(who)s leaves the organization") % {"who": going.person}
    handovers.withdraw(handover=row, actor=going.actor, now=going.now, reason=reason)


def _team(team: Team, heir: Individual | None, going: Going) -> None:
    TeamMember.objects.filter(team=team, individual=going.person).delete()
    if team.lead_id == going.person.pk:
        team.lead = heir
        configuration.save(team, actor=going.actor, now=going.now)
    if heir is not None:
        TeamMember.objects.get_or_create(team=team, individual=heir, defaults={"added_at": going.now})


HANDLERS: dict[str, Callable[[Any, Individual | None, Going], None]] = {
    "role": _role,
    "service": _owned("owner"),
    "escalation": _step,
    "policy": _owned("individual"),
    "engagement": _owned("individual"),
    "rotation": _turns,
    "override": _override,
    "swap": _swap,
    "handover": _handover,
    "team": _team,
}
