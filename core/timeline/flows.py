"""What people do with the timeline: write, correct, pin, erase."""

import json
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from core import access, erasure
from core.access import Right
from core.actor import Actor
from core.errors import FlowError, Invalid
from core.models.subjects import Subject
from core.timeline import texts
from core.timeline.models import Event, EventPin, EventSupersession
from core.timeline.recording import record
from core.validators import UNSTORABLE

LONGEST_ENTRY = 20_000  # characters
# As JSON. Lists show the details of 200 entries at once; a hundred files attached at once come to 37,000.
LONGEST_DETAILS = 40_000
ENTRY_KINDS = (Event.Kind.CUSTOM, Event.Kind.DECISION)


class CannotCorrect(FlowError):
    """Only people's own entries are corrected, and each one once."""

    code = "cannot_correct"


class CannotErase(FlowError):
    """The event was erased before."""

    code = "already_erased"


@transaction.atomic
def add_entry(
    *,
    subject: Subject,
    description: str,
    actor: Actor,
    now: datetime,
    happened_at: datetime | None = None,
    kind: str = Event.Kind.CUSTOM,
    details: dict[str, Any] | None = None,
    pinned: bool = False,
) -> Event:
    """Write an entry on the timeline.

    :raises Invalid: when the text is empty, too much is sent, the kind is not a person's, or the time lies ahead.
    :raises Forbidden: when the actor may not write here.
    """
    access.require(actor, Right.WRITE, subject)
    _check_text(description, "description")
    _check_details(details)
    if kind not in ENTRY_KINDS:
        raise Invalid(_("An entry is “custom_event” or “decision”."), field="kind")
    if happened_at is not None and happened_at > now:
        raise Invalid(_("This time has not come yet."), field="happened_at")
    event = record(
        subject, description=description, actor=actor, now=now, happened_at=happened_at, kind=kind,
        source=str(_("Entry")), details=details,
    )  # fmt: skip
    if pinned:
        EventPin.objects.create(event=event, pinned_at=now, pinned_by=actor.user)
    return event


@transaction.atomic
def supersede(*, event: Event, description: str, reason: str, actor: Actor, now: datetime) -> Event:
    """Correct an entry: a new event takes its place in time, the old one stays readable.

    :raises CannotCorrect: when Dispatch wrote the event, it was erased, or a correction exists.
    """
    access.require(actor, Right.WRITE, event.subject)
    _check_text(description, "description")
    _check_text(reason, "reason")
    if not event.is_entry:
        raise CannotCorrect(_("Only entries written by people can be corrected."))
    lock(event.subject)
    if _is_erased_by_now(event):
        raise CannotCorrect(_("This entry was erased; write a new one."))
    if EventSupersession.objects.filter(event=event).exists():
        raise CannotCorrect(_("This entry was corrected already; correct the newer one."))
    newer = record(
        event.subject, description=description, actor=actor, now=now, happened_at=event.happened_at, kind=event.kind,
        source=str(_("Correction")), details={"corrects": str(event.uuid), "reason": reason},
    )  # fmt: skip
    EventSupersession.objects.create(event=event, by=newer, reason=reason)
    texts.forget(event.pk)
    EventPin.objects.filter(event=event).update(event=newer)
    return newer


@transaction.atomic
def pin(*, event: Event, actor: Actor, now: datetime) -> EventPin:
    """Show the event first. Pinning twice is pinning once."""
    access.require(actor, Right.WRITE, event.subject)
    row, _made = EventPin.objects.get_or_create(event=event, defaults={"pinned_at": now, "pinned_by": actor.user})
    return row


@transaction.atomic
def unpin(*, event: Event, actor: Actor, now: datetime) -> None:
    """Take the pin away; nothing happens without one."""
    access.require(actor, Right.WRITE, event.subject)
    EventPin.objects.filter(event=event).delete()


@transaction.atomic
def erase(*, event: Event, actor: Actor, now: datetime, reason: str) -> None:
    """Delete the event's text and salt for good, with every registered copy; the chain stays whole.

    :raises CannotErase: when it was erased before.
    """
    access.require(actor, Right.DELETE, event.subject)
    _check_text(reason, "reason")
    lock(event.subject)
    if _is_erased_by_now(event):
        raise CannotErase(_("This event was erased already."))
    forget(event, now)
    record(
        event.subject, description=str(_("The text of event %(seq)s was erased")) % {"seq": event.seq}, actor=actor,
        now=now, details={"erased": str(event.uuid), "reason": reason},
    )  # fmt: skip


def forget(event: Event, now: datetime) -> None:
    """Delete the text of an event that is being erased, or that quotes one, and what is kept of it elsewhere."""
    # First the copies: some are found by the text itself.
    erasure.clear("event", event.pk)
    EventSupersession.objects.filter(Q(event=event) | Q(by=event)).update(reason="")
    Event.objects.filter(pk=event.pk).update(source="", description="", details={}, owner="", salt="", erased_at=now)


def lock(subject: Subject) -> None:
    """Hold the subject's row until the transaction ends."""
    type(subject).objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=subject.pk)


def _is_erased_by_now(event: Event) -> bool:
    """Whether somebody was quicker; the caller holds the subject."""
    event.refresh_from_db(fields=["erased_at"])
    return event.erased_at is not None


def _check_details(details: dict[str, Any] | None) -> None:
    if details and len(json.dumps(details, ensure_ascii=False, default=str)) > LONGEST_DETAILS:
        message = _("At most %(number)s characters as JSON; attach a file instead.") % {"number": LONGEST_DETAILS}
        raise Invalid(message, field="details")


def _check_text(text: str, field: str) -> None:
    if not text.strip():
        raise Invalid(_("Write what happened.") if field == "description" else _("Say why."), field=field)
    if len(text) > LONGEST_ENTRY:
        raise Invalid(_("At most %(number)s characters.") % {"number": LONGEST_ENTRY}, field=field)
    if UNSTORABLE.search(text):
        raise Invalid(_("The text holds a NUL character or half a character; remove it."), field=field)
