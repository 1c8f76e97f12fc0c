"""Tasks: of one subject, and across all that the caller sees."""

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import etags
from core.api.errors import field_error
from core.api.fields import Choice, Flag, Moment, Text, Whole
from core.api.ordering import RECORD, Column
from core.api.references import Person, small
from core.api.serializers import Answer, Body
from core.api.subjects import SubjectChildViewSet
from core.api.views import ApiViewSet, Reads
from core.flows import subjects
from core.models import Job
from core.models.subjects import KINDS
from people.api.references import IndividualReference
from people.api.task_filters import TaskFilters
from people.api.task_jobs import TaskJobSerializer, own_jobs
from people.flows import find_individual, task_bulk, task_rules, tasks
from people.flows.task_taking import take_task
from people.models import Individual, Task

SUBJECT_SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"}, "kind": {"type": "string", "enum": list(KINDS)},
        "name": {"type": "string"},
    },
    "required": ["id", "kind", "name"],
}  # fmt: skip
PROJECT_SCHEMA = {
    "type": "object",
    "properties": {"id": {"type": "string", "format": "uuid"}, "name": {"type": "string"}},
    "required": ["id", "name"],
}


class TaskSerializer(Answer):
    """What is to be done, by whom and until when."""

    id = serializers.UUIDField(source="uuid")
    subject = serializers.SerializerMethodField()
    project = serializers.SerializerMethodField()
    title = Text()
    description = Text()
    status = Choice(Task.Status.choices)
    priority = Choice(Task.Priority.choices)
    source = Choice(Task.Source.choices)  # type: ignore[assignment]
    owner = IndividualReference(read_only=True)
    assignees = serializers.SerializerMethodField()
    due_at = Moment()
    overdue = serializers.SerializerMethodField()
    reminders = Flag(help_text="Whether people are reminded of it.")
    reminder_count = Whole()
    escalated_at = Moment(allow_null=True)
    resolved_at = Moment(allow_null=True)
    resolved_by = Person(allow_null=True)
    created_by = Person(allow_null=True)
    created_at = Moment()
    updated_at = Moment()
    version = Whole()

    @extend_schema_field(SUBJECT_SCHEMA)
    def get_subject(self, task: Task) -> dict[str, Any]:
        subject = task.subject
        return {"id": str(subject.uuid), "kind": subject.kind, "name": subject.name}

    @extend_schema_field(PROJECT_SCHEMA)
    def get_project(self, task: Task) -> dict[str, Any]:
        return small(task.subject.project)

    @extend_schema_field(serializers.ListField(child=IndividualReference(read_only=True)))
    def get_assignees(self, task: Task) -> list[dict[str, Any]]:
        field = IndividualReference(read_only=True)
        return [field.to_representation(row.individual) for row in task.doers]  # type: ignore[attr-defined]

    def get_overdue(self, task: Task) -> bool:
        return task.is_overdue(timezone.now())


class TaskBody(Body):
    """What is to be done. Without a due time it is the end of the project's next working day."""

    title = Text(max_length=task_rules.LONGEST_TITLE)
    description = Text(max_length=task_rules.LONGEST_DESCRIPTION, allow_blank=True, required=False)
    owner = IndividualReference(required=False, help_text="Who answers for it. Default: the caller.")
    assignees = serializers.ListField(
        child=IndividualReference(), required=False, max_length=task_rules.MOST_ASSIGNEES,
        help_text="All who are to do it.",
    )  # fmt: skip
    due_at = Moment(required=False)
    priority = Choice(Task.Priority.choices, required=False)
    source = Choice(Task.Source.choices, required=False)  # type: ignore[assignment]
    reminders = Flag(required=False)


class TasksBody(Body):
    """Which tasks, by their ids."""

    tasks = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=task_bulk.MOST)


