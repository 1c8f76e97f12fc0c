"""The console's vocabulary as template tags: ages, badges, severities, faces."""

from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.console import ages, counting
from core.console.addresses import page_of

register = template.Library()

# The badge of each status: red where somebody must act, amber for soon, green for fine.
STATUS_COLOURS = {
    "active": "red",
    "stable": "amber",
    "closed": "",
    "new": "blue",
    "triage": "amber",
    "escalated": "red",
    "pending": "amber",
    "running": "blue",
    "retrying": "amber",
    "succeeded": "green",
    "failed": "red",
    "skipped": "",
}


@register.simple_tag
def age(moment: datetime | None, *, ago: bool = True) -> SafeString | str:
    """How long ago (or how old), refreshed by the script; exact time and zone on hover."""
    if moment is None:
        return ""
    now = timezone.now()
    text = ages.ago(moment, now) if ago else ages.short(now - moment)
    return _time(moment, text, kind="ago" if ago else "age")


@register.simple_tag
def clock(moment: datetime | None) -> SafeString | str:
    """A moment in a list: today 09:41; exact time and zone on hover."""
    return _time(moment, ages.clock(moment, timezone.now())) if moment else ""


@register.simple_tag
def time_of_day(moment: datetime) -> SafeString:
    """Hours and minutes on the reader's clock; exact time and zone on hover."""
    return _time(moment, ages.local(moment, "H:i"))


@register.filter
def day_heading(moment: datetime) -> str:
    """The heading of a day on a timeline."""
    return ages.day_heading(moment, timezone.now())


@register.filter
def counted(count: Any) -> str:
    """A count as people read it: 4,310 or 10,000+."""
    return counting.in_words(count) if isinstance(count, int) else str(count)


@register.inclusion_tag("console/badge.html")
def badge(text: Any, colour: str = "", title: str = "") -> dict[str, Any]:
    """A word in a colour: red = act, amber = soon or careful, green = fine, blue = told, accent = current."""
    return {"text": text, "colour": colour, "title": title}


@register.inclusion_tag("console/badge.html")
def status_badge(row: Any) -> dict[str, Any]:
    """The status of a subject or operation."""
    return {"text": row.get_status_display(), "colour": STATUS_COLOURS.get(row.status, "")}


@register.inclusion_tag("console/status_age.html")
def status_age(subject: Any) -> dict[str, Any]:
    """The status of a subject and for how long: Active 41 min."""
    since = {"active": subject.reported_at, "stable": subject.stable_at, "closed": subject.closed_at}
    return {"subject": subject, "colour": STATUS_COLOURS.get(subject.status, ""), "since": since.get(subject.status)}


@register.inclusion_tag("console/sev.html")
def sev(word: Any) -> dict[str, Any]:
    """A severity or priority: its colour as a square, and the word."""
    return {"word": word, "colour": getattr(word, "colour", "")}


@register.inclusion_tag("console/face.html")
def face(person: Any) -> dict[str, Any]:
    """A person as initials, the name on hover."""
    return {"person": person, "initials": getattr(person, "initials", "") or initials(str(person))}


@register.inclusion_tag("console/button.html", takes_context=True)
def button(
    context: Any, offered: Any, *, primary: bool = False, small: bool = False, title: str = ""
) -> dict[str, Any]:
    """A dialog's button, with its key; one that acts at once is a form of its own."""
    words = {"button": offered, "primary": primary, "small": small, "title": title or offered.title}
    return {**words, "csrf_token": context.get("csrf_token"), "request": context["request"]}


@register.filter
def at(mapping: Any, key: Any) -> Any:
    """What a mapping holds for a key."""
    return mapping.get(key)


@register.filter
def page(subject: Any) -> str:
    """The address of a subject's page."""
    return page_of(subject)


@register.filter
def initials(name: str) -> str:
    """Two letters for a name or an address."""
    words = name.split("@")[0].replace(".", " ").split() or ["?"]
    return "".join(word[0] for word in (words if len(words) == 1 else [words[0], words[-1]])).upper()


@register.filter
def local_time_in(person: Any, now: datetime | None = None) -> str:
    """What a person's clock shows now, or nothing when the zone is not known."""
    name = getattr(person, "time_zone", "")
    if not name:
        return ""
    with timezone.override(name):
        return ages.local(now or timezone.now(), "H:i")


def _time(moment: datetime, text: str, kind: str = "") -> SafeString:
    iso, title = moment.isoformat(), ages.exact(moment)
    if kind:
        return format_html('<time datetime="{}" title="{}" data-{}>{}</time>', iso, title, kind, text)
    return format_html('<time datetime="{}" title="{}">{}</time>', iso, title, text)
