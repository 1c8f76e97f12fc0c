"""Four weeks of a service as a calendar: each day with who is on call, and where nobody is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from people.models import Service, Shift
from people.oncall.coverage import gaps
from people.oncall.rotation import Gap, moment_of

WEEKS = 4
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Part:
    """What a day has of a shift or of a gap. A time is None where it goes on beyond the day.

    :ivar person: None: nobody is on call.
    """

    person: Any
    starts_at: datetime | None
    ends_at: datetime | None
    source: str = ""
    said: str = ""


@dataclass(kw_only=True)
class Day:
    """A day on the reader's calendar."""

    on: date
    today: bool
    parts: list[Part] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Month:
    """Weeks of seven days, Monday first."""

    weeks: list[list[Day]]

    @property
    def first(self) -> date:
        return self.weeks[0][0].on

    @property
    def last(self) -> date:
        return self.weeks[-1][-1].on

    @property
    def before(self) -> date:
        return self.first - WEEKS * 7 * DAY

    @property
    def after(self) -> date:
        return self.first + WEEKS * 7 * DAY


def month(service: Service, *, day: date, now: datetime, known_until: datetime, zone: Any) -> Month:
    """The four weeks that begin with the day's Monday, on the clock of `zone`. Two queries.

    Gaps are told of what is to come and known only.
    """
    first = day - timedelta(days=day.weekday())
    days = [Day(on=first + number * DAY, today=False) for number in range(WEEKS * 7)]
    since, until = moment_of(first, time(), zone), moment_of(first + WEEKS * 7 * DAY, time(), zone)
    rows = list(service.shifts.within(since, until).select_related("individual").order_by("starts_at", "pk"))
    open_from, open_until = max(since, now), min(until, known_until)
    open_spans = gaps(service, since=open_from, until=open_until) if open_from < open_until else []
    today = now.astimezone(zone).date()
    for each in days:
        each.today = each.on == today
        each.parts = _parts(rows, open_spans, moment_of(each.on, time(), zone), moment_of(each.on + DAY, time(), zone))
    return Month(weeks=[days[start : start + 7] for start in range(0, len(days), 7)])


def _parts(rows: Sequence[Shift], open_spans: Iterable[Gap], begin: datetime, end: datetime) -> list[Part]:
    spans: list[tuple[Any, Any]] = [(row, row.individual) for row in rows]
    spans += [(gap, None) for gap in open_spans]
    touching = [(span, person) for span, person in spans if span.starts_at < end and span.ends_at > begin]
    return [
        Part(
            person=person,
            starts_at=span.starts_at if span.starts_at > begin else None,
            ends_at=span.ends_at if span.ends_at < end else None,
            source=getattr(span, "source", ""),
            said=span.get_source_display() if person is not None else "",
        )
        for span, person in sorted(touching, key=lambda pair: pair[0].starts_at)
    ]
