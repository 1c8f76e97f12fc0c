"""What the page of a service shows."""

from datetime import date, timedelta
from typing import Any

from django.contrib.admin import site
from django.db.models import Prefetch
from django.http import HttpRequest
from django.utils import timezone

from people.flows.rotas import horizon
from people.models import (
    CalendarFeed,
    LayerRestriction,
    Override,
    RotationLayer,
    RotationMember,
    Service,
    ShiftFeedback,
    Swap,
)
from people.oncall import hours
from people.oncall.coverage import double_duty, duties
from people.oncall.month import month
from people.oncall.rotation import Window

LOOK_AHEAD = timedelta(days=28)
SHOWN = 20


def context_of(request: HttpRequest, service: Service, day: date) -> dict[str, Any]:
    """The parts of the page. A fixed number of queries."""
    now = timezone.now()
    known_until = horizon(now) if service.is_active else now
    zone = timezone.get_current_timezone()
    return {
        "service": service,
        "duty": duties([service], now)[service.pk],
        "month": month(service, day=day, now=now, known_until=known_until, zone=zone),
        "known_until": known_until,
        "zone": zone,
        "layers": _layers(request, service),
        "steps": list(service.escalation.select_related("individual", "target").order_by("position")),
        "overrides": _overrides(request, service),
        "swaps": _swaps(request, service),
        "doubled": _doubled(request, service),
        "feeds": _feeds(request, service),
        "feedback": _feedback(request, service),
    }


def _layers(request: HttpRequest, service: Service) -> list[dict[str, Any]]:
    """The layers, the one that counts first, each with its people and hours in words."""
    rows = service.layers.select_related("service__project").prefetch_related(
        Prefetch("members", RotationMember.objects.select_related("individual").order_by("position")),
        Prefetch("restrictions", LayerRestriction.objects.order_by("weekday", "starts_at")),
    )
    return [
        {
            "layer": layer,
            "members": [member.individual for member in layer.members.all()],
            "hours": _hours(layer).splitlines(),
            "buttons": _buttons(RotationLayer, request, ["edit", "remove"], layer),
        }
        for layer in rows.order_by("-order")
    ]


def _hours(layer: RotationLayer) -> str:
    return hours.write(
        Window(weekday=row.weekday, starts_at=row.starts_at, ends_at=row.ends_at) for row in layer.restrictions.all()
    )


def _overrides(request: HttpRequest, service: Service) -> list[dict[str, Any]]:
    rows = service.overrides.filter(cancelled_at=None, ends_at__gt=timezone.now())
    rows = rows.select_related("individual", "created_by", "service__project").order_by("starts_at", "pk")
    return [{"override": row, "buttons": _buttons(Override, request, ["cancel"], row)} for row in rows[:SHOWN]]


def _swaps(request: HttpRequest, service: Service) -> list[dict[str, Any]]:
    rows = service.swaps.filter(status=Swap.Status.ASKED, ends_at__gt=timezone.now())
    rows = rows.select_related("asked", "asked_by", "service__project").order_by("starts_at", "pk")
    names = ["accept", "decline", "withdraw"]
    return [{"swap": row, "buttons": _buttons(Swap, request, names, row)} for row in rows[:SHOWN]]


def _doubled(request: HttpRequest, service: Service) -> list[Any]:
    """Who would be here and at another service that the reader sees."""
    now = timezone.now()
    services = Service.objects.visible_to(request.user).active()
    found = double_duty(services, since=now, until=now + LOOK_AHEAD)
    return [one for one in found if service in one.services][:SHOWN]


def _feeds(request: HttpRequest, service: Service) -> list[dict[str, Any]]:
    """The addresses of this service that the reader may end, and their own."""
    rows = CalendarFeed.objects.visible_to(request.user).filter(revoked_at=None)
    rows = rows.filter(service=service) | rows.filter(
        service=None, user=request.user.pk, organization=service.project.organization_id
    )
    rows = rows.select_related("user", "service__project", "organization").order_by("-pk")
    return [{"feed": row, "buttons": _buttons(CalendarFeed, request, ["end"], row)} for row in rows[:SHOWN]]


def _feedback(request: HttpRequest, service: Service) -> list[dict[str, Any]]:
    """How the last shifts were: all answers for whoever configures the service, for others their own."""
    rows = ShiftFeedback.objects.visible_to(request.user).filter(shift__service=service)
    rows = rows.select_related("shift__individual", "shift__service__project").order_by("-shift__ends_at", "-pk")
    return [{"row": row, "buttons": _buttons(ShiftFeedback, request, ["answer"], row)} for row in rows[:SHOWN]]


def _buttons(model: type, request: HttpRequest, names: list[str], row: Any) -> list[Any]:
    admin: Any = site.get_model_admin(model)
    found: list[Any] = admin.buttons(request, names, row)
    return found
