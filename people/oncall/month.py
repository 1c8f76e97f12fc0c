"""Four weeks of a service as a calendar: each day with who is on call, and where nobody is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from people.models import Service, Shift
from people.oncall.coverage import gaps
from people.oncall.rotation import moment_of

WEEKS = 4
# As many colours as the style sheet has; more people share them.
HUES = 8
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Part:
    """What a day has of a shift or of a gap. A time is None where it goes on beyond the day.

    :ivar person: None: nobody is on call. :ivar left: where it begins and :ivar width: how long it is, in hundredths of
        the day; :ivar lane: its row in the picture, for those who are on call at once; :ivar hue: the person's colour.
    """

    person: Any
    starts_at: datetime | None
    ends_at: datetime | None
    left: float
    width: float
    lane: int = 0
    hue: int | None = None
    source: str = ""
    said: str = ""


@dataclass(kw_only=True)
class Day:
    """A day on the reader's calendar."""

    on: date
    today: bool
    parts: list[Part] = field(default_factory=list)

    @property
    def lanes(self) -> int:
        """How many are on call at once, at most."""
        return max((part.lane for part in self.parts), default=0) + 1


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


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Somebody (None: nobody) without a break, whichever layers it comes of."""

    person: Any
    starts_at: datetime
    ends_at: datetime
    source: str = ""
    said: str = ""


def month(service: Service, *, day: date, now: datetime, known_until: datetime, zone: Any) -> Month:
    """The four weeks that begin with the day's Monday, on the clock of `zone`. Two queries.

    Gaps are told of what is to come and known only.
    """
    first = day - timedelta(days=day.weekday())
    days = [Day(on=first + number * DAY, today=False) for number in range(WEEKS * 7)]
    since, until = moment_of(first, time(), zone), moment_of(first + WEEKS * 7 * DAY, time(), zone)
    rows = service.shifts.within(since, until).select_related("individual").order_by("starts_at", "pk")
    open_from, open_until = max(since, now), min(until, known_until)
    open_spans = gaps(service, since=open_from, until=open_until) if open_from < open_until else []
    stretches = [*_joined(rows), *(Stretch(person=None, starts_at=g.starts_at, ends_at=g.ends_at) for g in open_spans)]
    stretches.sort(key=lambda stretch: stretch.starts_at)
    # In the order in which they come, so that neighbours differ.
    hues: dict[Any, int] = {}
    for stretch in stretches:
        if stretch.person is not None:
            hues.setdefault(stretch.person, len(hues) % HUES)
    today = now.astimezone(zone).date()
    for each in days:
        each.today = each.on == today
        begin, end = moment_of(each.on, time(), zone), moment_of(each.on + DAY, time(), zone)
        each.parts = _parts(stretches, begin, end, hues)
    return Month(weeks=[days[start : start + 7] for start in range(0, len(days), 7)])


def _joined(rows: Iterable[Shift]) -> list[Stretch]:
    found: list[Stretch] = []
    for row in rows:
        stretch = Stretch(
            person=row.individual, starts_at=row.starts_at, ends_at=row.ends_at, source=row.source,
            said=row.get_source_display(),
        )  # fmt: skip
        last = found[-1] if found else None
        if last and (last.person, last.source, last.ends_at) == (stretch.person, stretch.source, stretch.starts_at):
            found[-1] = replace(last, ends_at=stretch.ends_at)
        else:
            found.append(stretch)
    return found


def _parts(stretches: Iterable[Stretch], begin: datetime, end: datetime, hues: Mapping[Any, int]) -> list[Part]:
    """What the day from `begin` to `end` has of them."""
    found: list[Part] = []
    # Until when each row of the picture is taken.
    taken: list[datetime] = []
    for stretch in stretches:
        if stretch.starts_at >= end or stretch.ends_at <= begin:
            continue
        first, last = max(stretch.starts_at, begin), min(stretch.ends_at, end)
        lane = next((number for number, until in enumerate(taken) if until <= first), len(taken))
        taken[lane : lane + 1] = [last]
        found.append(
            Part(
                person=stretch.person, source=stretch.source, said=stretch.said, lane=lane,
                hue=hues.get(stretch.person),
                starts_at=stretch.starts_at if stretch.starts_at > begin else None,
                ends_at=stretch.ends_at if stretch.ends_at < end else None,
                left=100 * ((first - begin) / (end - begin)), width=100 * ((last - first) / (end - begin)),
            )
        )  # fmt: skip
    return found
