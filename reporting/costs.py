"""What the effort of people in a subject costs: a pure function of facts, so that whoever asks, however often and in
whatever order, gets the same sum.

- Time counts while somebody holds a role and people work on the subject (Active periods, from the history of moves).
- Each unbroken stretch of it counts the first hours of every 24 (the project says how many; long work is not all work).
- At each moment the weightiest role of a person counts, never the sum of several.
- The lead counts always; another role only if the person did anything in the subject.
- A review is one line: an hour, and half an hour for everybody who took part.
- Hours are rounded to four places and amounts to the cent, half up, line by line: whoever checks a line by hand gets
  it, and the lines add up to the total.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Final

CENT: Final = Decimal("0.01")
HOURS: Final = Decimal("0.0001")
DAY: Final = timedelta(hours=24)
REVIEW_HOURS: Final = Decimal(1)
REVIEW_HOURS_EACH: Final = Decimal("0.5")
NOTHING: Final = Decimal(0)

ROLE, REVIEW = "role", "review"


@dataclass(frozen=True, kw_only=True)
class Held:
    """A role somebody holds, or held until `renounced_at`.

    :ivar active: the holder did something in the subject meanwhile.
    """

    person: int
    role: str
    assumed_at: datetime
    renounced_at: datetime | None = None
    active: bool = False


@dataclass(frozen=True, kw_only=True)
class Period:
    """A time in which people worked on the subject; without an end it goes on."""

    started_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How a project counts: what an hour costs, how much of a day counts, and what each role weighs.

    :ivar lead: the role that counts whatever its holder did.
    """

    hourly_rate: Decimal
    paid_hours_per_day: int
    multipliers: Mapping[str, Decimal]
    lead: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that a subject's effort follows from.

    :ivar reviewers: how many took part in the review; None when there is none.
    """

    roles: Iterable[Held]
    periods: Iterable[Period]
    rules: Rules
    reviewers: int | None = None


@dataclass(frozen=True, kw_only=True)
class Line:
    """What one stretch of somebody's role comes to, or the review.

    :ivar seconds: how long it lasted; `hours`: what of it counts, before the multiplier.
    """

    kind: str
    hours: Decimal
    multiplier: Decimal
    amount: Decimal
    person: int | None = None
    role: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    seconds: int = 0


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """The lines, and their sum.

    :ivar final: nothing of it changes by the passing of time.
    """

    lines: tuple[Line, ...]
    effort: Decimal
    final: bool


@dataclass(frozen=True, kw_only=True, order=True)
class _Stretch:
    """An unbroken time of somebody's role within one Active period."""

    start: datetime
    end: datetime
    role: str
    multiplier: Decimal


def hourly_rate(annual_cost: Decimal, business_hours: int) -> Decimal:
    """What an hour costs, to the cent: 50,000 a year of 2,080 hours are 24.04."""
    return (Decimal(annual_cost) / business_hours).quantize(CENT, ROUND_HALF_UP)


def work_out(facts: Facts, now: datetime) -> Breakdown:
    """The effort up to `now`, line by line: people in the order they came, the review last."""
    held = list(facts.roles)
    periods = _joined((_utc(each.started_at), _end(each.ended_at)) for each in facts.periods)
    doers = {each.person for each in held if each.active}
    mine: dict[int, list[_Stretch]] = defaultdict(list)
    for (person, role), spans in _by_role(held).items():
        counts = role == facts.rules.lead or person in doers
        multiplier = facts.rules.multipliers.get(role, NOTHING) if counts else NOTHING
        for start, end in _overlaps(_joined(spans), periods, _utc(now)):
            mine[person].append(_Stretch(start=start, end=end, role=role, multiplier=multiplier))
    lines = [line for person in mine for line in _lines(person, sorted(mine[person]), facts.rules)]
    lines.sort(key=lambda line: (line.started_at, line.person, line.role))
    if facts.reviewers is not None:
        lines.append(_review(facts.reviewers, facts.rules))
    effort = sum((line.amount for line in lines), NOTHING)
    return Breakdown(lines=tuple(lines), effort=effort, final=all(end is not None for _start, end in periods))


