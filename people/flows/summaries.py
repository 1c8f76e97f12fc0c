"""What the next one must know, made by rule: where it stands, key events, open questions and tasks, what is due."""

import zoneinfo
from datetime import datetime
from typing import Any, Final

from django.db.models import Q
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from core.operations.models import Operation
from core.timeline import Event
from people.models import Page, Task

MOST: Final = 8
LONGEST_LINE: Final = 200
KEY_KINDS: Final = (Event.Kind.DECISION, Event.Kind.ASSESSMENT)
ENTRIES: Final = (Event.Kind.CUSTOM, Event.Kind.IMPORTED)


def summary_of(subject: Any, now: datetime) -> str:
    """A summary in plain text. Times are on the project's clock, which it names; dates only for other days."""
    zone = zoneinfo.ZoneInfo(subject.project.time_zone)
    state = _("%(status)s, severity %(severity)s, priority %(priority)s.") % {
        "status": subject.get_status_display(), "severity": subject.severity, "priority": subject.priority,
    }  # fmt: skip
    clock = _("Times are those of %(zone)s.") % {"zone": subject.project.time_zone}
    parts = [
        (_("Where it stands"), [state, clock]),
        (_("Key events"), [_told(event, now, zone) for event in _key_events(subject)]),
        (_("Open questions"), [_told(event, now, zone) for event in _open_questions(subject)]),
        (_("Open tasks"), [_task(task, now, zone) for task in _open_tasks(subject)]),
        (_("Still waiting"), _waiting(subject)),
    ]
    return "\n\n".join("\n".join([f"{title}:", *(f"- {line}" for line in lines)]) for title, lines in parts if lines)


def _key_events(subject: Any) -> list[Event]:
    """The newest decisions, changes of assessment and pinned entries, in their order."""
    rows = Event.objects.of(subject).filter(Q(kind__in=KEY_KINDS) | Q(pin__isnull=False), superseded=None)
    return sorted(rows.order_by("-happened_at", "-seq")[:MOST], key=lambda event: (event.happened_at, event.seq))


def _open_questions(subject: Any) -> list[Event]:
    """Entries that end with a question mark and were not corrected since: nobody can tell by rule what answers one."""
    rows = Event.objects.of(subject).filter(kind__in=ENTRIES, superseded=None, description__endswith="?")
    return sorted(rows.order_by("-happened_at", "-seq")[:MOST], key=lambda event: (event.happened_at, event.seq))


def _open_tasks(subject: Any) -> list[Task]:
    rows = Task.objects.of(subject).filter(status=Task.Status.OPEN).select_related("owner")
    return list(rows.order_by("due_at", "pk")[:MOST])


def _waiting(subject: Any) -> list[str]:
    pages = Page.objects.of(subject).filter(status__in=Page.UNANSWERED).select_related("service", "individual")
    lines = [_("The page for %(what)s is not acknowledged") % {"what": page.named} for page in pages[:MOST]]
    failed = Operation.objects.of(subject).filter(status=Operation.Status.FAILED).count()
    if failed:
        lines.append(_("%(count)s operations failed and wait for somebody") % {"count": failed})
    return lines


def _task(task: Task, now: datetime, zone: zoneinfo.ZoneInfo) -> str:
    due = _clock(task.due_at, now, zone)
    late = _("overdue since %(due)s") if task.is_overdue(now) else _("due %(due)s")
    return f"{_short(task.title)} ({task.owner}, {late % {'due': due}})"


def quoted(event: Event) -> str:
    """How an event's text stands in a summary."""
    return _short(event.description)


def _told(event: Event, now: datetime, zone: zoneinfo.ZoneInfo) -> str:
    return f"{_clock(event.happened_at, now, zone)} {quoted(event)}"


def _short(text: str) -> str:
    return Truncator(" ".join(text.split())).chars(LONGEST_LINE)


def _clock(moment: datetime, now: datetime, zone: zoneinfo.ZoneInfo) -> str:
    there, here = moment.astimezone(zone), now.astimezone(zone)
    return f"{there:%H:%M}" if there.date() == here.date() else f"{there:%Y-%m-%d %H:%M}"
