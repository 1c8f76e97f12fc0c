"""The rotation as a pure function: layers and overrides in, spans and gaps out. Asks no database and no clock.

How turns are counted. Turn 0 begins on `starts_on` at the hand-over time and belongs to the first member; turn n to
member n modulo their number. A member who is not active keeps their place, so that nobody else's turns move, and the
next active one in the list takes their turn. Whoever is taken off the list has no place any more: the flow that changes
the list turns it so that the running turn stays with whoever has it.

Wall-clock times are those of the layer's zone. One that does not exist (clocks go forward) is the moment as much later
as the clocks jump: 02:30 becomes 03:30. One that exists twice (clocks go back) is the first of the two.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
WEEK_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody's place in a layer."""

    individual: int
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class Window:
    """When a restricted layer counts; `weekday` None is every day. An end at or before the start is the next day's."""

    starts_at: time
    ends_at: time
    weekday: int | None = None


@dataclass(frozen=True, kw_only=True)
class Layer:
    """People taking turns: `daily`, `weekly`, or `custom` every `turn_hours` of elapsed time.

    :ivar starts_on: the day of the first hand-over. A weekly layer that begins on another day than its
        `handover_weekday` has a short first turn.
    :ivar ends_on: its last day; at the midnight that ends it, the layer is over.
    """

    id: int
    order: int
    cadence: str
    handover_at: time
    zone: ZoneInfo
    starts_on: date
    members: tuple[Member, ...]
    handover_weekday: int = 0
    turn_hours: int = 0
    ends_on: date | None = None
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """An override: somebody is on call whatever the layers say. `rank` grows with the time it was made."""

    individual: int
    starts_at: datetime
    ends_at: datetime
    rank: int
    source: str = "override"


@dataclass(frozen=True, kw_only=True)
class Span:
    """Somebody is on call from `starts_at` until just before `ends_at` (UTC), by a layer or an override."""

    starts_at: datetime
    ends_at: datetime
    individual: int
    source: str
    layer: int | None = None


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Nobody is on call."""

    starts_at: datetime
    ends_at: datetime


def spans(layers: Iterable[Layer], overrides: Iterable[Replacement], *, since: datetime, until: datetime) -> list[Span]:
    """Who is on call within [since, until), in order, without overlaps; neighbours that are alike are one span.

    Overrides go before layers, a later made one before an earlier; then the layer with the highest order.
    """
    taken: list[Span] = []
    for override in sorted(overrides, key=lambda each: -each.rank):
        taken = _with(taken, [_claim(override)], since, until)
    for layer in sorted(layers, key=lambda layer: -layer.order):
        taken = _with(taken, _layer_spans(layer, since, until), since, until)
    return merged(taken)


def gaps(covered: Sequence[Span], *, since: datetime, until: datetime) -> list[Gap]:
    """Where within [since, until) nobody is on call, given the spans in order."""
    found, at = [], since
    for span in covered:
        if span.starts_at > at:
            found.append(Gap(starts_at=at, ends_at=min(span.starts_at, until)))
        at = max(at, span.ends_at)
        if at >= until:
            return found
    return [*found, Gap(starts_at=at, ends_at=until)] if at < until else found


def merged(ordered: Iterable[Span]) -> list[Span]:
    """The spans with those joined that follow one another and differ in nothing else."""
    result: list[Span] = []
    for span in ordered:
        last = result[-1] if result else None
        if last and replace(last, ends_at=span.ends_at, starts_at=span.starts_at) == span and _touch(last, span):
            result[-1] = replace(last, ends_at=span.ends_at)
        else:
            result.append(span)
    return result


def turn_at(layer: Layer, moment: datetime) -> int:
    """The number of the turn that runs at the moment; negative before the layer begins."""
    begin = _begin(layer)
    if moment < begin:
        return -1
    if layer.cadence == "custom":
        return (moment - begin) // timedelta(hours=layer.turn_hours)
    step, first = _rhythm(layer)
    number = (moment.astimezone(layer.zone).date() - first).days // step
    # The day has come, perhaps the hour has not.
    return number if _handover(layer, number) <= moment else number - 1


def holder(layer: Layer, turn: int) -> int | None:
    """Who has a turn, windows and overrides aside; None when no member is active."""
    if turn < 0 or not layer.members:
        return None
    place = turn % len(layer.members)
    order = (*layer.members[place:], *layer.members[:place])
    return next((member.individual for member in order if member.active), None)


def moment_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment of a wall-clock time, in UTC."""
    # `fold=0` is what the module promises: the first of two, and across a jump the offset from before it.
    return datetime.combine(day, at.replace(fold=0), tzinfo=zone).astimezone(UTC)


