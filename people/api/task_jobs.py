"""How far the finishing of many tasks is."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.fields import Choice, Moment, Text, Whole
from core.api.ordering import RECORD, Column
from core.api.serializers import Answer
from core.api.views import ApiViewSet, Reads
from core.models import Job, JobRow
from people.flows import task_bulk
from people.models import Task

MOST_REFUSALS = 100
REFUSED_SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"task": {"type": "string", "format": "uuid"}, "reason": {"type": "string"}},
        "required": ["task", "reason"],
    },
}


def own_jobs(user: Any) -> QuerySet[Job]:
    """The caller's own: what somebody else finishes is on the timelines."""
    return Job.objects.filter(kind=task_bulk.KIND, user_id=user.pk)


class TaskJobSerializer(Answer):
    """Many tasks being finished; `refused` names up to a hundred that were not, and why."""

    id = serializers.UUIDField(source="uuid")
    status = Choice(Job.Status.choices)
    total = Whole()
    done = Whole()
    refused = serializers.SerializerMethodField()
    error = Text()
    created_at = Moment()
    finished_at = Moment(allow_null=True)

    @extend_schema_field(REFUSED_SCHEMA)
    def get_refused(self, job: Job) -> list[dict[str, str]]:
        rows = list(job.rows.filter(status=JobRow.Status.REFUSED).order_by("pk")[:MOST_REFUSALS])
        user = self.context["request"].user
        seen = Task.objects.visible_to(user).in_bulk([int(row.key) for row in rows])
        return [{"task": str(seen[int(row.key)].uuid), "reason": row.message} for row in rows if int(row.key) in seen]


class TaskJobViewSet(Reads, ApiViewSet):
    """The caller's bulk changes of tasks."""

    queryset = Job.objects.none()
    area = "tasks"
    serializer_class = TaskJobSerializer
    list_fields = ("id", "status", "total", "done", "created_at", "finished_at")
    orderings: ClassVar[dict[str, Column]] = {"created_at": RECORD["created_at"]}
    default_ordering = "-created_at"

    def get_queryset(self) -> QuerySet[Any]:
        return own_jobs(self.request.user)
