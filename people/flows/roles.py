"""Holding roles. An exclusive one has one holder; taking it ends the other's."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from core import access
from core.access import Right
from core.actor import Actor
from core.errors import FlowError
from core.flows.subjects import check_text, locked
from core.signals import RoleAssigned, role_assigned
from core.timeline import Event, record
from people.flows import coming
from people.models import Individual, Participant, Role

LONGEST_NOTE = 2000


class NotHolder(FlowError):
    """The person does not hold the role."""

    code = "not_holder"


class MustHandOver(FlowError):
    """An open subject is never without its lead."""

    code = "must_hand_over"


@transaction.atomic
def assign_role(*, subject: Any, individual: Individual, role: str, actor: Actor, now: datetime) -> Role:
    """Give somebody a role, bringing them in if needed. The present holder of an exclusive one renounces it.

    Whoever holds it already keeps it and nothing happens; other roles of the new holder stay.

    :raises Invalid: an unknown role, or a person of another organization.
    """
    access.require(actor, Right.EDIT, subject)
    coming.check(subject, individual, role)
    subject = locked(subject)
    came = coming.bring_in(subject, individual, reason="", actor=actor, now=now)
    held = came.participant.roles.filter(role=role, renounced_at=None).first()
    if held:
        return held
    before = _holder(subject, role)
    given = give_role(subject, came.participant, role, actor=actor, now=now, is_new=came.made)
    details = {"before": str(before.participant.individual.uuid) if before else None}
    if came.is_news:
        coming.announce(subject, came, role, actor=actor, now=now, reason="", **details)
    else:
        _record_assigning(subject, individual, role, actor=actor, now=now, **details)
    assert given is not None  # noqa: S101 (not held above, and the lock keeps it so)
    return given


@transaction.atomic
def hand_over(*, subject: Any, role: str, to: Individual, actor: Actor, now: datetime, note: str = "") -> Role:
    """Pass an exclusive role on; the note stands on the timeline.

    :raises NotHolder: when nobody holds it.
    """
    access.require(actor, Right.EDIT, subject)
    coming.check(subject, to, role)
    check_text(note, "note", LONGEST_NOTE)
    before = _holder(locked(subject), role)
    if before is None:
        raise NotHolder(_("Nobody holds this role; assign it instead."), field="role")
    given = assign_role(subject=subject, individual=to, role=role, actor=actor, now=now)
    if note.strip():
        text = _("Hand-over from %(giver)s to %(taker)s: %(note)s")
        record(
            subject, kind=Event.Kind.CUSTOM, actor=actor, now=now, source=str(_("Hand-over")),
            description=text % {"giver": before.participant.individual, "taker": to, "note": note},
        )  # fmt: skip
    return given


@transaction.atomic
def renounce_role(*, subject: Any, individual: Individual, role: str, actor: Actor, now: datetime) -> Role:
    """End a role: one's own, or somebody's as one who edits the subject. Without another role they become Participant.

    :raises NotHolder: when the person does not hold it. :raises MustHandOver: for the lead of an open subject.
    """
    if actor.user is None or individual.user_id != actor.user.pk:
        access.require(actor, Right.EDIT, subject)
    subject = locked(subject)
    held = Role.objects.of(subject).filter(participant__individual=individual, role=role, renounced_at=None).first()
    if held is None:
        raise NotHolder(_("%(who)s does not hold this role.") % {"who": individual}, field="role")
    if role == subject.lead_role and subject.is_open:
        raise MustHandOver(
            _("%(name)s is open and needs its %(role)s; hand the role over instead.")
            % {"name": subject.name, "role": held.get_role_display()},
            field="role",
        )
    end_role(held, now=now)
    _keep_a_role(subject, held.participant, actor=actor, now=now)
    record(
        subject, kind=Event.Kind.PARTICIPANT, actor=actor, now=now,
        description=_("%(who)s renounced the role of %(role)s") % {"who": individual, "role": held.get_role_display()},
        details={"individual": str(individual.uuid), "role": role},
    )  # fmt: skip
    return held


def give_role(
    subject: Any, participant: Participant, role: str, *, actor: Actor, now: datetime, is_new: bool = False
) -> Role | None:
    """Write the role row, ending what it replaces. The caller holds the subject's lock. None: held already.

    `is_new` tells that the participant was made just now and holds nothing.
    """
    if not is_new and participant.roles.filter(role=role, renounced_at=None).exists():
        return None
    if role in Role.EXCLUSIVE:
        before = _holder(subject, role)
        if before:
            end_role(before, now=now)
            _keep_a_role(subject, before.participant, actor=actor, now=now)
    if not is_new:
        _drop_lesser(participant, role, now)
    given = Role.objects.create(
        **subject.as_owner, participant=participant, role=role, assumed_at=now, assigned_by=actor.user
    )
    payload = RoleAssigned(
        kind=subject.kind, subject_id=subject.pk, user_id=actor.user.pk if actor.user else None, role=role,
        role_uuid=str(given.uuid), individual_id=participant.individual_id, subject=subject,
    )  # fmt: skip
    role_assigned.send(sender=Role, payload=payload)
    return given


def end_role(role: Role, *, now: datetime) -> None:
    """Close the role's interval."""
    role.renounced_at = now
    role.save(update_fields=["renounced_at"])


def note_activity(*, subject: Any, user_id: int | None) -> None:
    """Count something a person did in the subject towards their held roles."""
    if user_id is not None:
        Role.objects.of(subject).filter(participant__individual__user_id=user_id, renounced_at=None).update(
            activity=F("activity") + 1
        )


def _record_assigning(
    subject: Any, individual: Individual, role: str, *, actor: Actor, now: datetime, **details: Any
) -> None:
    record(
        subject, kind=Event.Kind.PARTICIPANT, actor=actor, now=now,
        description=_("%(who)s has been assigned the role of %(role)s")
        % {"who": individual, "role": Role.Name(role).label},
        details={"individual": str(individual.uuid), "role": role, **details},
    )  # fmt: skip


def _holder(subject: Any, role: str) -> Role | None:
    if role not in Role.EXCLUSIVE:
        return None
    held: Role | None = (
        Role.objects.of(subject).filter(role=role, renounced_at=None).select_related("participant__individual").first()
    )
    return held


def _keep_a_role(subject: Any, participant: Participant, *, actor: Actor, now: datetime) -> None:
    if participant.left_at is None and not participant.roles.filter(renounced_at=None).exists():
        Role.objects.create(
            **subject.as_owner,
            participant=participant,
            role=Role.Name.PARTICIPANT,
            assumed_at=now,
            assigned_by=actor.user,
        )


def _drop_lesser(participant: Participant, role: str, now: datetime) -> None:
    """Observer is the least, Participant the next; a greater role takes their place (lifecycle I8)."""
    lesser = [Role.Name.PARTICIPANT] if role == Role.Name.OBSERVER else [Role.Name.PARTICIPANT, Role.Name.OBSERVER]
    participant.roles.filter(role__in=lesser, renounced_at=None).update(renounced_at=now)
