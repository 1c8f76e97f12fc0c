"""Taking somebody off call at once."""

from datetime import datetime

from people.models import Individual, Service, Shift


def take_off_call(individual: Individual, *, now: datetime) -> list[Service]:
    """Remove the person's stored shifts from now on, and end the one that runs. Returns the services concerned.

    What is over stays as it was. The rotation fills the gap with its next refresh.
    """
    coming = Shift.objects.filter(individual=individual, ends_at__gt=now)
    services = list(Service.objects.filter(pk__in=coming.values("service")).order_by("pk"))
    coming.filter(starts_at__gte=now).delete()
    coming.update(ends_at=now)
    return services
