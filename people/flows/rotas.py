"""The stored shifts: worked out from the rotation, or taken from whoever keeps it. What is over is never rewritten."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from core import operations
from people.models import Individual, Service, Shift
from people.oncall.rota import rota
from people.oncall.rotation import Span

KNOWN_AHEAD = timedelta(weeks=8)
LONGEST_ERROR = 500


def locked(service: Service) -> Service:
    """The service as it is now, held until the transaction ends: its shifts are rewritten one after the other."""
    rows = Service.objects.select_for_update(of=("self",), no_key=True).select_related("project__organization")
    return rows.get(pk=service.pk)


def horizon(now: datetime) -> datetime:
    """Until when shifts are known: whole days, so that working them out again the same day changes nothing."""
    return (now + KNOWN_AHEAD + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


@transaction.atomic
def refresh(*, service: Service, now: datetime) -> None:
    """Bring the stored shifts from `now` on up to date. Of a rotation that a plugin keeps, the plugin is asked by an
    operation; until it answers the old ones stay.
    """
    service = locked(service)
    if service.plugin_instance_id and service.is_active:
        plan_refresh(service, now=now)
        return
    try:
        found = rota(service, since=_whole(now), until=horizon(now))
    except ZoneInfoNotFoundError as error:
        # Zones disappear with an update of the time zone database.
        note_failure(service=service, message=_("%(why)s Choose another time zone for its layer.") % {"why": error})
        return
    _rewrite(service, found, now=_whole(now))


def refresh_all(*, now: datetime) -> int:
    """Work out every active built-in rotation, each in its own transaction. Returns how many."""
    return _refresh_each(Service.objects.active().filter(plugin_instance=None), now)


def ask_all(*, now: datetime) -> int:
    """Have every plugin that keeps a rotation asked. Returns how many services that are."""
    return _refresh_each(Service.objects.active().filter(plugin_instance__isnull=False), now)


def refresh_of(*, individual: Individual, now: datetime) -> None:
    """Bring up to date every service that the person has a part in: they came, went, or became somebody else."""
    part = Q(layers__members__individual=individual) | Q(overrides__individual=individual)
    keys = Service.objects.filter(part | Q(shifts__individual=individual, shifts__ends_at__gt=now))
    for service in Service.objects.filter(pk__in=keys.values("pk")).order_by("pk"):
        refresh(service=service, now=now)


def plan_refresh(service: Service, *, now: datetime) -> None:
    """Have the plugin asked who is on call; one question waits at most."""
    operations.plan(
        "oncall.refresh", fact=f"{service.uuid}:{now.isoformat()}", project=service.project,
        arguments={"service": service.pk}, coalesce=f"oncall.refresh:{service.uuid}",
    )  # fmt: skip


@transaction.atomic
def store_shifts(*, service: Service, found: Iterable[Span], now: datetime) -> None:
    """Keep what a plugin said, from `now` on; unless meanwhile somebody else keeps the rotation."""
    asked, service, now = service, locked(service), _whole(now)
    if (service.plugin_instance_id, service.external_id) != (asked.plugin_instance_id, asked.external_id):
        return
    ahead = [span for span in found if span.ends_at > now]
    _rewrite(service, [_from(span, now) for span in ahead], now=now)


def note_failure(*, service: Service, message: str) -> None:
    """Remember why the shifts could not be asked for; the old ones stay."""
    Service.objects.filter(pk=service.pk).update(refresh_error=message[:LONGEST_ERROR])


def _refresh_each(services: Any, now: datetime) -> int:
    count = 0
    for service in services.filter(project__enabled=True).order_by("pk"):
        refresh(service=service, now=now)
        count += 1
    return count


def _rewrite(service: Service, wanted: list[Span], *, now: datetime) -> None:
    """Make the rows that end after `now` what is wanted. A running one keeps its start, or ends now."""
    there = {_key(row): row for row in service.shifts.filter(ends_at__gte=now)}
    begun = {(row.individual_id, row.source): row for row in there.values() if row.starts_at < now}
    new = []
    for span in wanted:
        running = begun.get((span.individual, span.source)) if span.starts_at == now else None
        row = there.pop(_key(running) if running else (span.starts_at, span.individual, span.source), None)
        if row is None:
            new.append(_row(service, span))
        elif (row.ends_at, row.layer_id) != (span.ends_at, span.layer):
            Shift.objects.filter(pk=row.pk).update(ends_at=span.ends_at, layer_id=span.layer)
    _drop(there.values(), now)
    Shift.objects.bulk_create(new)
    Service.objects.filter(pk=service.pk).update(refreshed_at=now, refresh_error="")


def _drop(rows: Iterable[Shift], now: datetime) -> None:
    gone = [row.pk for row in rows if row.starts_at >= now]
    cut = [row.pk for row in rows if row.starts_at < now < row.ends_at]
    Shift.objects.filter(pk__in=gone).delete()
    Shift.objects.filter(pk__in=cut).update(ends_at=now)


def _row(service: Service, span: Span) -> Shift:
    return Shift(
        service=service, individual_id=span.individual, starts_at=span.starts_at, ends_at=span.ends_at,
        source=span.source, layer_id=span.layer,
    )  # fmt: skip


def _key(row: Shift) -> tuple[datetime, int, str]:
    return row.starts_at, row.individual_id, row.source


def _from(span: Span, now: datetime) -> Span:
    return Span(
        starts_at=max(span.starts_at, now), ends_at=span.ends_at, individual=span.individual,
        source=Shift.Source.PLUGIN,
    )  # fmt: skip


def _whole(now: datetime) -> datetime:
    """Shifts begin and end at whole seconds."""
    return now.replace(microsecond=0)