class TaskActions(Reads, ApiViewSet):
    """What is done with a task, wherever it is found."""

    queryset = Task.objects.none()
    serializer_class = TaskSerializer
    filterset_class = TaskFilters
    bodies: ClassVar[dict[str, Any]] = {"create": TaskBody, "partial_update": TaskBody}
    orderings: ClassVar[dict[str, Column]] = {
        "due_at": Column(path="due_at"), "created_at": RECORD["created_at"], "updated_at": RECORD["updated_at"],
    }  # fmt: skip
    default_ordering = "-created_at"

    def partial_update(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Change what was sent. A new due time begins the reminders anew."""
        # With the people who are made of addresses seen for the first time.
        with transaction.atomic():
            task = self.get_object()
            version = etags.expected_version(request, task)
            changes = self.with_people(task.subject, self.body(task))
            tasks.edit_task(task=task, version=version, actor=self.actor, now=self.now, **changes)
        return self.show(task.uuid)

    @action(detail=True, methods=["post"])
    def take(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Do it oneself, as one who takes part. Taking twice is taking once."""
        return self._done(take_task)

    @action(detail=True, methods=["post"])
    def resolve(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """It is done. Finishing twice is finishing once."""
        return self._done(tasks.resolve_task)

    @action(detail=True, methods=["post"])
    def reopen(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """It is not done after all."""
        return self._done(tasks.reopen_task)

    def _done(self, verb: Any) -> Response:
        return self.once(lambda: verb(task=self.get_object(), actor=self.actor, now=self.now))

    def with_people(self, subject: Any, body: dict[str, Any]) -> dict[str, Any]:
        """The body with people in place of addresses."""

        def person(who: Individual | str) -> Individual:
            if isinstance(who, Individual):
                return who
            return find_individual(organization=subject.project.organization, email=who, now=self.now)

        found = dict(body)
        if "owner" in found:
            found["owner"] = person(found["owner"])
        if "assignees" in found:
            found["assignees"] = [person(who) for who in found["assignees"]]
        return found


class SubjectTaskViewSet(TaskActions, SubjectChildViewSet):
    """The subject's tasks, the first due first."""

    default_ordering = "due_at"

    def rows(self) -> QuerySet[Any]:
        return Task.objects.of(self.subject).for_list()

    def shown(self) -> QuerySet[Any]:
        """What the caller still sees: handing a task on may end that."""
        seen: QuerySet[Any] = self.rows().visible_to(self.request.user)  # type: ignore[attr-defined]
        return seen

    def create(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Write a task down; its owner and assignees join the subject and are told."""
        return self.once(self._create)

    def _create(self) -> Task:
        body = self.with_people(self.subject, self.body())
        return tasks.create_task(subject=self.subject, actor=self.actor, now=self.now, **body)


class TaskViewSet(TaskActions):
    """Tasks of all subjects that the caller sees, the newest first."""

    area = "tasks"
    search_kind = "task"
    may_vanish = True
    bodies: ClassVar[dict[str, Any]] = {"partial_update": TaskBody, "resolve_many": TasksBody}
    answers: ClassVar[dict[str, Any]] = {"resolve_many": TaskJobSerializer}

    def get_queryset(self) -> QuerySet[Any]:
        return Task.objects.visible_to(self.request.user).for_list()

    def get_object(self) -> Task:
        task: Task = super().get_object()
        subjects.note_read(subject=task.subject, actor=self.actor, now=self.now)
        return task

    def shown(self) -> QuerySet[Any]:
        return own_jobs(self.request.user) if self.action == "resolve_many" else self.get_queryset()

    @action(detail=False, methods=["post"], url_path="resolve")
    def resolve_many(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Finish several: up to fifty at once, more by a job whose progress `/task-jobs/{id}/` tells."""
        return self.once(self._resolve_many)

    def _resolve_many(self) -> Job:
        wanted = set(self.body()["tasks"])
        found = list(self.get_queryset().filter(uuid__in=wanted))
        if len(found) < len(wanted):
            missing = wanted - {task.uuid for task in found}
            message = _("There is no task “%(id)s” that you may see.") % {"id": sorted(map(str, missing))[0]}
            raise field_error("tasks", message, "unknown")
        return task_bulk.resolve_tasks(tasks=found, key=task_bulk.new_key(), actor=self.actor, now=self.now)