def _layer_spans(layer: Layer, since: datetime, until: datetime) -> Iterator[Span]:
    begin, end = _begin(layer), _end(layer)
    since, until = max(since, begin), min(until, end) if end else until
    if since >= until:
        return
    windows = list(_windows(layer, since, until))
    for starts_at, ends_at, turn in _turns(layer, since, until):
        individual = holder(layer, turn)
        if individual is None:
            return
        for number in range(bisect_right(windows, starts_at, key=lambda window: window[1]), len(windows)):
            opens, closes = windows[number]
            if opens >= ends_at:
                break
            yield Span(
                starts_at=max(opens, starts_at), ends_at=min(closes, ends_at), individual=individual,
                source="rotation", layer=layer.id,
            )  # fmt: skip


def _turns(layer: Layer, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime, int]]:
    turn = turn_at(layer, since)
    while since < until:
        ends_at = min(_handover(layer, turn + 1), until)
        yield since, ends_at, turn
        since, turn = ends_at, turn + 1


def _windows(layer: Layer, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """When the layer counts, in order and without overlaps."""
    if not layer.windows:
        yield since, until
        return
    # One that began the day before may run into the first day.
    day, last = since.astimezone(layer.zone).date() - DAY, until.astimezone(layer.zone).date()
    found: list[tuple[datetime, datetime]] = []
    while day <= last:
        found.extend(
            _window(layer.zone, window, day) for window in layer.windows if window.weekday in (None, day.weekday())
        )
        day += DAY
    at = since
    for opens, closes in sorted(found):
        opens, closes = max(opens, at), min(closes, until)
        if opens < closes:
            yield opens, closes
            at = closes


def _window(zone: ZoneInfo, window: Window, day: date) -> tuple[datetime, datetime]:
    over_midnight = window.ends_at <= window.starts_at
    closes = moment_of(day + DAY if over_midnight else day, window.ends_at, zone)
    return moment_of(day, window.starts_at, zone), closes


def _begin(layer: Layer) -> datetime:
    return moment_of(layer.starts_on, layer.handover_at, layer.zone)


def _end(layer: Layer) -> datetime | None:
    return moment_of(layer.ends_on + DAY, time(), layer.zone) if layer.ends_on else None


def _rhythm(layer: Layer) -> tuple[int, date]:
    """Days from one hand-over to the next, and the day that hand-overs are counted from."""
    if layer.cadence == "daily":
        return 1, layer.starts_on
    return WEEK_DAYS, layer.starts_on - timedelta(days=(layer.starts_on.weekday() - layer.handover_weekday) % WEEK_DAYS)


def _handover(layer: Layer, turn: int) -> datetime:
    """When a turn begins."""
    if layer.cadence == "custom":
        return _begin(layer) + turn * timedelta(hours=layer.turn_hours)
    step, first = _rhythm(layer)
    return moment_of(first + timedelta(days=turn * step), layer.handover_at, layer.zone)


def _claim(override: Replacement) -> Span:
    return Span(
        starts_at=override.starts_at, ends_at=override.ends_at, individual=override.individual, source=override.source
    )


def _with(taken: Sequence[Span], claims: Iterable[Span], since: datetime, until: datetime) -> list[Span]:
    """What is taken, and what the claims (which do not overlap) add where nothing is taken yet; in order."""
    added = [part for claim in claims for part in _left_of(claim, taken, since, until)]
    return sorted([*taken, *added], key=lambda span: span.starts_at)


def _left_of(claim: Span, taken: Sequence[Span], since: datetime, until: datetime) -> list[Span]:
    """What of the claim lies in [since, until) and is not taken yet (`taken` is in order, without overlaps)."""
    left, at, end = [], max(claim.starts_at, since), min(claim.ends_at, until)
    for number in range(bisect_right(taken, at, key=lambda span: span.ends_at), len(taken)):
        span = taken[number]
        if span.starts_at >= end:
            break
        if span.starts_at > at:
            left.append(replace(claim, starts_at=at, ends_at=span.starts_at))
        at = max(at, span.ends_at)
    if at < end:
        left.append(replace(claim, starts_at=at, ends_at=end))
    return left


def _touch(one: Span, other: Span) -> bool:
    return one.ends_at == other.starts_at
