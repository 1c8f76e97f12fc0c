"""Who is on call now and next, from the stored shifts: no network call, so declaring may ask."""

from collections.abc import Iterable
from datetime import datetime

from people.models import EscalationStep, Individual, Service


def on_call(service: Service, at: datetime) -> list[Individual]:
    """The active people on call for a service at a moment; a built-in rotation gives one at most."""
    shifts = service.shifts.at(at).filter(individual__is_active=True).select_related("individual")
    return list({shift.individual_id: shift.individual for shift in shifts.order_by("starts_at", "pk")}.values())


def next_on_call(service: Service, at: datetime) -> Individual | None:
    """Whoever else is on call first after the moment; None when the stored shifts know of nobody else."""
    now = [person.pk for person in on_call(service, at)]
    later = service.shifts.filter(starts_at__gt=at, individual__is_active=True).exclude(individual__in=now)
    shift = later.select_related("individual").order_by("starts_at", "pk").first()
    return shift.individual if shift else None


def instead(service: Service) -> Individual | None:
    """Whom to ask when nobody is on call: the first person of the escalation list, else the owner."""
    return one_of(service, first_steps([service]))


def first_steps(services: Iterable[Service]) -> dict[int, Individual]:
    """The first active person of each escalation list, by service. One query."""
    steps = EscalationStep.objects.filter(service__in=list(services), individual__is_active=True)
    found: dict[int, Individual] = {}
    for step in steps.select_related("individual").order_by("position"):
        if step.individual:
            found.setdefault(step.service_id, step.individual)
    return found


def one_of(service: Service, firsts: dict[int, Individual]) -> Individual | None:
    """As `instead`, for one of several services whose `first_steps` are known."""
    owner = service.owner
    return firsts.get(service.pk) or (owner if owner and owner.is_active else None)
