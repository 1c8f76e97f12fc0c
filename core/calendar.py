"""A project's working time: its zone, business hours and holidays.

A project without business hours works every day but its holidays, from 09:00 to midnight in its zone.
"""

import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from core.models.organizations import Project
from core.public_holidays import days_of

EVERY_DAY = ((time(9), time.max),)
# Farther ahead nobody plans, and a project that is never open must not be searched for ever.
LONGEST_SEARCH_DAYS = 400
Spans = tuple[tuple[time, time], ...]


@dataclass(frozen=True)
class Calendar:
    """The working time of a project, read once and asked often.

    :ivar hours: by weekday (0 is Monday) the spans of working time, earliest first.
    """

    zone: zoneinfo.ZoneInfo
    hours: dict[int, Spans]
    country: str = ""
    region: str = ""

    def day_of(self, moment: datetime) -> date:
        """The day on the project's clocks."""
        return moment.astimezone(self.zone).date()

    def is_holiday(self, day: date) -> bool:
        """Whether it is a public holiday where the project works."""
        return bool(self.country) and day in days_of(self.country, self.region, day.year)

    def is_working_day(self, day: date) -> bool:
        """Whether the project works on the day."""
        return day.weekday() in self.hours and not self.is_holiday(day)

    def opening_of(self, day: date) -> datetime | None:
        """When work begins on the day, or None when it does not."""
        return self._at(day, self.hours[day.weekday()][0][0]) if self.is_working_day(day) else None

    def closing_of(self, day: date) -> datetime | None:
        """When work ends on the day, or None when there is none."""
        if not self.is_working_day(day):
            return None
        ends = max(closes for _opens, closes in self.hours[day.weekday()])
        return self._at(day, ends)

    def is_open(self, now: datetime) -> bool:
        """Whether the moment lies in working time."""
        local = now.astimezone(self.zone)
        if not self.is_working_day(local.date()):
            return False
        clock = local.time()
        return any(opens <= clock < closes for opens, closes in self.hours[local.weekday()])

    def working_days_after(self, day: date) -> Iterator[date]:
        """The working days that follow a day, as far as one plans."""
        for ahead in range(1, LONGEST_SEARCH_DAYS):
            candidate = day + timedelta(days=ahead)
            if self.is_working_day(candidate):
                yield candidate

    def plus_working_days(self, day: date, count: int) -> date:
        """The working day that is `count` of them after a day; of a project that never works, calendar days."""
        for number, candidate in enumerate(self.working_days_after(day), 1):
            if number == count:
                return candidate
        return day + timedelta(days=count)

    def next_opening(self, after: datetime) -> datetime | None:
        """The first beginning of a working day later than the moment, or None when none is near."""
        today = self.day_of(after)
        first = self.opening_of(today)
        if first is not None and first > after.astimezone(UTC):
            return first
        following = next(self.working_days_after(today), None)
        return self.opening_of(following) if following else None

    def first_opening_of_week(self, now: datetime) -> datetime | None:
        """When the working week (from Monday) that holds the moment begins; None when nobody works in it."""
        today = self.day_of(now)
        monday = today - timedelta(days=today.weekday())
        openings = (self.opening_of(monday + timedelta(days=number)) for number in range(7))
        return next((opening for opening in openings if opening), None)

    def working_days_between(self, first: date, last: date) -> int:
        """How many working days begin after the day `first`, up to and with the day `last`; 0 when it is not later."""
        days = (last - first).days
        return sum(1 for number in range(1, days + 1) if self.is_working_day(first + timedelta(days=number)))

    def _at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, tzinfo=self.zone)


def calendar_of(project: Project) -> Calendar:
    """The project's calendar as it is now, in one query."""
    spans: dict[int, list[tuple[time, time]]] = {}
    for hours in project.business_hours.order_by("weekday", "opens_at"):
        spans.setdefault(hours.weekday, []).append((hours.opens_at, hours.closes_at))
    hours_by_day = {weekday: tuple(found) for weekday, found in spans.items()} or dict.fromkeys(range(7), EVERY_DAY)
    zone = zoneinfo.ZoneInfo(project.time_zone)
    return Calendar(zone, hours_by_day, project.holiday_country, project.holiday_region)


def is_working_day(project: Project, day: date) -> bool:
    """Whether the project works on the day: it has hours then, and it is no holiday."""
    return calendar_of(project).is_working_day(day)


def opening_of(project: Project, day: date) -> datetime | None:
    """When the project's work begins on the day, or None when it does not."""
    return calendar_of(project).opening_of(day)


def next_opening(project: Project, after: datetime) -> datetime | None:
    """The first beginning of a working day later than the moment, or None when none is near."""
    return calendar_of(project).next_opening(after)


def working_days_between(project: Project, first: date, last: date) -> int:
    """How many of the project's working days begin after the day `first`, up to and with the day `last`."""
    return calendar_of(project).working_days_between(first, last)


def first_opening_of_week(project: Project, now: datetime) -> datetime | None:
    """When the project's working week that holds the moment begins; a holiday on Monday moves it to Tuesday."""
    return calendar_of(project).first_opening_of_week(now)


def is_open(project: Project, now: datetime) -> bool:
    """Whether the moment lies in the project's working time."""
    return calendar_of(project).is_open(now)
