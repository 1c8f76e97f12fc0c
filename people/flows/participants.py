"""Taking part in a subject: joining, being added, leaving, being removed, and what closing does."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import access
from core.access import Right
from core.actor import Actor
from core.errors import FlowError, Forbidden, Invalid
from core.flows.subjects import check_text, locked
from core.models.subjects import StatusChange
from core.signals import participant_removed
from core.timeline import Event, record
from people.flows import coming, individuals
from people.flows.roles import end_role, give_role
from people.models import Individual, Participant, Role, Service, Task

LONGEST_REASON = 300
# How many tasks a refusal names.
NAMED_TASKS = 10


class CannotRemove(FlowError):
    """Something the person holds must be handed over first; `params["blockers"]` lists it in words."""

    code = "cannot_remove"


class CannotJoin(FlowError):
    """The project or the subject does not let people join by themselves."""

    code = "cannot_join"
    status = 403


@transaction.atomic
def add_participant(
    *,
    subject: Any,
    individual: Individual,
    actor: Actor,
    now: datetime,
    role: str = Role.Name.OBSERVER,
    reason: str = "",
) -> Participant:
    """Bring somebody in, or back, with a role. A role asked for is always given; who has it keeps the rest.

    :raises Invalid: when the person belongs to another organization, or the subject has no such role.
    """
    access.require(actor, Right.EDIT, subject)
    check_text(reason, "reason", LONGEST_REASON)
    return take_in(locked(subject), individual, role=role, reason=reason, actor=actor, now=now)


@transaction.atomic
def join(*, subject: Any, actor: Actor, now: datetime) -> Participant:
    """Take part by one's own wish, as observer.

    :raises CannotJoin: when the subject is restricted or the project does not allow it (admins always may).
    """
    access.require(actor, Right.JOIN, subject)
    if actor.user is None:
        raise Forbidden(_("Only a person may join."))
    free = subject.visibility == "open" and subject.project.allow_self_join
    if not free and not access.may(actor.user, Right.ADMINISTER, subject.project):
        raise CannotJoin(_("People are added to %(name)s by those who lead it.") % {"name": subject.name})
    person = individuals.of_user(actor.user, subject.project.organization, now)
    return take_in(locked(subject), person, role=Role.Name.OBSERVER, reason=str(_("joined")), actor=actor, now=now)


@transaction.atomic
def leave(*, subject: Any, actor: Actor, now: datetime) -> Participant:
    """Go by one's own wish.

    :raises CannotRemove: while one leads the open subject. :raises Invalid: when one takes no part.
    """
    subject = locked(subject)
    participant = _participant_of(subject, actor)
    return _go(subject, participant, actor=actor, now=now)


@transaction.atomic
def remove_participant(*, subject: Any, individual: Individual, actor: Actor, now: datetime) -> Participant:
    """Remove somebody: roles end, the row and its history stay.

    :raises CannotRemove: naming what must be handed over first.
    """
    access.require(actor, Right.EDIT, subject)
    subject = locked(subject)
    participant = _current(subject, individual)
    if participant is None:
        raise Invalid(
            _("%(who)s takes no part in %(name)s.") % {"who": individual, "name": subject.name}, field="individual"
        )
    return _go(subject, participant, actor=actor, now=now)


def blockers(subject: Any, participant: Participant) -> list[str]:
    """What stands in the way of the person's going, in words: leading the open subject, and open tasks."""
    found = []
    if leads(subject, participant):
        found.append(
            _("%(who)s is %(role)s of the open %(name)s; hand the role over first")
            % {"who": participant, "role": Role.Name(subject.lead_role).label, "name": subject.name}
        )
    tasks = list(open_tasks(subject, participant)[: NAMED_TASKS + 1])
    if tasks:
        named = [f"“{task.title}”" for task in tasks[:NAMED_TASKS]] + ["…"] * (len(tasks) > NAMED_TASKS)
        found.append(
            _("%(who)s has open tasks (%(tasks)s); hand them over or finish them first")
            % {"who": participant, "tasks": ", ".join(named)}
        )
    return found


def leads(subject: Any, participant: Participant) -> bool:
    """Whether the person leads the subject while it is open."""
    held = Role.objects.of(subject).filter(participant=participant, role=subject.lead_role, renounced_at=None)
    return bool(subject.is_open and held.exists())


def open_tasks(subject: Any, participant: Participant) -> Any:
    """The subject's open tasks that the person owns or is to do."""
    held = Task.objects.of(subject).open().held_by(individual=participant.individual_id)
    return held.order_by("due_at", "pk")


