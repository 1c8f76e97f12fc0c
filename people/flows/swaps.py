"""Swaps: a colleague is asked to take a span of one's shifts, perhaps in return for one of theirs."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from core import access, operations
from core.access import Right
from core.actor import Actor
from core.errors import FlowError, Forbidden, Invalid
from core.flows.subjects import check_text
from people.flows.overrides import LONGEST_REASON, check_person, check_span, is_self, require_self
from people.flows.rotas import locked, refresh
from people.models import Individual, Override, Service, Swap
from people.oncall.rotation import Span, gaps

LONGEST_NOTE = 300
MAIL = "swap"


class SwapDecided(FlowError):
    """It was accepted, declined or withdrawn already."""

    code = "swap_decided"


class CannotSwap(FlowError):
    """Whose shift it was is not on call then any more, or the span is over."""

    code = "cannot_swap"


@transaction.atomic
def ask_swap(
    *,
    service: Service,
    asked_by: Individual,
    asked: Individual,
    starts_at: datetime,
    ends_at: datetime,
    actor: Actor,
    now: datetime,
    return_starts_at: datetime | None = None,
    return_ends_at: datetime | None = None,
    note: str = "",
) -> Swap:
    """Ask a colleague to take a span of one's shifts. Nothing changes until they accept.

    :raises Invalid: the span is none or over, is not a shift of theirs, or the two are one person.
    """
    require_self(actor, asked_by, service)
    service = locked(service)
    check_person(asked_by, service, "asked_by")
    check_person(asked, service, "asked")
    if asked.pk == asked_by.pk:
        raise Invalid(_("Ask somebody else."), field="asked")
    check_text(note, "note", LONGEST_NOTE)
    swap = Swap(
        service=service, asked_by=asked_by, asked=asked, starts_at=starts_at, ends_at=ends_at,
        return_starts_at=return_starts_at, return_ends_at=return_ends_at, note=note, created_at=now,
    )  # fmt: skip
    _check_spans(swap, now)
    missing = _not_theirs(swap, now)
    if missing:
        raise Invalid(missing[1], field=missing[0])
    swap.save()
    _tell(swap, actor)
    return swap


@transaction.atomic
def accept_swap(*, swap: Swap, actor: Actor, now: datetime) -> Swap:
    """Take the span; the one who asked takes what was to come back. Only the asked person or an admin accepts.

    :raises SwapDecided: it was decided already. :raises CannotSwap: the shifts are not theirs any more, or over.
    """
    service = locked(swap.service)
    swap = _open(swap)
    _require_asked(actor, swap, service)
    if swap.ends_at <= now:
        raise CannotSwap(_("The span is over; ask again for another."))
    for field, person in (("asked", swap.asked), ("asked_by", swap.asked_by)):
        check_person(person, service, field)
    missing = _not_theirs(swap, now)
    if missing:
        raise CannotSwap(_("%(why)s Ask again for what is theirs now.") % {"why": missing[1]})
    _decide(swap, Swap.Status.ACCEPTED, actor, now)
    words = {"asked": swap.asked, "by": swap.asked_by}
    spans = [(swap.asked, swap.starts_at, swap.ends_at)]
    if swap.return_starts_at and swap.return_ends_at:
        spans.append((swap.asked_by, swap.return_starts_at, swap.return_ends_at))
    for person, starts_at, ends_at in spans:
        Override.objects.create(
            service=service, individual=person, starts_at=starts_at, ends_at=ends_at, swap=swap, created_by=actor.user,
            created_at=now, reason=(_("Swap of %(by)s and %(asked)s") % words)[:LONGEST_REASON],
        )  # fmt: skip
    refresh(service=service, now=now)
    return swap


@transaction.atomic
def decline_swap(*, swap: Swap, actor: Actor, now: datetime) -> Swap:
    """Say no. As accepting, for the asked person or an admin.

    :raises SwapDecided: it was decided already.
    """
    service = locked(swap.service)
    swap = _open(swap)
    _require_asked(actor, swap, service)
    return _decide(swap, Swap.Status.DECLINED, actor, now)


@transaction.atomic
def withdraw_swap(*, swap: Swap, actor: Actor, now: datetime) -> Swap:
    """Take the question back: whoever asked, or a manager.

    :raises SwapDecided: it was decided already.
    """
    service = locked(swap.service)
    swap = _open(swap)
    require_self(actor, swap.asked_by, service)
    return _decide(swap, Swap.Status.WITHDRAWN, actor, now)


def _open(swap: Swap) -> Swap:
    """The swap as it is now (the service's lock is held)."""
    there = Swap.objects.select_related("asked", "asked_by", "service").get(pk=swap.pk)
    if there.status != Swap.Status.ASKED:
        raise SwapDecided(_("It is %(status)s already.") % {"status": there.get_status_display().lower()})
    return there


def _decide(swap: Swap, status: str, actor: Actor, now: datetime) -> Swap:
    swap.status, swap.decided_at = status, now
    swap.save(update_fields=["status", "decided_at", "updated_at"])
    _tell(swap, actor)
    return swap


def _tell(swap: Swap, actor: Actor) -> None:
    """Mail the two what became of it, but not whoever did it."""
    for person in (swap.asked, swap.asked_by):
        if actor.user is None or person.user_id != actor.user.pk:
            operations.plan(
                "email.send", project=swap.service.project, fact=f"swap:{swap.uuid}:{swap.status}:{person.pk}",
                arguments={"template": MAIL, "individual": person.pk, "swap": swap.pk, "status": str(swap.status)},
            )  # fmt: skip


def _require_asked(actor: Actor, swap: Swap, service: Service) -> None:
    if actor.trusted or is_self(actor, swap.asked, service):
        return
    if not access.may(actor.user, Right.ADMINISTER, service.project):
        raise Forbidden(_("Only %(who)s, who was asked, or an admin may do this.") % {"who": swap.asked})


def _check_spans(swap: Swap, now: datetime) -> None:
    check_span(swap.starts_at, swap.ends_at, now)
    if (swap.return_starts_at is None) != (swap.return_ends_at is None):
        raise Invalid(_("Give both ends of what comes back, or neither."), field="return_ends_at")
    if swap.return_starts_at and swap.return_ends_at:
        check_span(swap.return_starts_at, swap.return_ends_at, now, prefix="return_")
        if swap.return_starts_at < swap.ends_at and swap.starts_at < swap.return_ends_at:
            raise Invalid(_("What comes back overlaps what is given."), field="return_starts_at")


def _not_theirs(swap: Swap, now: datetime) -> tuple[str, str] | None:
    """The field and why, when a span is not wholly somebody's own shift."""
    spans = [("starts_at", swap.asked_by, swap.starts_at, swap.ends_at)]
    if swap.return_starts_at and swap.return_ends_at:
        spans.append(("return_starts_at", swap.asked, swap.return_starts_at, swap.return_ends_at))
    for field, person, starts_at, ends_at in spans:
        if not _has_all(swap.service, person, max(starts_at, now), ends_at):
            return field, _("%(who)s is not on call for all of that span.") % {"who": person}
    return None


def _has_all(service: Service, person: Individual, since: datetime, until: datetime) -> bool:
    """Whether the person is on call without a break. What is over counts as theirs."""
    rows = service.shifts.within(since, until).filter(individual=person).order_by("starts_at")
    own = [Span(starts_at=row.starts_at, ends_at=row.ends_at, individual=person.pk, source=row.source) for row in rows]
    return not gaps(own, since=since, until=until)
