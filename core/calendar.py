"""A project's working time: its zone and business hours."""

import zoneinfo
from datetime import datetime, timedelta

from core.models.organizations import BusinessHours, Project


def first_opening_of_week(project: Project, now: datetime) -> datetime | None:
    """When the project's working week that holds `now` began, or None when it has no business hours."""
    zone = zoneinfo.ZoneInfo(project.time_zone)
    opening = project.business_hours.order_by("weekday", "opens_at").first()
    if opening is None:
        return None
    local = now.astimezone(zone)
    day = local.date() - timedelta(days=local.weekday()) + timedelta(days=opening.weekday)
    return datetime.combine(day, opening.opens_at, tzinfo=zone)


def is_open(project: Project, now: datetime) -> bool:
    """Whether the moment lies in the project's business hours."""
    local = now.astimezone(zoneinfo.ZoneInfo(project.time_zone))
    hours = BusinessHours.objects.filter(project=project, weekday=local.weekday())
    return hours.filter(opens_at__lte=local.time(), closes_at__gt=local.time()).exists()