def take_in(
    subject: Any,
    individual: Individual,
    *,
    role: str,
    reason: str,
    actor: Actor,
    now: datetime,
    service: Service | None = None,
) -> Participant:
    """Find, bring back or make the participant and give the role. The caller holds the lock and has asked access.

    With `service` they represent it from now on, unless they represent one already.

    :raises Invalid: as `add_participant`.
    """
    coming.check(subject, individual, role)
    came = coming.bring_in(subject, individual, reason=reason, actor=actor, now=now)
    participant = came.participant
    represent(participant, service)
    given = _give_unless_more(subject, participant, role, actor=actor, now=now, is_new=came.made)
    if came.is_news:
        coming.announce(subject, came, role, actor=actor, now=now, reason=reason)
    elif given:
        _record_role(subject, participant, role, actor, now)
    return participant


def represent(participant: Participant, service: Service | None) -> None:
    """Let somebody represent the on-call service that brought them, unless they represent one already."""
    if service is not None and participant.service_id is None:
        participant.service = service
        participant.save(update_fields=["service", "updated_at"])


def inactivate_all(subject: Any, change: StatusChange, *, actor: Actor, now: datetime) -> int:
    """End every held role by the closing `change`; people stay participants. Returns how many roles ended."""
    held = Role.objects.of(subject).filter(renounced_at=None)
    count = held.update(renounced_at=now, ended_by=change)
    if count:
        holders = Role.objects.filter(ended_by=change).values("participant").distinct().count()
        said = ngettext(
            "The roles of %(count)s person ended with the closing",
            "The roles of %(count)s people ended with the closing",
            holders,
        )
        record(
            subject,
            kind=Event.Kind.PARTICIPANT,
            actor=actor,
            now=now,
            description=said % {"count": holders},
        )
    return count


def reactivate_all(subject: Any, *, actor: Actor, now: datetime) -> list[Role]:
    """Give back every role that the last closing ended and nobody took since, to those who are still there."""
    last = (
        StatusChange.objects.filter(**subject.as_owner, ended_roles__isnull=False)
        .order_by("-changed_at", "-pk")
        .first()
    )
    if last is None:
        return []
    ended = Role.objects.filter(
        ended_by=last, participant__left_at=None, participant__individual__is_active=True
    ).select_related("participant__individual")
    taken = set(
        Role.objects.of(subject).filter(renounced_at=None, role__in=Role.EXCLUSIVE).values_list("role", flat=True)
    )
    back = [
        give_role(subject, role.participant, role.role, actor=actor, now=now)
        for role in ended.order_by("pk")
        if role.role not in taken
    ]
    if back:
        record(
            subject, kind=Event.Kind.PARTICIPANT, actor=actor, now=now,
            description=_("%(count)s roles were given back with the reopening") % {"count": len(back)},
        )  # fmt: skip
    return [role for role in back if role]


def _give_unless_more(
    subject: Any, participant: Participant, role: str, *, actor: Actor, now: datetime, is_new: bool
) -> Role | None:
    """Observer is the role of those who hold none."""
    if not is_new and role == Role.Name.OBSERVER and participant.roles.filter(renounced_at=None).exists():
        return None
    return give_role(subject, participant, role, actor=actor, now=now, is_new=is_new)


def _go(subject: Any, participant: Participant, *, actor: Actor, now: datetime) -> Participant:
    in_the_way = blockers(subject, participant)
    if in_the_way:
        raise CannotRemove("; ".join(in_the_way) + ".", field="individual", blockers=in_the_way)
    for role in participant.roles.filter(renounced_at=None):
        end_role(role, now=now)
    participant.left_at = now
    participant.save(update_fields=["left_at", "updated_at"])
    own = actor.user is not None and participant.individual.user_id == actor.user.pk
    text = _("%(who)s left") if own else _("%(who)s was removed")
    event = record(
        subject, kind=Event.Kind.PARTICIPANT, actor=actor, now=now, description=text % {"who": participant.individual}
    )
    participant_removed.send(sender=Participant, payload=coming.changed(subject, participant, actor, str(event.uuid)))
    return participant


def _record_role(subject: Any, participant: Participant, role: str, actor: Actor, now: datetime) -> None:
    record(
        subject, kind=Event.Kind.PARTICIPANT, actor=actor, now=now,
        description=_("%(who)s is %(role)s now") % {"who": participant.individual, "role": Role.Name(role).label},
        details={"individual": str(participant.individual.uuid), "role": role},
    )  # fmt: skip


def _current(subject: Any, individual: Individual) -> Participant | None:
    found: Participant | None = (
        Participant.objects.of(subject).filter(individual=individual, left_at=None).select_related("individual").first()
    )
    return found


def _participant_of(subject: Any, actor: Actor) -> Participant:
    found: Participant | None = (
        Participant.objects.of(subject)
        .filter(individual__user=actor.user, left_at=None, individual__user__isnull=False)
        .select_related("individual")
        .first()
    )
    if found is None:
        raise Invalid(_("You take no part in %(name)s.") % {"name": subject.name})
    return found
