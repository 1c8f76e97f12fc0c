"""The long work of people: kinds of jobs and what carries them out."""

from typing import Any

from django.utils import timezone

from core.operations.jobs import JobRun, job
from people.flows import task_bulk


@job(task_bulk.KIND)
def resolve_tasks(run: JobRun) -> dict[str, Any]:
    """Finish many tasks."""
    return task_bulk.resolve_by_job(run, timezone.now())
