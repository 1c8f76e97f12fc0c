"""Durations as people say them: 41 min, 3 h, 2 d."""

from datetime import datetime, timedelta, tzinfo
from functools import lru_cache

from django.utils import dateformat, timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

MINUTE, HOUR, DAY = 60, 3600, 86_400


def short(span: timedelta) -> str:
    """The length in its largest whole unit; below a minute it is "now"."""
    seconds = abs(int(span.total_seconds()))
    if seconds < MINUTE:
        return _("now")
    if seconds < HOUR:
        return _("%(count)s min") % {"count": seconds // MINUTE}
    if seconds < 2 * DAY:
        return _("%(count)s h") % {"count": seconds // HOUR}
    return _("%(count)s d") % {"count": f"{seconds // DAY:,}"}


def ago(moment: datetime, now: datetime) -> str:
    """How long something is ago, or how long it takes yet."""
    text = short(now - moment)
    if abs((now - moment).total_seconds()) < MINUTE:
        return _("just now")
    return _("in %(span)s") % {"span": text} if moment > now else _("%(span)s ago") % {"span": text}


def exact(moment: datetime) -> str:
    """Date, time and zone as the reader's clock shows them."""
    return local(moment, "D j M Y, H:i:s T")


def day_heading(moment: datetime, now: datetime) -> str:
    """The heading of a day on the timeline: Today, 24 November."""
    here, today = timezone.localtime(moment).date(), timezone.localtime(now).date()
    date = local(moment, "j F" if here.year == today.year else "j F Y")
    if here == today:
        return _("Today, %(date)s") % {"date": date}
    if here == today - timedelta(days=1):
        return _("Yesterday, %(date)s") % {"date": date}
    return f"{local(moment, 'l')}, {date}"


def clock(moment: datetime, now: datetime) -> str:
    """A moment in a list: today 09:41, 3 Nov, 3 Nov 2024."""
    here, today = timezone.localtime(moment).date(), timezone.localtime(now).date()
    if here == today:
        return _("today %(time)s") % {"time": local(moment, "H:i")}
    return local(moment, "j M, H:i" if here.year == today.year else "j M Y")


def local(moment: datetime, pattern: str) -> str:
    """The moment on the reader's clock, by one of Django's date patterns."""
    return _spelled(moment, pattern, timezone.get_current_timezone(), get_language())


# A page that renews itself shows the same moments again and again, each of them twice.
@lru_cache(maxsize=4096)
def _spelled(moment: datetime, pattern: str, zone: tzinfo, _language: str) -> str:
    return dateformat.format(timezone.localtime(moment, zone), pattern)
