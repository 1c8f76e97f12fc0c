"""What incidents need set up: types that say something, and one drill."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.console.setting_up import Reach, Step, register
from incidents.models import Incident, Type


def _seeded_only(reach: Reach) -> Iterable[Any]:
    rows = Type.objects.filter(enabled=True, project__in=[one.pk for one in reach.projects])
    counts = dict(rows.values_list("project").annotate(number=Count("pk")))
    return [one for one in reach.projects if counts.get(one.pk, 0) < 2]


register(
    Step(
        key="types", order=50, title=_("Types of incidents"), action=_("Add a type"),
        why=_("Whoever reports chooses one; its description tells them which. Policies and rules go by it too."),
        lacking=_seeded_only, url=lambda _rows: reverse("admin:incidents_type_add"),
    )
)  # fmt: skip
register(
    Step(
        key="drill", order=90, right=Right.ADMINISTER, title=_("A first report, as a drill"), action=_("Report one"),
        why=_("It shows who is told and what is made outside, before it matters. Delete it afterwards."),
        # A deleted drill was one, too.
        lacking=lambda reach: reach.without(Incident.objects.all()),
        url=lambda _rows: reverse("admin:incidents_incident_add"),
    )
)  # fmt: skip
