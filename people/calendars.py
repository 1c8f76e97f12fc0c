"""The calendar feeds: shifts as iCalendar for whoever has the secret address. No log-in, and nothing about subjects."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from people.flows import oncall
from people.models import CalendarFeed, Shift

CONTENT_TYPE = "text/calendar; charset=utf-8"


@require_safe
def calendar(request: HttpRequest, secret: str) -> HttpResponse:  # noqa: ARG001
    """The shifts of an address. One that is unknown, ended or whose owner left answers as if it had never been."""
    now = timezone.now()
    feed = oncall.find_feed(secret, now=now)
    if feed is None:
        answer: HttpResponse = HttpResponseNotFound(_("There is no such calendar."), content_type="text/plain")
    else:
        answer = HttpResponse(written(feed, now), content_type=CONTENT_TYPE)
        answer["Content-Disposition"] = 'inline; filename="on-call.ics"'
    # Other people's calendars must not get it from a cache between, nor may it be found by a search engine.
    answer["Cache-Control"] = "private, max-age=300" if feed else "no-store"
    answer["X-Robots-Tag"] = "noindex"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def written(feed: CalendarFeed, now: datetime) -> bytes:
    """The feed's shifts, each an event."""
    # Read where somebody asks: each web process would hold some MiB for what few of them ever write.
    import icalendar

    book = icalendar.Calendar()
    book.add("prodid", "-//Dispatch//On-call//EN")
    book.add("version", "2.0")
    book.add("x-wr-calname", _("On call: %(what)s") % {"what": feed.service or feed.user})
    book.add("x-published-ttl", "PT1H")
    for shift in oncall.shifts_of(feed, now=now):
        book.add_component(_filled(icalendar.Event(), shift, feed.service_id is None, now))
    return bytes(book.to_ical())


def _filled(event: Any, shift: Shift, own: bool, now: datetime) -> Any:
    event.add("uid", f"{shift.uuid}@dispatch")
    event.add("dtstamp", now)
    event.add("dtstart", shift.starts_at)
    event.add("dtend", shift.ends_at)
    event.add("summary", str(shift.service) if own else f"{shift.individual} · {shift.service}")
    # Being on call does not make somebody busy.
    event.add("transp", "TRANSPARENT")
    return event
