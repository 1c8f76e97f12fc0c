"""Which operation is next: pages first, then the lane with the fewest running, then the oldest that need not wait."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Min, Q

from core.operations.models import Operation, Waits, Work

Status = Work.Status
PAGE = Operation.Urgency.PAGE
# Most rows are free, so the first look is short; behind many that wait for a predecessor it grows.
FIRST_LOOK = 20
LOOK_GROWS = 10
# A dependent waits for a predecessor's first attempt, but not for a vendor that hangs: what it then lacks comes later.
PATIENCE = timedelta(minutes=2)
# A predecessor that is not through with its first attempt.
UNTRIED = Q(to_operation__status=Status.PENDING, to_operation__attempts=0) | Q(
    to_operation__status=Status.RUNNING, to_operation__attempts=1
)


@dataclass(frozen=True)
class Running:
    """What workers are busy with: how many in each lane, and which things are being updated."""

    lanes: Counter[str]
    things: set[str]


def due(now: datetime) -> Any:
    """Rows whose time has come, whether or not they must wait for others."""
    return Operation.objects.filter(Waits("status"), next_attempt_at__lte=now)


def next_due(now: datetime, passed: Collection[str] = (), *, pages_only: bool = False) -> Operation | None:
    """The row to claim next, from a lane that is not passed over; none when all that is due must wait."""
    running = _running(now)
    rows = due(now).filter(urgency=PAGE) if pages_only else due(now)
    for lane in _open_lanes(rows, running):
        if lane in passed:
            continue
        candidate = _first_free(rows.filter(lane=lane), now, running)
        # Counted again after the choice: two workers that chose the same row cannot both get it, so that whoever
        # took another one of this lane before is seen here, and the lane's limit holds.
        if candidate and _leased(now).filter(lane=lane).count() < settings.OPERATIONS_PER_LANE:
            return candidate
    return None


def _leased(now: datetime) -> Any:
    return Operation.objects.filter(status=Status.RUNNING, lease_until__gt=now)


def _running(now: datetime) -> Running:
    rows = list(_leased(now).values_list("lane", "coalesce_key"))
    return Running(Counter(lane for lane, _thing in rows), {thing for _lane, thing in rows if thing})


def _open_lanes(rows: Any, running: Running) -> list[str]:
    lanes = rows.order_by().values("lane").annotate(most=Min("urgency"), since=Min("next_attempt_at"))
    fair = sorted(lanes, key=lambda lane: (lane["most"], running.lanes[lane["lane"]], lane["since"]))
    return [lane["lane"] for lane in fair if running.lanes[lane["lane"]] < settings.OPERATIONS_PER_LANE]


def _first_free(of_lane: Any, now: datetime, running: Running) -> Operation | None:
    for rows in _looks(of_lane.exclude(coalesce_key__in=running.things)):
        blocked = _blocked([key for key, urgency in rows if urgency != PAGE], now)
        for key, _urgency in rows:
            if key not in blocked:
                return Operation.objects.filter(pk=key).first()
    return None


def _looks(rows: Any) -> Iterator[list[tuple[int, int]]]:
    """Key and urgency of the rows in their order, a few and then ever more at a time."""
    ordered = rows.order_by("urgency", "next_attempt_at", "pk").values_list("pk", "urgency")
    seen, size = 0, FIRST_LOOK
    while True:
        found = list(ordered[seen : seen + size])
        yield found
        if len(found) < size:
            return
        seen, size = seen + size, size * LOOK_GROWS


def _blocked(keys: Collection[int], now: datetime) -> set[int]:
    """Those that wait for a predecessor's first attempt.

    Asked for named rows: as a part of the query above, PostgreSQL would read the predecessors of all times.
    """
    waits = Operation.after.through.objects.filter(
        UNTRIED, from_operation__in=keys, to_operation__created_at__gt=now - PATIENCE
    )
    return set(waits.values_list("from_operation_id", flat=True))
