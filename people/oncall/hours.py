"""Restrictions as people write them, one a line: "Mon-Fri 09:00-17:00", "Every day 22:00-06:00"."""

import re
from collections.abc import Iterable
from datetime import time
from typing import Final

from django.utils.translation import gettext as _

from people.oncall.rotation import Window

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EVERY_DAY: Final = frozenset({"every day", "daily"})
_LINE: Final = re.compile(r"(?P<days>.+?)\s+(?P<starts>\d{1,2}:\d{2})\s*[-–]\s*(?P<ends>\d{1,2}:\d{2})", re.ASCII)


def read(text: str) -> list[Window]:
    """The windows that the lines mean.

    :raises ValueError: naming the line that means none.
    """
    found: list[Window] = []
    for line in text.splitlines():
        if line.strip():
            found.extend(_read_line(line.strip()))
    return found


def write(windows: Iterable[Window]) -> str:
    """The windows as lines, days of the same hours together."""
    by_hours: dict[tuple[time, time], list[int | None]] = {}
    for window in windows:
        by_hours.setdefault((window.starts_at, window.ends_at), []).append(window.weekday)
    lines = []
    for (starts_at, ends_at), days in by_hours.items():
        hours = f"{starts_at:%H:%M}-{'24:00' if ends_at == time() else f'{ends_at:%H:%M}'}"
        if None in days:
            lines.append(f"Every day {hours}")
        weekdays = sorted(day for day in days if day is not None)
        if weekdays:
            lines.append(f"{_days_written(weekdays)} {hours}")
    return "\n".join(lines)


def _read_line(line: str) -> list[Window]:
    match = _LINE.fullmatch(line)
    days = _days(match["days"]) if match else None
    starts_at = _time(match["starts"]) if match else None
    ends_at = time() if match and match["ends"] == "24:00" else _time(match["ends"]) if match else None
    if days is None or starts_at is None or ends_at is None:
        message = _("“%(line)s” cannot be read. Write days and hours, for example Mon-Fri 09:00-17:00.")
        raise ValueError(message % {"line": line[:80]})
    return [Window(weekday=day, starts_at=starts_at, ends_at=ends_at) for day in days]


def _days(text: str) -> list[int | None] | None:
    if text.lower() in _EVERY_DAY:
        return [None]
    found: list[int | None] = []
    for part in re.split(r"\s*,\s*", text):
        ends = [_day(name) for name in re.split(r"\s*[-–]\s*", part)]
        first, last = ends[0], ends[-1]
        if len(ends) > 2 or first is None or last is None:
            return None
        # Fri-Mon goes over the week's end.
        found.extend((first + step) % 7 for step in range((last - first) % 7 + 1))
    return found


def _day(name: str) -> int | None:
    short = name[:3].capitalize()
    return DAYS.index(short) if short in DAYS and name.isalpha() else None


def _time(text: str) -> time | None:
    hours, minutes = (int(part) for part in text.split(":"))
    return time(hours, minutes) if hours < 24 and minutes < 60 else None


def _days_written(days: list[int]) -> str:
    whole = len(days) > 2 and days[-1] - days[0] == len(days) - 1
    return f"{DAYS[days[0]]}-{DAYS[days[-1]]}" if whole else ", ".join(DAYS[day] for day in days)