def _lines(person: int, stretches: list[_Stretch], rules: Rules) -> Iterator[Line]:
    for stretch, counted in zip(stretches, _counted(stretches, rules), strict=True):
        hours = (Decimal(counted // timedelta(microseconds=1)) / 3_600_000_000).quantize(HOURS, ROUND_HALF_UP)
        yield Line(
            kind=ROLE,
            person=person,
            role=stretch.role,
            started_at=stretch.start,
            ended_at=stretch.end,
            seconds=(stretch.end - stretch.start) // timedelta(seconds=1),
            hours=hours,
            multiplier=stretch.multiplier,
            amount=_amount(hours, stretch.multiplier, rules),
        )


def _review(reviewers: int, rules: Rules) -> Line:
    hours = REVIEW_HOURS + REVIEW_HOURS_EACH * reviewers
    return Line(kind=REVIEW, hours=hours, multiplier=Decimal(1), amount=_amount(hours, Decimal(1), rules))


def _amount(hours: Decimal, multiplier: Decimal, rules: Rules) -> Decimal:
    return (hours * multiplier * rules.hourly_rate).quantize(CENT, ROUND_HALF_UP)


def _counted(stretches: list[_Stretch], rules: Rules) -> list[timedelta]:
    """How much of each of a person's stretches counts. Each moment belongs to the weightiest role held then, and counts
    if it lies in that role's counted hours: a lesser role beside it adds nothing.
    """
    totals = [timedelta()] * len(stretches)
    held: set[int] = set()
    counting: set[int] = set()
    edges = sorted(_edges(stretches, timedelta(hours=rules.paid_hours_per_day)))
    for (moment, index, begins, of_hours), following in pairwise(edges):
        group = counting if of_hours else held
        (group.add if begins else group.discard)(index)
        if held and following[0] > moment:
            # Of equals the one that began first, so that the time goes on in the line where it began.
            best = min(held, key=lambda one: (-stretches[one].multiplier, one))
            if best in counting:
                totals[best] += following[0] - moment
    return totals


def _edges(stretches: list[_Stretch], counted: timedelta) -> Iterator[tuple[datetime, int, bool, bool]]:
    """Where each stretch, and within it the counted hours of each day, begin and end. What weighs nothing has none."""
    for index, stretch in enumerate(stretches):
        if not stretch.multiplier:
            continue
        yield stretch.start, index, True, False
        yield stretch.end, index, False, False
        start = stretch.start
        while start < stretch.end:
            yield start, index, True, True
            yield min(start + counted, stretch.end), index, False, True
            start += DAY


_Span = tuple[datetime, datetime | None]


def _by_role(held: list[Held]) -> dict[tuple[int, str], list[_Span]]:
    spans: dict[tuple[int, str], list[_Span]] = defaultdict(list)
    for each in held:
        spans[each.person, each.role].append((_utc(each.assumed_at), _end(each.renounced_at)))
    return dict(sorted(spans.items()))


def _joined(spans: Iterable[_Span]) -> list[_Span]:
    """The spans in order, those that meet or overlap as one; without an end means without end."""
    joined: list[_Span] = []
    for start, end in sorted(spans, key=lambda span: span[0]):
        if end is not None and end <= start:
            continue
        last = joined[-1] if joined else None
        if last is None or (last[1] is not None and start > last[1]):
            joined.append((start, end))
        else:
            joined[-1] = (last[0], None if last[1] is None or end is None else max(last[1], end))
    return joined


def _overlaps(spans: list[_Span], periods: list[_Span], now: datetime) -> Iterator[tuple[datetime, datetime]]:
    for start, end in spans:
        for opened, shut in periods:
            first, last = max(start, opened), min(end or now, shut or now, now)
            if first < last:
                yield first, last


def _utc(moment: datetime) -> datetime:
    """Differences within one zone ignore its clock changes; in UTC there are none."""
    return moment.astimezone(UTC)


def _end(moment: datetime | None) -> datetime | None:
    return None if moment is None else _utc(moment)
