"""The tabs of a subject that the ground brings: timeline, operations, status history; and the home page's figure."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.admin import site
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import access
from core.access import Right
from core.console import dashboard, live, navigation, operations, panels, rights
from core.console.counting import FEW, capped, in_words
from core.console.dialogs import Button
from core.console.once import once
from core.models.reads import RestrictedRead
from core.models.subjects import StatusChange
from core.operations import queue
from core.operations.models import Operation
from core.timeline.models import Event

KEY_KINDS = (
    Event.Kind.ASSESSMENT,
    Event.Kind.CUSTOM,
    Event.Kind.DECISION,
    Event.Kind.IMPORTED,
    Event.Kind.OPERATION,
    Event.Kind.PAGE,
)
# What the chips of the timeline show: everything, what matters, what was decided, what people did.
KINDS: dict[str, tuple[Any, Q]] = {
    "all": (gettext_lazy("All"), Q()),
    "key": (gettext_lazy("Key"), Q(kind__in=KEY_KINDS) | Q(pin__isnull=False)),
    "pinned": (gettext_lazy("Pinned"), Q(pin__isnull=False)),
    "decisions": (gettext_lazy("Decisions"), Q(kind=Event.Kind.DECISION)),
    "entries": (gettext_lazy("Entries"), Q(kind__in=Event.WRITTEN)),
    "people": (gettext_lazy("People"), Q(kind=Event.Kind.PARTICIPANT)),
    "tasks": (gettext_lazy("Tasks"), Q(kind=Event.Kind.TASK)),
    "changes": (gettext_lazy("Changes"), Q(kind__in=(Event.Kind.FIELD, Event.Kind.ASSESSMENT))),
}
DOTS = {
    Event.Kind.OPERATION: "red",
    Event.Kind.CUSTOM: "accent",
    Event.Kind.IMPORTED: "accent",
    Event.Kind.PAGE: "accent",
}

# Texts of a subject: their event says that they changed, and not how. A page shows so many characters of each.
TEXTS = frozenset({"description", "resolution", "summary"})
SHOWN = 4000


@dataclass(kw_only=True)
class Line:
    """One event with what can be done with it.

    :ivar rewritten: the beginnings of the old and the new text, where a text changed.
    """

    event: Event
    dot: str
    pinned: bool
    corrected_by: Event | None
    corrects: Event | None
    rewritten: tuple[str, str] | None
    buttons: list[Button]


def timeline(request: HttpRequest, subject: Any) -> dict[str, Any]:
    """A page of the timeline, newest first."""
    kind = request.GET.get("kind", "all")
    kind = kind if kind in KINDS else "all"
    rows = Event.objects.of(subject).filter(KINDS[kind][1]).order_by("-happened_at", "-seq")
    page = panels.page_of(
        request,
        number=_page_with(rows, request.GET.get("event", "")),
        rows=rows.select_related(
            "pin", "superseded__by", "supersedes__event", subject.kind, f"{subject.kind}__project"
        ).prefetch_related("attachments"),
        total=subject.event_count if kind == "all" else None,
    )
    path = request.path
    chips = [
        {"title": title, "url": f"{path}?tab=timeline&kind={key}", "on": key == kind}
        for key, (title, _q) in KINDS.items()
    ]
    writes = Right.WRITE in rights.on(request, subject)
    return {
        "page": page,
        "lines": [_line(request, event, writes=writes) for event in page.object_list],
        "chips": chips,
        "kind": kind,
        "writes": writes,
        "most_bytes": settings.ATTACHMENT_MAX_BYTES,
        "subject": subject,
        "compose_url": reverse(
            f"admin:{subject._meta.app_label}_{subject._meta.model_name}_add-entry", args=[subject.pk]
        ),
    }


def _page_with(rows: QuerySet[Event], seq: str) -> int | None:
    """The number of the page on which an event stands; None when none is asked for, or it is not there."""
    event = rows.filter(seq=seq).first() if seq.isdecimal() and len(seq) < 10 else None
    if event is None:
        return None
    newer = Q(happened_at__gt=event.happened_at) | Q(happened_at=event.happened_at, seq__gt=event.seq)
    return rows.filter(newer).count() // panels.PER_PAGE + 1


def _rewritten(event: Event) -> tuple[str, str] | None:
    if event.erased_at or event.details.get("field") not in TEXTS:
        return None
    old, new = (Truncator(event.details.get(end) or "–").chars(SHOWN) for end in ("old", "new"))
    return old, new


def _line(request: HttpRequest, event: Event, *, writes: bool) -> Line:
    superseded, supersedes = getattr(event, "superseded", None), getattr(event, "supersedes", None)
    pinned = getattr(event, "pin", None) is not None
    dot = "pin" if pinned or event.kind == Event.Kind.DECISION else DOTS.get(Event.Kind(event.kind), "")
    admin: Any = site.get_model_admin(Event)
    return Line(
        event=event,
        dot=dot,
        pinned=pinned,
        corrected_by=superseded.by if superseded else None,
        corrects=supersedes.event if supersedes else None,
        rewritten=_rewritten(event),
        buttons=admin.buttons(request, ["correct", "pin", "unpin"], event) if writes else [],
    )


def planned(request: HttpRequest, subject: Any) -> dict[str, Any]:
    """A page of the subject's operations, newest first."""
    rows = Operation.objects.of(subject).select_related("plugin_instance", subject.kind, "project")
    page = panels.page_of(request, rows.order_by("-created_at", "-pk"))
    admin: Any = site.get_model_admin(Operation)
    reached = operations.whom(page.object_list)
    lines = [
        {
            "operation": row,
            "does": operations.does(row, reached.get(row.pk, "")),
            "url": reverse("admin:core_operation_change", args=[row.pk]),
            "buttons": admin.buttons(request, ["retry", "skip", "cancel"], row),
        }
        for row in page.object_list
    ]
    return {"page": page, "lines": lines}


