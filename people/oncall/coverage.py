"""What the stored shifts tell of many services at once: now and next, gaps, and who would be in two places."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from people.models import Individual, Service, Shift
from people.oncall.asking import first_steps, one_of
from people.oncall.rotation import Gap, Span
from people.oncall.rotation import gaps as gaps_between

# How far ahead lists and the home page look for gaps.
LOOK_AHEAD = timedelta(days=14)


@dataclass(kw_only=True)
class Duty:
    """A service with whoever is on call, who comes next, where nobody does, and whom to ask when nobody is.

    :ivar until: until when whoever is on call is so without a break, whichever layers it comes of.
    """

    service: Service
    now: list[Shift] = field(default_factory=list)
    until: datetime | None = None
    next: Shift | None = None
    gaps: list[Gap] = field(default_factory=list)
    ask: Individual | None = None


@dataclass(frozen=True, kw_only=True)
class Doubled:
    """One person on call for two services at once."""

    individual: Individual
    services: tuple[Service, Service]
    starts_at: datetime
    ends_at: datetime


def duties(services: Iterable[Service], at: datetime) -> dict[int, Duty]:
    """Now, next and gaps of the next two weeks, by service. Two queries for all of them, with `owner` selected."""
    services = list(services)
    firsts = first_steps(services)
    found = {service.pk: Duty(service=service) for service in services}
    until = at + LOOK_AHEAD
    covered: dict[int, list[Shift]] = {key: [] for key in found}
    rows = Shift.objects.filter(service__in=list(found), individual__is_active=True, ends_at__gt=at)
    for shift in rows.select_related("individual").order_by("starts_at", "pk"):
        covered[shift.service_id].append(shift)
    for key, duty in found.items():
        duty.now = [shift for shift in covered[key] if shift.starts_at <= at]
        duty.until = _until(covered[key], duty.now)
        here = {shift.individual_id for shift in duty.now}
        later = (shift for shift in covered[key] if shift.starts_at > at and shift.individual_id not in here)
        duty.next = next(later, None)
        duty.gaps = gaps_between(_spans(covered[key]), since=at, until=until)
        duty.ask = one_of(duty.service, firsts)
    return found


def _until(shifts: list[Shift], now: list[Shift]) -> datetime | None:
    """The end of the first one's unbroken time; the shifts are in order."""
    if not now:
        return None
    end = now[0].ends_at
    for shift in shifts:
        if shift.individual_id == now[0].individual_id and shift.starts_at <= end:
            end = max(end, shift.ends_at)
    return end


def gaps(service: Service, *, since: datetime, until: datetime) -> list[Gap]:
    """Where within [since, until) nobody is on call, by the stored shifts (eight weeks ahead are known)."""
    rows = service.shifts.within(since, until).filter(individual__is_active=True).order_by("starts_at", "pk")
    return gaps_between(_spans(rows), since=since, until=until)


def double_duty(services: QuerySet[Service, Any], *, since: datetime, until: datetime) -> list[Doubled]:
    """Where within [since, until) somebody is on call for two of the services at once. One query."""
    rows = Shift.objects.within(since, until).filter(service__in=services, individual__is_active=True)
    by_person: dict[int, list[Shift]] = {}
    for shift in rows.select_related("individual", "service").order_by("starts_at", "pk"):
        by_person.setdefault(shift.individual_id, []).append(shift)
    found = [doubled for shifts in by_person.values() for doubled in _doubled(shifts, since, until)]
    return sorted(found, key=lambda doubled: (doubled.starts_at, str(doubled.individual)))


def _doubled(shifts: list[Shift], since: datetime, until: datetime) -> Iterable[Doubled]:
    for number, one in enumerate(shifts):
        for other in shifts[number + 1 :]:
            if other.starts_at >= one.ends_at:
                break
            if other.service_id != one.service_id:
                yield Doubled(
                    individual=one.individual, services=(one.service, other.service),
                    starts_at=max(other.starts_at, since), ends_at=min(one.ends_at, other.ends_at, until),
                )  # fmt: skip


def _spans(shifts: Iterable[Shift]) -> list[Span]:
    return [
        Span(starts_at=one.starts_at, ends_at=one.ends_at, individual=one.individual_id, source=one.source)
        for one in shifts
    ]
