"""What the address of a list asks (words, choices, days), read alike by every list of the console."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date

LONGEST = 200
MOST_CHOSEN = 20
# Days beyond these are slips of the hand, and some are no moments in some zone.
FIRST_YEAR, LAST_YEAR = 1970, 2999


class Asking:
    """The parameters of one request for a list, and addresses that change some of them."""

    def __init__(self, request: Any) -> None:
        self.request = request
        self.user = request.user
        self.asked = request.GET
        self.now = timezone.now()

    def typed(self, name: str) -> str:
        """The words of a parameter."""
        text: str = self.asked.get(name, "").strip()[:LONGEST]
        return text

    def chosen(self, name: str) -> list[str]:
        """The values of a parameter that may come several times."""
        return [value for value in self.asked.getlist(name) if value][:MOST_CHOSEN]

    def days(self, first: str, last: str) -> tuple[date | None, date | None]:
        """First and last day asked for by two parameters, where they are days."""
        return _day(self.asked.get(first, "")), _day(self.asked.get(last, ""))

    def link(self, **changes: Any) -> str:
        """This list with other parameters; None takes one away."""
        query = self.asked.copy()
        for name, value in changes.items():
            query.pop(name, None)
            if value is not None:
                query[name] = value
        return f"?{query.urlencode()}"

    def kept(self, *dropped: str) -> list[tuple[str, str]]:
        """The present parameters but the page and the dropped ones, for a form's hidden fields."""
        left_out = {*dropped, "page"}
        return [(name, value) for name, values in self.asked.lists() for value in values if name not in left_out]


def within(field: str, first: date | None, last: date | None) -> Q:
    """Between the beginning of the first and the end of the last day on the reader's clock, where they are given."""
    since = Q(**{f"{field}__gte": midnight(first)}) if first else Q()
    return since & (Q(**{f"{field}__lt": midnight(last + timedelta(days=1))}) if last else Q())


def midnight(day: date) -> datetime:
    """The beginning of the day on the reader's clock."""
    return timezone.make_aware(datetime.combine(day, time.min))


def _day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and FIRST_YEAR <= day.year <= LAST_YEAR else None
