"""Paging: somebody is needed now. One page calls people until one answers; every step stands on the timeline."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core import access
from core.access import Right
from core.actor import Actor
from core.errors import FlowError, Forbidden, Invalid
from core.flows.subjects import check_text, locked
from core.models.users import User
from people.flows import calls
from people.flows.participants import represent, take_in
from people.models import Individual, Page, PageCall, PageDelivery, Role, Service

LONGEST_MESSAGE = 500
DEFAULT_MINUTES = 5

Status = Page.Status


class PageOver(FlowError):
    """The page was cancelled, or the subject closed; there is nothing to answer."""

    code = "page_over"


class NotOpen(FlowError):
    """Nobody is woken for a closed subject."""

    code = "not_open"


@transaction.atomic
def page(
    *,
    subject: Any,
    fact: str,
    actor: Actor,
    now: datetime,
    service: Service | None = None,
    individual: Individual | None = None,
    role: str = "",
    message: str = "",
) -> Page:
    """Call whoever is on call for a service, or one person, until somebody answers. The same fact pages once.

    :raises Invalid: when neither or another project's is named. :raises NotOpen: for a closed subject.
    """
    access.require(actor, Right.EDIT, subject)
    check_text(message, "message", LONGEST_MESSAGE)
    if service is None and individual is None:
        raise Invalid(_("Say whom: a service, or a person."), field="service")
    if service and (service.project_id != subject.project_id or not service.is_active):
        raise Invalid(_("This project has no such service."), field="service")
    if individual and individual.organization_id != subject.project.organization_id:
        raise Invalid(_("This person belongs to another organization."), field="individual")
    if individual and not individual.is_active:
        raise Invalid(_("%(who)s is not active any more.") % {"who": individual}, field="individual")
    subject = locked(subject)
    if not subject.is_open:
        raise NotOpen(_("%(name)s is closed; reopen it to page somebody.") % {"name": subject.name})
    return begin(
        subject, fact=fact, service=service, individual=individual, role=role, message=message, actor=actor, now=now
    )


def begin(
    subject: Any,
    *,
    fact: str,
    actor: Actor,
    now: datetime,
    service: Service | None = None,
    individual: Individual | None = None,
    role: str = "",
    message: str = "",
) -> Page:
    """Make the page and its first call. The caller holds the subject's lock and has asked access."""
    row, made = Page.objects.get_or_create(
        fact=fact,
        defaults={
            **subject.as_owner, "service": service, "individual": individual, "role": role, "message": message,
            "escalation_minutes": service.escalation_minutes if service else DEFAULT_MINUTES,
            "paged_at": now, "paged_by": actor.user,
        },
    )  # fmt: skip
    if made:
        calls.call_next(subject, row, actor=actor, now=now)
    return row


@transaction.atomic
def acknowledge(*, page: Page, individual: Individual, way: str, actor: Actor, now: datetime) -> Page:
    """Somebody answers: the calls stop, they take part, and the role that was waiting is theirs.

    Answering again changes nothing. Who was called may answer, and whoever edits the subject, for themselves; a
    trusted actor is one who showed the page's secret link.

    :raises Forbidden: for others. :raises PageOver: when it was cancelled.
    """
    subject, row = _held(page)
    if row.status == Status.ACKNOWLEDGED:
        return row
    if row.status == Status.CANCELLED:
        raise PageOver(_("This page was cancelled; nothing is asked of you any more."))
    _check_may_answer(row, subject, individual, actor)
    row.status, row.due_at = Status.ACKNOWLEDGED, None
    row.acknowledged_at, row.acknowledged_by, row.acknowledged_through = now, individual, way
    row.save()
    row.calls.filter(individual=individual).update(status=PageCall.Status.ANSWERED, ended_at=now)
    row.calls.filter(ended_at=None).update(status=PageCall.Status.STOPPED, ended_at=now)
    text = _("%(who)s acknowledged the page for %(what)s %(way)s")
    words = {"who": individual, "what": row.named, "way": Page.Way(way).label}
    calls.note(subject, text % words, actor=actor, now=now)
    _bring_in(subject, row, individual, actor=actor, now=now)
    return row


@transaction.atomic
def cancel(*, page: Page, actor: Actor, now: datetime, reason: str = "") -> Page:
    """Call nobody any more. What is over already stays as it is."""
    access.require(actor, Right.EDIT, page.subject)
    check_text(reason, "reason", 300)
    subject, row = _held(page)
    if row.is_unanswered:
        stop(subject, row, reason=reason, actor=actor, now=now)
    return row


@transaction.atomic
def cancel_all(subject: Any, *, reason: str, actor: Actor, now: datetime, role: str | None = None) -> None:
    """Stop what waits for the subject: all, or what is about one role."""
    rows = unanswered(subject)
    for row in rows if role is None else rows.filter(role=role):
        stop(subject, row, reason=reason, actor=actor, now=now)


def stop(subject: Any, row: Page, *, reason: str, actor: Actor, now: datetime) -> None:
    """End a page that nobody answered. The caller holds the lock."""
    row.status, row.due_at = Status.CANCELLED, None
    row.save(update_fields=["status", "due_at", "updated_at"])
    row.calls.filter(ended_at=None).update(status=PageCall.Status.STOPPED, ended_at=now)
    text = _("The page for %(what)s was cancelled: %(why)s") if reason else _("The page for %(what)s was cancelled")
    calls.note(subject, text % {"what": row.named, "why": reason}, actor=actor, now=now)


