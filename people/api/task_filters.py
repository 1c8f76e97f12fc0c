"""What lists of tasks can be narrowed by."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from core.api.filters import FlagFilter, MomentFilter, RecordFilters, ReferenceFilter, WordsFilter
from core.models import Project
from people.models import Individual, Task, TaskAssignee


class AssigneeFilter(ReferenceFilter):
    """Tasks that any of the people are to do."""

    def pointing_at(self, rows: QuerySet[Any], keys: list[int]) -> QuerySet[Any]:
        return rows.filter(pk__in=TaskAssignee.objects.filter(individual__in=keys).values("task"))


class ProjectFilter(ReferenceFilter):
    """Tasks of subjects of any of the projects."""

    def pointing_at(self, rows: QuerySet[Any], keys: list[int]) -> QuerySet[Any]:
        return rows.filter(Q(incident__project__in=keys) | Q(case__project__in=keys))


class OverdueFilter(FlagFilter):
    """Open ones whose time has passed, or all others."""

    def narrow(self, rows: QuerySet[Any], value: bool) -> QuerySet[Any]:
        if value:
            return rows.open().filter(due_at__lte=timezone.now())  # type: ignore[attr-defined]
        return rows.exclude(status=Task.Status.OPEN, due_at__lte=timezone.now())


class StatusFilter(WordsFilter):
    """Tasks by state."""

    def narrow(self, rows: QuerySet[Any], value: list[str]) -> QuerySet[Any]:
        # Spelled so that the index of open ones is met.
        only_open = set(value) == {Task.Status.OPEN}
        return rows.open() if only_open else super().narrow(rows, value)  # type: ignore[attr-defined]


class MineFilter(FlagFilter):
    """Those the caller owns or is to do, or the others."""

    def narrow(self, rows: QuerySet[Any], value: bool) -> QuerySet[Any]:
        mine = Task.objects.held_by(individual__user=self.parent.request.user).values("pk")
        return rows.filter(pk__in=mine) if value else rows.exclude(pk__in=mine)


class TaskFilters(RecordFilters):
    """Tasks by state, people and due time."""

    status = StatusFilter(Task.Status.values, "status")
    priority = WordsFilter(Task.Priority.values)
    source = WordsFilter(Task.Source.values)
    project = ProjectFilter(Project)
    owner = ReferenceFilter(Individual, natural="email")
    assignee = AssigneeFilter(Individual, natural="email")
    overdue = OverdueFilter()
    mine = MineFilter()
    due_at_after = MomentFilter("due_at", "gte")
    due_at_before = MomentFilter("due_at", "lt")
