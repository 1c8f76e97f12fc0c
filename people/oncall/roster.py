"""Who is on call for the services of a project at one moment, in few queries however many are asked about."""

from collections import defaultdict
from datetime import datetime
from functools import cached_property

from core.models.organizations import Project
from people.models import Individual, Service, Shift
from people.oncall.asking import first_steps, next_on_call, one_of


class Roster:
    """The stored shifts of a project at a moment; see `people.oncall.asking` for the same about one service."""

    def __init__(self, project: Project, at: datetime) -> None:
        self.project, self.at = project, at
        self._next: dict[int, Individual | None] = {}

    def on_call(self, service: Service) -> list[Individual]:
        """The active people on call for a service."""
        return self._now.get(service.pk, [])

    def next_on_call(self, service: Service) -> Individual | None:
        """Whoever else is on call first afterwards."""
        if service.pk not in self._next:
            self._next[service.pk] = next_on_call(service, self.at)
        return self._next[service.pk]

    def instead(self, service: Service) -> Individual | None:
        """Whom to ask when nobody is on call: the first person of the escalation list, else the owner."""
        return one_of(service, self._first_steps)

    @cached_property
    def _now(self) -> dict[int, list[Individual]]:
        shifts = Shift.objects.at(self.at).filter(service__project=self.project, individual__is_active=True)
        found: dict[int, dict[int, Individual]] = defaultdict(dict)
        for shift in shifts.select_related("individual").order_by("starts_at", "pk"):
            found[shift.service_id].setdefault(shift.individual_id, shift.individual)
        return {service: list(people.values()) for service, people in found.items()}

    @cached_property
    def _first_steps(self) -> dict[int, Individual]:
        return first_steps(Service.objects.filter(project=self.project))