def moves(request: HttpRequest, subject: Any) -> dict[str, Any]:
    """Every move of the status, newest first, with how long each state lasted."""
    rows = StatusChange.objects.filter(**subject.as_owner).select_related("user").order_by("-changed_at", "-pk")
    page = panels.page_of(request, rows)
    labels = dict(type(subject).Status.choices)
    changes = list(page.object_list)
    until = [None, *(change.changed_at for change in changes[:-1])]
    lines = [
        {"change": change, "title": labels.get(change.to_status, change.to_status), "until": end}
        for change, end in zip(changes, until, strict=True)
    ]
    return {"page": page, "lines": lines, "reads": _reads(request, subject)}


def _reads(request: HttpRequest, subject: Any) -> list[RestrictedRead]:
    """Who read a restricted subject last, for whoever leads it and those who administer its project."""
    if not subject.is_restricted:
        return []
    if Right.ADMINISTER not in rights.on(request, subject) and not access.leads(request.user, subject):
        return []
    rows = RestrictedRead.objects.of(subject).select_related("user").order_by("-read_at", "-pk")
    return list(rows[: panels.PER_PAGE])


def failed_operations(request: HttpRequest) -> dict[str, Any]:
    """How many operations failed, of those the reader sees."""
    count = _failed(request)
    url = f"{reverse('admin:core_operation_changelist')}?status__exact=failed"
    note = _("Look at them and retry") if count else _("Everything outside is up to date")
    if not count and queue.is_behind(timezone.now()):
        note = _("The queue is behind; what is planned waits")
    elif not count and _retrying(request):
        note = _("Something outside is late; it is tried again")
    return {
        "label": _("Failed operations"),
        "figure": in_words(count, FEW),
        "note": note,
        "url": url,
        "alarm": bool(count),
    }


def retrying_operations(request: HttpRequest) -> dict[str, Any] | None:
    """How many operations wait for another try; nothing when none does."""
    count = _retrying(request)
    url = f"{reverse('admin:core_operation_changelist')}?status__exact=retrying"
    note = _("Tried again by themselves")
    return {"label": _("Retrying operations"), "figure": in_words(count), "note": note, "url": url} if count else None


def failed_badge(request: HttpRequest) -> tuple[str, str] | None:
    """The sidebar's count of failed operations."""
    count = _failed(request)
    return (in_words(count, FEW), "alarm") if count else None


def _failed(request: Any) -> int:
    return once(request, "failed", lambda: _seen(Operation.objects.filter(status=Operation.Status.FAILED), request))


def _retrying(request: Any) -> int:
    return once(request, "retrying", lambda: _seen(Operation.objects.filter(status=Operation.Status.RETRYING), request))


def _seen(rows: Any, request: HttpRequest) -> int:
    """How many of the operations the reader sees. Most of the time there are none at all, which is quickly asked."""
    return capped(rows.filter(access.operation_filter(Operation, request.user)), FEW) if rows.exists() else 0


panels.register(
    panels.Panel(
        key="timeline", title=gettext_lazy("Timeline"), template="console/panels/timeline.html", context=timeline,
        count=lambda subject: subject.event_count, order=10,
    )
)  # fmt: skip
panels.register(
    panels.Panel(
        key="operations", title=gettext_lazy("Operations"), template="console/panels/operations.html", context=planned,
        count=live.operation_count, order=80,
    )
)  # fmt: skip
panels.register(
    panels.Panel(
        key="history", title=gettext_lazy("History"), template="console/panels/moves.html", context=moves, order=90
    )
)
dashboard.register(
    dashboard.Card(key="failed", template="console/cards/stat.html", context=failed_operations, place="stats", order=90)
)
dashboard.register(
    dashboard.Card(
        key="retrying", template="console/cards/stat.html", context=retrying_operations, place="stats", order=91
    )
)
navigation.register_badge("operations", failed_badge)
