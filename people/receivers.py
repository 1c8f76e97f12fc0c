"""What people do when something happens: pages and hand-overs that have lost their reason stop, and nobody's account or
membership ends while something depends on them. Whose account opens again is back.
"""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from core import cleaning, erasure
from core.actor import Actor
from core.models import Membership, User
from core.models.subjects import StatusChange
from core.signals import (
    AccountEnded,
    AccountFact,
    AccountReopened,
    MembershipEnded,
    RoleAssigned,
    StatusChanged,
    SubjectChanged,
    SubjectFact,
    account_ended,
    account_reopened,
    membership_ended,
    role_assigned,
    status_changed,
    subject_changed,
)
from people.flows import handovers, importing, pages
from people.flows.leaving import deactivate, reactivate, refuse_while_needed
from people.models import HandOver, Individual, Page, Role

cleaning.register(importing.forget_unconfirmed)
erasure.register("event", handovers.forget_event)


@receiver(status_changed)
def stop_what_waits_on_closing(payload: StatusChanged, **_more: Any) -> None:
    """Nobody is woken or asked to take over what is over."""
    if payload.to_status == "closed":
        closed_at = StatusChange.objects.get(uuid=payload.change_uuid).changed_at
        _stop(payload, reason=_("it was closed"), now=closed_at)


@receiver(subject_changed)
def stop_what_waits_on_deleting(payload: SubjectChanged, **_more: Any) -> None:
    """Nobody is woken or asked to take over what was deleted."""
    if "deleted_at" in payload.changes:
        _stop(payload, reason=_("it was deleted"), now=timezone.now())


@receiver(role_assigned)
def stop_what_waits_for_the_role(payload: RoleAssigned, **_more: Any) -> None:
    """A role that somebody else took needs nobody called for it, and is not its former holder's to hand over."""
    page = _pages(payload).filter(role=payload.role).exclude(individual=payload.individual_id).first()
    others = Q(role=payload.role) & ~Q(giver__individual=payload.individual_id)
    offered = _offers(payload).filter(others).first()
    if page is None and offered is None:
        return
    reason, actor = _("somebody else took the role"), Actor.system()
    taken_at = Role.objects.get(uuid=payload.role_uuid).assumed_at
    if page:
        pages.cancel_all(page.subject, reason=reason, role=payload.role, actor=actor, now=taken_at)
    if offered:
        handovers.withdraw_all(offered.subject, reason=reason, actor=actor, now=taken_at, roles=others)


@receiver(account_ended)
def let_the_person_go(payload: AccountEnded, **_: Any) -> None:
    """Deactivate whoever the account belongs to; with open duties the whole is refused."""
    for person in Individual.objects.active().filter(user=payload.user_id).order_by("pk"):
        deactivate(individual=person, actor=_by(payload), now=payload.now)


@receiver(account_reopened)
def let_the_person_return(payload: AccountReopened, **_: Any) -> None:
    """Reactivate whoever the account belongs to. Who was let go from an organization has no place there any more."""
    places = Membership.objects.filter(user=payload.user_id).values("organization")
    gone = Individual.objects.filter(user=payload.user_id, is_active=False, merged_into=None, organization__in=places)
    for person in gone.order_by("pk"):
        reactivate(individual=person, actor=_by(payload), now=payload.now)


@receiver(membership_ended)
def keep_who_is_needed(payload: MembershipEnded, **_: Any) -> None:
    """Refuse to take the last membership of somebody who still has duties in the organization."""
    if not payload.left_organization:
        return
    leaving = Individual.objects.active().filter(user=payload.user_id, organization=payload.organization_id)
    for person in leaving:
        refuse_while_needed(person, actor=Actor.system(), now=payload.now)


def _by(payload: AccountFact) -> Actor:
    user = User.objects.filter(pk=payload.by_user_id).first() if payload.by_user_id else None
    # The account's flow has asked the rights, in every organization of the account.
    return Actor(user=user, face=payload.face, trusted=True)


def _stop(payload: SubjectFact, *, reason: str, now: datetime) -> None:
    actor, page, offered = Actor.system(), _pages(payload).first(), _offers(payload).first()
    if page:
        pages.cancel_all(page.subject, reason=reason, actor=actor, now=now)
    if offered:
        handovers.withdraw_all(offered.subject, reason=reason, actor=actor, now=now)


def _pages(payload: SubjectFact) -> QuerySet[Page]:
    return Page.objects.filter(status__in=Page.UNANSWERED, **_owner(payload))


def _offers(payload: SubjectFact) -> QuerySet[HandOver]:
    return HandOver.objects.filter(status=HandOver.Status.OFFERED, **_owner(payload))


def _owner(payload: SubjectFact) -> dict[str, int]:
    return {f"{payload.kind}_id": payload.subject_id}
