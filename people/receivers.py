"""What people do when something happens: pages and hand-overs that have lost their reason stop."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actor import Actor
from core.models.subjects import StatusChange
from core.signals import (
    RoleAssigned,
    StatusChanged,
    SubjectChanged,
    SubjectFact,
    role_assigned,
    status_changed,
    subject_changed,
)
from people.flows import handovers, pages
from people.models import HandOver, Page, Role


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
