"""Taking somebody off call at once, and having the shifts of services worked out again."""

from collections.abc import Iterable
from datetime import datetime

from people.flows import rotas
from people.models import Individual, Service, Shift


def take_off_call(individual: Individual, *, now: datetime) -> list[Service]:
    """Remove the person's stored shifts from now on, and end the one that runs. Returns the services concerned.

    What is over stays as it was.
    """
    coming = Shift.objects.filter(individual=individual, ends_at__gt=now)
    services = list(Service.objects.filter(pk__in=coming.values("service")).order_by("pk"))
    coming.filter(starts_at__gte=now).delete()
    coming.update(ends_at=now)
    return services


def refresh(services: Iterable[Service], *, now: datetime) -> None:
    """Work out who is on call for the services, from what their rotations say now."""
    for service in services:
        rotas.refresh(service=service, now=now)
