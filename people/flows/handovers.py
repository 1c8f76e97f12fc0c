"""Handing a role over: offered with a summary, accepted by the receiver; until then the giver stays responsible."""

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from core import access, erasure, operations
from core.access import Right
from core.actor import Actor
from core.errors import FlowError, Forbidden, Invalid
from core.flows.subjects import check_text, locked
from core.models.organizations import Organization
from core.models.users import User
from core.timeline import Event, record
from core.timeline import flows as timeline
from people.flows.participants import take_in
from people.flows.roles import NotHolder
from people.flows.summaries import quoted, summary_of
from people.models import HandOver, Individual, Role

LONGEST_SUMMARY = 10_000
MAIL = "handover_offered"

Status = HandOver.Status


class AlreadyOffered(FlowError):
    """The role is being handed over already; that offer is withdrawn first."""

    code = "already_offered"


class HandOverOver(FlowError):
    """The offer was declined, withdrawn, or the role went to somebody else."""

    code = "hand_over_over"


class NothingToHandOver(FlowError):
    """The person holds no role in an open subject here."""

    code = "nothing_to_hand_over"


@transaction.atomic
def offer(*, subject: Any, role: str, to: Individual, actor: Actor, now: datetime, summary: str = "") -> HandOver:
    """Offer a role to somebody; without a summary one is made by rule. Holders offer theirs, editors any.

    :raises NotHolder: when nobody holds the role. :raises AlreadyOffered: while another offer of it is open.
    """
    subject = locked(subject)
    held = _held(subject, role)
    _check_giver(held, subject, actor)
    return _offer(subject, held, to, summary, None, actor, now)


@transaction.atomic
def offer_shift(
    *, organization: Organization, giver: Individual, to: Individual, actor: Actor, now: datetime, summary: str = ""
) -> list[HandOver]:
    """Offer every exclusive role that somebody holds in open subjects, as one batch. What is offered already stays so.

    :raises NothingToHandOver: when there is none that the actor may hand over.
    """
    batch, offers = uuid.uuid4(), []
    for held in roles_of(giver, organization):
        subject = locked(held.subject)
        if not _may_give(held, subject, actor) or _open(subject, held.role):
            continue
        offers.append(_offer(subject, held, to, summary, batch, actor, now))
    if not offers:
        raise NothingToHandOver(
            _("%(who)s holds no role here that can be handed over.") % {"who": giver}, field="giver"
        )
    return offers


@transaction.atomic
def accept(*, handover: HandOver, actor: Actor, now: datetime) -> HandOver:
    """The receiver takes the role; the summary stands on the timeline. Accepting again changes nothing.

    :raises Forbidden: for anybody else. :raises HandOverOver: when it is open no more.
    """
    subject, row = _now(handover)
    _check_receiver(row, actor)
    if row.status == Status.ACCEPTED:
        return row
    _check_open(row)
    _decide(row, Status.ACCEPTED, now)
    take_in(subject, row.receiver, role=row.role, reason=_("took the role over"), actor=actor, now=now)
    text = _("Hand-over of %(role)s from %(giver)s to %(taker)s:\n%(summary)s")
    words = {"role": row.get_role_display(), "giver": row.giver, "taker": row.receiver, "summary": row.summary}
    record(
        subject, kind=Event.Kind.CUSTOM, actor=actor, now=now, source=str(_("Hand-over")), description=text % words,
        details={"handover": str(row.uuid)},
    )  # fmt: skip
    return row


@transaction.atomic
def decline(*, handover: HandOver, actor: Actor, now: datetime, reason: str = "") -> HandOver:
    """The receiver does not take it; the giver stays responsible."""
    check_text(reason, "reason", 300)
    subject, row = _now(handover)
    _check_receiver(row, actor)
    if row.status == Status.DECLINED:
        return row
    _check_open(row)
    _decide(row, Status.DECLINED, now, reason)
    text = (
        _("%(taker)s declined to take %(role)s over: %(why)s")
        if reason
        else _("%(taker)s declined to take %(role)s over")
    )
    _note(subject, row, text, actor, now)
    return row


@transaction.atomic
def withdraw(*, handover: HandOver, actor: Actor, now: datetime, reason: str = "") -> HandOver:
    """The offer does not stand any more: by its giver, or whoever edits the subject."""
    check_text(reason, "reason", 300)
    subject, row = _now(handover)
    if not (actor.user and is_giver(row, actor.user)):
        access.require(actor, Right.EDIT, subject)
    if row.status != Status.OFFERED:
        return row
    _decide(row, Status.WITHDRAWN, now, reason)
    text = _("The hand-over of %(role)s to %(taker)s was withdrawn")
    _note(subject, row, f"{text}: %(why)s" if reason else text, actor, now)
    return row


def withdraw_all(subject: Any, *, reason: str, actor: Actor, now: datetime, roles: Q | None = None) -> None:
    """Withdraw what is offered of the subject: all, or some. The caller holds the lock."""
    for row in HandOver.objects.of(subject).filter(roles or Q(), status=Status.OFFERED):
        withdraw(handover=row, actor=actor, now=now, reason=reason)


def open_offers(subject: Any) -> QuerySet[HandOver]:
    """What is being handed over in the subject now."""
    rows: QuerySet[HandOver] = HandOver.objects.of(subject).filter(status=Status.OFFERED)
    return rows.select_related("giver__individual", "receiver").order_by("offered_at", "pk")


def is_receiver(row: HandOver, user: User) -> bool:
    """Whether the offer is the user's to accept or decline."""
    return row.receiver.user_id == user.pk


