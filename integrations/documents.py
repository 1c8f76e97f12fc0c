"""What stands in a subject's documents: the chosen template, filled with the subject as it is now."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.text import Truncator

from core.links import absolute
from core.timeline import Event
from integrations.capabilities import DocumentDraft, SubjectSnapshot
from integrations.models import Resource
from integrations.snapshots import snapshot
from knowledge.flows import template_for
from knowledge.flows.templates import kind_label
from knowledge.rendering import render_template

# What a reader of the document wants; the whole timeline is one click away.
_KEY_KINDS: Final = (Event.Kind.ASSESSMENT, Event.Kind.CUSTOM, Event.Kind.DECISION, Event.Kind.IMPORTED)
# Together they keep a document below what `knowledge.rendering` takes, whatever the texts are.
_LONGEST_LIST: Final = 100
_LONGEST_ENTRY: Final = 300
_LONGEST_TEXT: Final = 30_000


def draft(subject: Any, kind: str) -> DocumentDraft:
    """The document as it should be now.

    :raises RenderError: when the template cannot be filled.
    """
    now = snapshot(subject)
    body = render_template(template_for(subject, kind), context(subject, now))
    return DocumentDraft(kind=kind, title=f"{now.name} {kind_label(kind)}", body=body, subject=now)


def context(subject: Any, now: SubjectSnapshot) -> dict[str, Any]:
    """What a template may name (`knowledge.rendering.placeholders`): texts, and lists of texts."""
    facts = _facts(subject, now)
    events = _key_events(subject)
    return {
        now.kind: facts,
        "subject": facts,
        "tags": list(now.tags),
        "people": [
            {"name": one_line(person.name), "email": person.email, "roles": ", ".join(person.roles)}
            for person in now.people[:_LONGEST_LIST]
        ],
        "timeline": [_entry(event, now.time_zone) for event in events],
        "decisions": [_entry(event, now.time_zone) for event in events if event.kind == Event.Kind.DECISION],
    }


def entry_text(event: Event) -> str:
    """How an event's text stands in a document, before escaping."""
    return Truncator(one_line(event.description)).chars(_LONGEST_ENTRY)


def one_line(text: str) -> str:
    """The text without line breaks and runs of blanks, so that it fits a heading, a table or a mail's header."""
    return " ".join(text.split())


def _facts(subject: Any, now: SubjectSnapshot) -> dict[str, str]:
    ticket = Resource.objects.of(subject).filter(kind=Resource.Kind.TICKET).first()
    return {
        "name": now.name,
        "title": one_line(now.title),
        "description": Truncator(now.description).chars(_LONGEST_TEXT),
        "resolution": Truncator(now.resolution).chars(_LONGEST_TEXT),
        "status": now.status,
        "visibility": now.visibility,
        "type": now.type,
        "severity": now.severity,
        "priority": now.priority,
        "project": now.project,
        "organization": now.organization,
        "tags": ", ".join(now.tags),
        "lead": one_line(now.lead.name) if now.lead else "",
        "reporter": one_line(now.reporter.name) if now.reporter else "",
        "reported_at": _moment(now.reported_at, now.time_zone),
        "stable_at": _moment(now.stable_at, now.time_zone),
        "closed_at": _moment(now.closed_at, now.time_zone),
        "url": now.url,
        "ticket": ticket.label if ticket else "",
        "ticket_url": absolute(ticket.url) if ticket else "",
    }


def _key_events(subject: Any) -> list[Event]:
    """The newest key events, in the order they happened."""
    rows: Iterable[Event] = (
        Event.objects.of(subject)
        .filter(Q(kind__in=_KEY_KINDS) | Q(pin__isnull=False), superseded=None, erased_at=None)
        .order_by("-happened_at", "-seq")[:_LONGEST_LIST]
    )
    return sorted(rows, key=lambda event: (event.happened_at, event.seq))


def _entry(event: Event, time_zone: str) -> dict[str, str]:
    who = one_line(event.owner) or event.source
    return {"time": _moment(event.happened_at, time_zone), "who": who, "text": entry_text(event)}


def _moment(when: datetime | None, time_zone: str) -> str:
    return when.astimezone(ZoneInfo(time_zone)).strftime("%Y-%m-%d %H:%M %Z") if when else ""
