"""The calls of a page: one person after the other, each on one way after the other, until somebody answers.

What reads and writes here holds the subject's lock, so that two workers never call two people for one deadline.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from core import operations
from core.actor import Actor
from core.operations.models import Operation
from core.timeline import Event, record
from people.models import ContactMethod, Individual, Page, PageCall, PageDelivery
from people.oncall.asking import next_on_call, on_call

PAGE = Operation.Urgency.PAGE
# A way that has not taken the page within this many seconds hangs: the next one is tried beside it.
SLOW_SECONDS = 20

Reason = PageCall.Reason


class Way(NamedTuple):
    """How a person is reached: their first address, or a contact method."""

    kind: str
    path: str
    method: ContactMethod | None


def next_person(page: Page, now: datetime) -> tuple[Individual, str] | None:
    """Who is called next and why: the named one, who is on call now and next, the escalation list, the owner."""
    called = set(page.calls.values_list("individual_id", flat=True))
    free = (
        (person, reason) for person, reason in _candidates(page, now) if person.is_active and person.pk not in called
    )
    return next(free, None)


def running(page: Page) -> PageCall | None:
    """The call that the page waits for. One that got through late, after the next person was called, is not it."""
    return page.calls.filter(ended_at=None).order_by("-position").first()


def call_next(subject: Any, page: Page, *, actor: Actor, now: datetime) -> None:
    """Call the next person; when nobody is left the page is exhausted, which the subject shows in red."""
    found = next_person(page, now)
    if found is None:
        _exhaust(subject, page, actor=actor, now=now)
        return
    person, reason = found
    call = PageCall.objects.create(
        page=page, individual=person, position=page.calls.count() + 1, reason=reason, called_at=now
    )
    page.due_at = now + timedelta(minutes=page.escalation_minutes)
    page.save(update_fields=["due_at", "updated_at"])
    note(subject, _("%(who)s is paged: %(why)s") % {"who": person, "why": why(page, call)}, actor=actor, now=now)
    _watch(subject, page, f"{call.uuid}:due", 60 * page.escalation_minutes)
    try_next_way(subject, call, actor=actor, now=now)


def try_next_way(subject: Any, call: PageCall, *, actor: Actor, now: datetime) -> None:
    """Send the call on the next way. Without one it waits, if any way took it; else the next person is called."""
    tried = call.deliveries.count()
    ways = ways_of(call.individual)
    if tried < len(ways):
        _send(subject, call, ways[tried], tried + 1, now)
    elif not call.deliveries.exclude(status=PageDelivery.Status.FAILED).exists():
        call.status, call.ended_at = PageCall.Status.UNDELIVERABLE, now
        call.save(update_fields=["status", "ended_at"])
        text = _("%(who)s could not be reached in any way")
        note(subject, text % {"who": call.individual}, actor=actor, now=now)
        call_next(subject, call.page, actor=actor, now=now)


def ways_of(person: Individual) -> list[Way]:
    """The ways to a person in their order: the first address, then the enabled contact methods."""
    methods = person.contact_methods.filter(enabled=True).order_by("order", "pk")
    named = [Way(method.kind, _named(method), method) for method in methods]
    return [Way(ContactMethod.Kind.EMAIL, _("e-mail"), None), *named]


def why(page: Page, call: PageCall) -> str:
    """Why somebody is called, in words: on call for Database."""
    reason = Reason(call.reason)
    if reason == Reason.NAMED:
        return page.get_role_display() if page.role else _("asked for by name")
    return _("%(reason)s for %(service)s") % {"reason": reason.label, "service": page.service}


def note(subject: Any, text: str, *, actor: Actor, now: datetime, **details: Any) -> None:
    """Write a step of a page on the timeline."""
    record(subject, kind=Event.Kind.PAGE, actor=actor, now=now, description=text, details=details)


def _candidates(page: Page, now: datetime) -> Iterator[tuple[Individual, str]]:
    if page.individual:
        yield page.individual, Reason.NAMED
    service = page.service
    if service is None:
        return
    yield from ((person, Reason.ON_CALL) for person in on_call(service, now))
    following = next_on_call(service, now)
    if following:
        yield following, Reason.NEXT_ON_CALL
    for step in service.escalation.select_related("individual", "target").order_by("position"):
        people = [step.individual] if step.individual else on_call(step.target, now) if step.target else []
        yield from ((person, Reason.ESCALATION) for person in people)
    if service.owner:
        yield service.owner, Reason.OWNER


def _named(method: ContactMethod) -> str:
    return _("webhook") if method.kind == ContactMethod.Kind.WEBHOOK else _("second e-mail")


def _send(subject: Any, call: PageCall, way: Way, position: int, now: datetime) -> None:
    delivery = PageDelivery.objects.create(
        call=call, position=position, kind=way.kind, path=way.path, method=way.method, planned_at=now
    )
    operations.plan(
        f"page.{way.kind}", subject=subject, fact=delivery.uuid, urgency=PAGE, arguments={"delivery": delivery.pk}
    )
    _watch(subject, call.page, f"{delivery.uuid}:slow", SLOW_SECONDS)


def _watch(subject: Any, page: Page, fact: str, seconds: int) -> None:
    """Look at the page again in so many seconds."""
    operations.plan(
        "page.advance", subject=subject, fact=fact, urgency=PAGE, delay_seconds=seconds, arguments={"page": page.pk}
    )


def _exhaust(subject: Any, page: Page, *, actor: Actor, now: datetime) -> None:
    page.status, page.due_at = Page.Status.EXHAUSTED, None
    page.save(update_fields=["status", "due_at", "updated_at"])
    text = (
        _("Nobody answered the page for %(what)s, and nobody is left to call")
        if page.calls.exists()
        else _("Nobody can be paged for %(what)s: nobody is on call, and no escalation list or owner is set")
    )
    note(subject, text % {"what": page.named}, actor=actor, now=now)
