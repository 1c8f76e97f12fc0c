"""What people need set up: who there is, who is on call, who gets which role."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.console.setting_up import Reach, Step, register
from people.models import Individual, RolePolicy, Service, Shift

FIRST_PEOPLE = 3


def _too_few(reach: Reach) -> Iterable[Any]:
    rows = Individual.objects.filter(is_active=True, organization__in=[one.pk for one in reach.organizations])
    counts = dict(rows.values_list("organization").annotate(number=Count("pk")))
    return [one for one in reach.organizations if counts.get(one.pk, 0) < FIRST_PEOPLE]


def _nobody_on_call(reach: Reach) -> Iterable[Any]:
    now = timezone.now()
    shifts = Shift.objects.filter(starts_at__lte=now, ends_at__gt=now, individual__is_active=True)
    return reach.without(shifts.filter(service__is_active=True), "service__project")


register(
    Step(
        key="people", order=20, title=_("The first people"), action=_("Import people"),
        why=_("They are suggested when roles are given; a file from your directory brings all of them at once."),
        lacking=_too_few, url=lambda _rows: reverse("admin:people_individual_import"),
    )
)  # fmt: skip
register(
    Step(
        key="services", order=25, title=_("A service to page"), action=_("Add a service"),
        why=_("Nobody can be woken at night without one."),
        lacking=lambda reach: reach.without(Service.objects.active()),
        url=lambda _rows: reverse("admin:people_service_add"),
    )
)  # fmt: skip
register(
    Step(
        key="on-call", order=30, title=_("Somebody on call now"), action=_("Open the rota"),
        why=_("A page would go to nobody but the escalation list and the service's owner."),
        lacking=_nobody_on_call, url=lambda _rows: reverse("admin:people_service_changelist"),
    )
)  # fmt: skip
register(
    Step(
        key="policies", order=35, title=_("Who commands a new incident"), action=_("Add a policy"),
        why=_("Without a policy whoever reports an incident commands it."),
        lacking=lambda reach: reach.without(RolePolicy.objects.filter(enabled=True)),
        url=lambda _rows: reverse("admin:people_rolepolicy_add"),
    )
)  # fmt: skip