@transaction.atomic
def advance(*, page_id: int, now: datetime) -> None:
    """What time asks of a page: after the deadline the next person, on a hanging way the next way. Else nothing."""
    found = Page.objects.filter(pk=page_id, status=Status.WAITING).first()
    if found is None:
        return
    subject, row = _held(found)
    call = calls.running(row)
    if row.status != Status.WAITING or call is None:
        return
    actor = Actor.system()
    if row.due_at and row.due_at <= now:
        call.status, call.ended_at = PageCall.Status.UNANSWERED, now
        call.save(update_fields=["status", "ended_at"])
        minutes = row.escalation_minutes
        text = _("%(who)s did not answer within %(minutes)s minutes") % {"who": call.individual, "minutes": minutes}
        calls.note(subject, text, actor=actor, now=now)
        calls.call_next(subject, row, actor=actor, now=now)
    elif _hangs(call, now) and call.deliveries.count() < len(calls.ways_of(call.individual)):
        calls.try_next_way(subject, call, actor=actor, now=now)


def advance_all(*, now: datetime) -> int:
    """Advance what is past its deadline, should its operation have been lost. Returns how many were looked at."""
    due = list(Page.objects.filter(status=Status.WAITING, due_at__lte=now).values_list("pk", flat=True))
    for page_id in due:
        advance(page_id=page_id, now=now)
    return len(due)


def wanted(delivery_id: int) -> PageDelivery | None:
    """The delivery as it is now, if it is still to be sent."""
    rows = PageDelivery.objects.filter(pk=delivery_id, call__page__status__in=Page.UNANSWERED)
    rows = rows.exclude(status=PageDelivery.Status.SENT).filter(call__individual__is_active=True)
    return rows.select_related("call__individual", "call__page__service", "method").first()


@transaction.atomic
def note_sent(*, delivery_id: int, now: datetime) -> None:
    """A way took the page."""
    subject, delivery = _held_delivery(delivery_id)
    if delivery.status == PageDelivery.Status.SENT:
        return
    delivery.status, delivery.sent_at, delivery.error = PageDelivery.Status.SENT, now, ""
    delivery.save(update_fields=["status", "sent_at", "error"])
    call = delivery.call
    if call.status == PageCall.Status.UNDELIVERABLE and call.page.is_unanswered:
        PageCall.objects.filter(pk=call.pk).update(status=PageCall.Status.CALLING, ended_at=None)
    text = _("The page went to %(who)s by %(path)s") % {"who": call.individual, "path": delivery.path}
    calls.note(subject, text, actor=Actor.system(), now=now)


@transaction.atomic
def note_failed(*, delivery_id: int, error: str, now: datetime) -> None:
    """A way did not take the page: at once the next one, or the next person. The first way goes on trying meanwhile."""
    subject, delivery = _held_delivery(delivery_id)
    first = delivery.status == PageDelivery.Status.SENDING
    delivery.status, delivery.error = PageDelivery.Status.FAILED, error
    delivery.save(update_fields=["status", "error"])
    if not first:
        return
    call, actor = delivery.call, Actor.system()
    text = _("The page to %(who)s by %(path)s did not arrive: %(error)s")
    words = {"who": call.individual, "path": delivery.path, "error": error}
    calls.note(subject, text % words, actor=actor, now=now)
    latest = not call.deliveries.filter(position__gt=delivery.position).exists()
    if call.page.status == Status.WAITING and call.status == PageCall.Status.CALLING and latest:
        calls.try_next_way(subject, call, actor=actor, now=now)


def unanswered(subject: Any) -> QuerySet[Page]:
    """The subject's pages that somebody still has to answer, the oldest first."""
    rows: QuerySet[Page] = Page.objects.of(subject).filter(status__in=Page.UNANSWERED)
    return rows.select_related("service", "individual").order_by("paged_at", "pk")


def may_answer(row: Page, user: User, rights: Collection[Right]) -> bool:
    """Whether a user may answer for themselves: one who was called, or whose `rights` on the subject let them edit."""
    return Right.EDIT in rights or any(call.individual.user_id == user.pk for call in row.calls.all())


def _check_may_answer(row: Page, subject: Any, individual: Individual, actor: Actor) -> None:
    here = individual.organization_id == subject.project.organization_id and individual.is_active
    if here and actor.trusted and row.calls.filter(individual=individual).exists():
        return
    own = here and actor.user is not None and individual.user_id == actor.user.pk
    if own and actor.user and may_answer(row, actor.user, access.rights(actor.user, subject)):
        return
    raise Forbidden(_("This page is not yours to answer."))


def _bring_in(subject: Any, row: Page, person: Individual, *, actor: Actor, now: datetime) -> None:
    role = row.role if row.role and subject.is_open else Role.Name.PARTICIPANT
    reason = _("answered the page for %(what)s") % {"what": row.named}
    held = Role.objects.of(subject).filter(participant__individual=person, renounced_at=None)
    there = held.select_related("participant").first()
    if there and role == Role.Name.PARTICIPANT:
        represent(there.participant, row.service)
    else:
        take_in(subject, person, role=role, reason=reason, service=row.service, actor=actor, now=now)


def _held(found: Page) -> tuple[Any, Page]:
    """The subject, locked, and the page as it is now."""
    subject = locked(found.subject)
    return subject, Page.objects.select_related("service__owner", "individual").get(pk=found.pk)


def _held_delivery(delivery_id: int) -> tuple[Any, PageDelivery]:
    rows = PageDelivery.objects.select_related("call__page__service__owner", "call__page__individual")
    found = rows.select_related("call__individual").get(pk=delivery_id)
    subject = locked(found.call.page.subject)
    return subject, rows.select_related("call__individual").get(pk=delivery_id)


def _hangs(call: PageCall, now: datetime) -> bool:
    last = call.deliveries.order_by("-position").first()
    slow = timedelta(seconds=calls.SLOW_SECONDS)
    return bool(last and last.status == PageDelivery.Status.SENDING and last.planned_at + slow <= now)
