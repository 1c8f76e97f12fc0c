"""What is stored of a service's rotation, as the pure function takes it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from people.models import RotationLayer, RotationMember, Service, Shift
from people.oncall.rotation import Layer, Member, Replacement, Span, Window, spans


def rota(service: Service, *, since: datetime, until: datetime) -> list[Span]:
    """Who is on call by the built-in rotation within [since, until); nobody for a service that is not active."""
    if not service.is_active:
        return []
    return spans(layers_of(service), replacements_of(service, since), since=since, until=until)


def layers_of(service: Service) -> list[Layer]:
    """The service's layers. A fixed number of queries."""
    rows = service.layers.prefetch_related("restrictions")
    members: dict[int, list[RotationMember]] = {}
    found = RotationMember.objects.filter(layer__service=service).select_related("individual")
    for member in found.order_by("position"):
        members.setdefault(member.layer_id, []).append(member)
    return [layer_of(row, members.get(row.pk, [])) for row in rows.order_by("order")]


def layer_of(row: RotationLayer, members: list[RotationMember]) -> Layer:
    """One layer with these members."""
    windows = row.restrictions.all() if row.pk else []
    return Layer(
        id=row.pk,
        order=row.order,
        cadence=row.cadence,
        turn_hours=row.turn_hours or 0,
        handover_at=row.handover_at,
        handover_weekday=row.handover_weekday,
        zone=ZoneInfo(row.time_zone),
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        members=tuple(Member(individual=one.individual_id, active=one.individual.is_active) for one in members),
        windows=tuple(Window(weekday=one.weekday, starts_at=one.starts_at, ends_at=one.ends_at) for one in windows),
    )


def replacements_of(service: Service, since: datetime) -> list[Replacement]:
    """The overrides that still count after `since`."""
    rows = service.overrides.filter(cancelled_at=None, ends_at__gt=since, individual__is_active=True)
    return [
        Replacement(
            individual=row.individual_id,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            # Keys are given in the order of birth.
            rank=row.pk,
            source=Shift.Source.SWAP if row.swap_id else Shift.Source.OVERRIDE,
        )
        for row in rows
    ]