def is_giver(row: HandOver, user: User) -> bool:
    """Whether the offered role is the user's own."""
    return row.giver.individual.user_id == user.pk


def roles_of(person: Individual, organization: Organization) -> list[Role]:
    """The exclusive roles somebody holds in open subjects of the organization, the oldest first."""
    held = Role.objects.filter(
        participant__individual=person, renounced_at=None, role__in=set(Role.EXCLUSIVE) - {Role.Name.REPORTER}
    )
    rows = held.select_related("incident__project", "case__project", "participant__individual").order_by(
        "assumed_at", "pk"
    )
    here = [row for row in rows if row.subject.project.organization_id == organization.pk]
    return [row for row in here if row.subject.is_open and row.subject.deleted_at is None]


def forget_event(event_id: int) -> None:
    """Take the text of an event that is being erased out of the summaries that quote it, and erase the events by which
    those stand on the timeline. Runs in the transaction of what erases.
    """
    event = Event.objects.filter(pk=event_id).first()
    if event is None or not event.description.strip():
        return
    text = quoted(event)
    for row in HandOver.objects.select_for_update(of=("self",)).of(event.subject).filter(summary__contains=text):
        row.summary = erasure.without(row.summary, text)
        row.save(update_fields=["summary"])
    told = Event.objects.of(event.subject).filter(details__handover__isnull=False, description__contains=text)
    for quoting in told.exclude(pk=event.pk):
        if erasure.without(quoting.description, text) != quoting.description:
            timeline.forget(quoting, timezone.now())


def _offer(
    subject: Any, held: Role, to: Individual, summary: str, batch: uuid.UUID | None, actor: Actor, now: datetime
) -> HandOver:
    check_text(summary, "summary", LONGEST_SUMMARY)
    _check_taker(subject, held, to)
    if _open(subject, held.role):
        raise AlreadyOffered(_("This role is being handed over already; withdraw that first."), field="role")
    row = HandOver.objects.create(
        **subject.as_owner, role=held.role, giver=held.participant, receiver=to, batch=batch,
        summary=summary.strip() or summary_of(subject, now), offered_at=now, offered_by=actor.user,
    )  # fmt: skip
    own = actor.user is None or is_giver(row, actor.user)
    text = (
        _("%(giver)s offers %(role)s to %(taker)s; until it is accepted %(giver)s stays responsible")
        if own
        else _("%(by)s offers %(giver)s's %(role)s to %(taker)s; until it is accepted %(giver)s stays responsible")
    )
    _note(subject, row, text, actor, now)
    operations.plan(
        "email.send", subject=subject, fact=f"handover:{row.uuid}",
        arguments={"template": MAIL, "individual": to.pk, "handover": row.pk},
    )  # fmt: skip
    return row


def _check_taker(subject: Any, held: Role, to: Individual) -> None:
    if to.organization_id != subject.project.organization_id:
        raise Invalid(_("This person belongs to another organization."), field="to")
    if not to.is_active:
        raise Invalid(_("%(who)s is not active any more.") % {"who": to}, field="to")
    if to.pk == held.participant.individual_id:
        raise Invalid(_("%(who)s holds this role already.") % {"who": to}, field="to")


def _held(subject: Any, role: str) -> Role:
    if role not in Role.EXCLUSIVE or role == Role.Name.REPORTER:
        raise Invalid(_("This role is not handed over."), field="role")
    held: Role | None = (
        Role.objects.of(subject).filter(role=role, renounced_at=None).select_related("participant__individual").first()
    )
    if held is None:
        raise NotHolder(_("Nobody holds this role; assign it instead."), field="role")
    return held


def _check_giver(held: Role, subject: Any, actor: Actor) -> None:
    if not _may_give(held, subject, actor):
        access.require(actor, Right.EDIT, subject)


def _may_give(held: Role, subject: Any, actor: Actor) -> bool:
    own = actor.user is not None and held.participant.individual.user_id == actor.user.pk
    return own or actor.trusted or access.may(actor.user, Right.EDIT, subject)


def _check_receiver(row: HandOver, actor: Actor) -> None:
    own = actor.user is not None and is_receiver(row, actor.user)
    if not row.receiver.is_active or not (own or actor.trusted):
        raise Forbidden(_("Only %(who)s can answer this offer.") % {"who": row.receiver})


def _check_open(row: HandOver) -> None:
    if row.status != Status.OFFERED:
        words = {"status": row.get_status_display().lower()}
        raise HandOverOver(_("This offer was %(status)s; there is nothing to answer.") % words)


def _decide(row: HandOver, status: str, now: datetime, reason: str = "") -> None:
    row.status, row.decided_at, row.decided_reason = status, now, reason
    row.save(update_fields=["status", "decided_at", "decided_reason", "updated_at"])


def _open(subject: Any, role: str) -> bool:
    found: bool = HandOver.objects.of(subject).filter(role=role, status=Status.OFFERED).exists()
    return found


def _note(subject: Any, row: HandOver, text: str, actor: Actor, now: datetime) -> None:
    words = {
        "giver": row.giver, "taker": row.receiver, "role": row.get_role_display(), "why": row.decided_reason,
        "by": actor.name,
    }  # fmt: skip
    record(
        subject, kind=Event.Kind.PARTICIPANT, actor=actor, now=now, description=text % words,
        details={"handover": str(row.uuid)},
    )  # fmt: skip


def _now(found: HandOver) -> tuple[Any, HandOver]:
    """The subject, locked, and the hand-over as it is now."""
    subject = locked(found.subject)
    return subject, HandOver.objects.select_related("giver__individual", "receiver").get(pk=found.pk)
