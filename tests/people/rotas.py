"""Services with a rotation, as tests of on-call need them. Monday 4 January 2027 is where they begin."""

from datetime import UTC, date, datetime, time
from typing import Any

from people.flows import oncall
from people.models import Individual, RotationLayer, Service
from tests import factories as make

NOW = datetime(2027, 1, 4, 10, tzinfo=UTC)


def utc(text: str) -> datetime:
    """2027-01-11 09:00 as a moment."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def make_service(project: Any, name: str = "Security response", now: datetime = NOW, **fields: Any) -> Service:
    return oncall.save_service(Service(project=project, name=name, **fields), actor=make.system(), now=now)


def make_layer(service: Service, members: list[Individual], now: datetime = NOW, **fields: Any) -> RotationLayer:
    """A weekly layer from that Monday, 09:00 UTC, unless the fields say otherwise."""
    restrictions = fields.pop("restrictions", None)
    values = {"name": "Weeks", "handover_at": time(9), "starts_on": date(2027, 1, 4), **fields}
    return oncall.save_layer(
        RotationLayer(service=service, **values), members=members, restrictions=restrictions, actor=make.system(),
        now=now,
    )  # fmt: skip


def shifts(service: Service) -> list[tuple[str, str, str]]:
    """Who, from when until when, by what the database holds."""
    rows = service.shifts.select_related("individual").order_by("starts_at", "pk")
    return [(row.individual.name, f"{row.starts_at:%Y-%m-%d %H:%M}", f"{row.ends_at:%Y-%m-%d %H:%M}") for row in rows]
