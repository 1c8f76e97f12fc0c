"""Who is on call now and next, from the stored shifts: no network call, so declaring may ask."""

from datetime import datetime

from people.models import Individual, Service


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
    steps = service.escalation.filter(individual__is_active=True).select_related("individual").order_by("position")
    first = steps.first()
    if first:
        return first.individual
    return service.owner if service.owner and service.owner.is_active else None
