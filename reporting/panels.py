"""The tab of a subject that shows what it costs, and why."""

from dataclasses import dataclass
from typing import Any

from django.contrib.admin import site
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.console import panels
from people.models import Individual, Role
from reporting.cost_facts import Cost, cost_of
from reporting.costs import REVIEW, Line
from reporting.explaining import explain
from reporting.models import CostItem


@dataclass(frozen=True, kw_only=True)
class Told:
    """A line with its person and its explanation."""

    line: Line
    person: Individual | None
    role: str
    said: str


def cost(request: HttpRequest, subject: Any) -> dict[str, Any]:
    """What it costs now, worked out for this look and not stored: the effort line by line, and the written items."""
    now = timezone.now()
    found = cost_of(subject, now)
    items = CostItem.objects.of(subject).select_related("type", "author", subject.kind, f"{subject.kind}__project")
    page = panels.page_of(request, items.order_by("-incurred_on", "-pk"))
    item_admin: Any = site.get_model_admin(CostItem)
    subject_admin: Any = site.get_model_admin(type(subject))
    return {
        "cost": found,
        "lines": told(found),
        "page": page,
        "items": [(item, item_admin.buttons(request, ["edit", "remove"], item)) for item in page.object_list],
        "tools": subject_admin.buttons(request, ["add-cost"], subject),
        "project": subject.project,
    }


def told(found: Cost) -> list[Told]:
    """The lines with their people and explanations; people in one query."""
    lines = found.breakdown.lines
    people = Individual.objects.in_bulk({line.person for line in lines if line.person})
    return [
        Told(
            line=line,
            person=people.get(line.person) if line.person else None,
            role=_("Review") if line.kind == REVIEW else str(Role.Name(line.role).label),
            said=explain(line, hourly_rate=found.hourly_rate, paid_hours_per_day=found.paid_hours_per_day),
        )
        for line in lines
    ]


panels.register(
    panels.Panel(key="cost", title=gettext_lazy("Cost"), template="reporting/panels/cost.html", context=cost, order=40)
)
