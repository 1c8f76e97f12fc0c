"""Coming into a subject, or back: the one way that adding somebody and giving them a role share."""

from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from core.actor import Actor
from core.errors import Invalid
from core.signals import ParticipantChanged, participant_added
from core.timeline import Event, record
from people.models import Individual, Participant, Role


class Coming(NamedTuple):
    """The participant; whether the row was made just now, or somebody who had left is back."""

    participant: Participant
    made: bool
    back: bool

    @property
    def is_news(self) -> bool:
        return self.made or self.back


def check(subject: Any, individual: Individual, role: str) -> None:
    """Refuse a role that the subject does not have, and people who cannot hold one here.

    :raises Invalid: naming which.
    """
    if role not in Role.Name.values:
        raise Invalid(_("A role is one of %(roles)s.") % {"roles": ", ".join(Role.Name.values)}, field="role")
    others = {Role.Name.COMMANDER, Role.Name.ASSIGNEE} - {subject.lead_role}
    if role in others:
        raise Invalid(_("%(name)s has no such role.") % {"name": subject.name}, field="role")
    if individual.organization_id != subject.project.organization_id:
        raise Invalid(_("This person belongs to another organization."), field="individual")
    if not individual.is_active:
        raise Invalid(_("%(who)s is not active any more.") % {"who": individual}, field="individual")


def bring_in(subject: Any, individual: Individual, *, reason: str, actor: Actor, now: datetime) -> Coming:
    """Find, bring back or make the participant. The caller holds the lock, gives a role and then announces them."""
    participant, made = Participant.objects.get_or_create(
        **subject.as_owner, individual=individual,
        defaults={"added_by": actor.user, "added_reason": reason, "joined_at": now},
    )  # fmt: skip
    back = participant.left_at is not None
    if back:
        participant.left_at, participant.joined_at, participant.added_reason = None, now, reason
        participant.save(update_fields=["left_at", "joined_at", "added_reason", "updated_at"])
    return Coming(participant, made, back)


def announce(subject: Any, coming: Coming, role: str, *, actor: Actor, now: datetime, **details: Any) -> None:
    """Write on the timeline as what somebody came, in one line, and let who follows know."""
    text = _("%(who)s came back as %(role)s") if coming.back else _("%(who)s was added as %(role)s")
    participant = coming.participant
    event = record(
        subject, kind=Event.Kind.PARTICIPANT, actor=actor, now=now,
        description=text % {"who": participant.individual, "role": Role.Name(role).label},
        details={"individual": str(participant.individual.uuid), "role": role, **details},
    )  # fmt: skip
    participant_added.send(sender=Participant, payload=changed(subject, participant, actor, str(event.uuid)))


def changed(subject: Any, participant: Participant, actor: Actor, fact: str) -> ParticipantChanged:
    """What those who follow learn of a participant."""
    return ParticipantChanged(
        kind=subject.kind, subject_id=subject.pk, user_id=actor.user.pk if actor.user else None,
        participant_id=participant.pk, individual_id=participant.individual_id, fact=fact, subject=subject,
    )  # fmt: skip
