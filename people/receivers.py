"""What people do when something happens: a page that has lost its reason stops."""

from typing import Any

from django.db.models import QuerySet
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
from people.flows import pages
from people.models import Page, Role


@receiver(status_changed)
def stop_pages_of_closed(payload: StatusChanged, **_more: Any) -> None:
    """Nobody is woken for what is over."""
    waiting = _waiting(payload).first() if payload.to_status == "closed" else None
    if waiting:
        closed_at = StatusChange.objects.get(uuid=payload.change_uuid).changed_at
        pages.cancel_all(waiting.subject, reason=_("it was closed"), actor=Actor.system(), now=closed_at)


@receiver(subject_changed)
def stop_pages_of_deleted(payload: SubjectChanged, **_more: Any) -> None:
    """Nobody is woken for what was deleted."""
    waiting = _waiting(payload).first() if "deleted_at" in payload.changes else None
    if waiting:
        pages.cancel_all(waiting.subject, reason=_("it was deleted"), actor=Actor.system(), now=timezone.now())


@receiver(role_assigned)
def stop_pages_of_filled_role(payload: RoleAssigned, **_more: Any) -> None:
    """A role that somebody else took needs nobody called for it."""
    waiting = _waiting(payload).filter(role=payload.role).exclude(individual=payload.individual_id).first()
    if waiting:
        taken_at = Role.objects.get(uuid=payload.role_uuid).assumed_at
        pages.cancel_all(
            waiting.subject, reason=_("somebody else took the role"), role=payload.role, actor=Actor.system(),
            now=taken_at,
        )  # fmt: skip


def _waiting(payload: SubjectFact) -> QuerySet[Page]:
    rows: QuerySet[Page] = Page.objects.filter(status__in=Page.UNANSWERED, **{f"{payload.kind}_id": payload.subject_id})
    return rows
