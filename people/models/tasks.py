"""What is to be done for a subject, by whom and until when."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models.base import Identified, Record
from core.models.subjects import KINDS, OwnedQuerySet, SubjectOwned
from people.models.directory import Individual


class IsOpen(models.Func):
    """Whether a status is open, spelled out: SQLite finds a partial index by constants only, not by parameters."""

    template = "%(expressions)s = 'open'"
    arity = 1
    output_field = models.BooleanField()


class TaskQuerySet(OwnedQuerySet):
    """The named selections."""

    def open(self) -> Self:
        """Those that are still to be done."""
        return self.filter(IsOpen("status"))

    def kept(self) -> Self:
        """Without those of deleted subjects."""
        there = Q()
        for kind in KINDS:
            there |= Q(**{f"{kind}__isnull": False, f"{kind}__deleted_at": None})
        return self.filter(there)

    def in_project(self, project: Any) -> Self:
        """Those of the project's subjects."""
        here = Q()
        for kind in KINDS:
            here |= Q(**{f"{kind}__project": project})
        return self.filter(here)

    def held_by(self, **individual: Any) -> Self:
        """Those that somebody owns or is to do: `held_by(individual=…)` or `held_by(individual__user=…)`."""
        owned = {name.replace("individual", "owner", 1): value for name, value in individual.items()}
        # Somebody's few tasks are looked up; asked the other way round, every open task is looked at.
        theirs = Task.objects.filter(**owned).values("pk")
        assigned = TaskAssignee.objects.filter(**individual).values("task")
        return self.filter(pk__in=theirs.union(assigned, all=True))

    def for_list(self) -> Self:
        """With what each row of a list shows, in a fixed number of queries."""
        ends = [name for kind in KINDS for name in (kind, f"{kind}__project")]
        return self.select_related("owner", "created_by", "resolved_by", *ends).prefetch_related(
            models.Prefetch(
                "assignees",
                TaskAssignee.objects.select_related("individual").order_by("assigned_at", "pk"),
                to_attr="doers",
            )
        )


class Task(Record, SubjectOwned):
    """A task of a subject. Whoever owns it answers for it; the assignees do it.

    :ivar due_at: when it should be done; reminders and escalation begin the next working day of the project.
    :ivar reminded_on: the project's day on which the assignees were last reminded; `reminder_count` counts them.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        RESOLVED = "resolved", _("Resolved")

    class Priority(models.TextChoices):
        LOW = "low", _("Low")
        MEDIUM = "medium", _("Medium")
        HIGH = "high", _("High")

    class Source(models.TextChoices):
        INCIDENT = "incident", _("During the response")
        REVIEW = "review", _("From the review")
        FOLLOW_UP = "follow_up", _("Follow-up after closing")

    title = models.CharField(_("task"), max_length=300)
    description = models.TextField(_("details"), blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.OPEN)
    priority = models.CharField(_("priority"), max_length=8, choices=Priority.choices, default=Priority.MEDIUM)
    source = models.CharField(_("source"), max_length=12, choices=Source.choices, default=Source.INCIDENT)
    owner = models.ForeignKey(Individual, on_delete=models.PROTECT, related_name="owned_tasks", verbose_name=_("owner"))
    created_by = models.ForeignKey("core.User", null=True, on_delete=models.PROTECT, related_name="+")
    due_at = models.DateTimeField(_("due"))
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    resolved_by = models.ForeignKey("core.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reminders = models.BooleanField(_("remind"), default=True)
    reminded_on = models.DateField(null=True, blank=True)
    reminder_count = models.PositiveSmallIntegerField(default=0)
    escalated_at = models.DateTimeField(null=True, blank=True)

    objects = TaskQuerySet.as_manager()  # type: ignore[misc]

    class Meta(SubjectOwned.Meta):
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        constraints = [
            *SubjectOwned.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status="open", resolved_at=None) | Q(status="resolved", resolved_at__isnull=False),
                name="task_resolved_at_when_resolved",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(status="open"), name="task_open_by_due"),
            models.Index(fields=["-created_at", "-id"], name="task_by_creation"),
            models.Index(fields=["incident", "status", "due_at"], name="task_by_incident"),
            models.Index(fields=["case", "status", "due_at"], name="task_by_case"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    def is_overdue(self, now: datetime) -> bool:
        """Whether it should be done by now and is not."""
        return self.is_open and self.due_at <= now


class TaskAssignee(Identified):
    """Somebody who is to do a task."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="assignees")
    individual = models.ForeignKey(
        Individual, on_delete=models.PROTECT, related_name="task_assignments", db_index=False
    )
    assigned_at = models.DateTimeField(default=timezone.now)
    assigned_by = models.ForeignKey("core.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("assignee")
        verbose_name_plural = _("assignees")
        constraints = [models.UniqueConstraint(fields=["task", "individual"], name="task_assignee_once")]
        # What somebody is to do is read from the index alone.
        indexes = [models.Index(fields=["individual", "task"], name="task_assignee_by_person")]

    def __str__(self) -> str:
        return str(self.individual)
