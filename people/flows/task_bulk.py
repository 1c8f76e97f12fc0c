"""Finishing many tasks at once: a few in one go, many as a job, each with a result of its own."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from core.actor import Actor
from core.errors import FlowError, Invalid
from core.models import Job, JobRow, User
from core.operations import jobs
from core.operations.jobs import JobRun
from people.flows.tasks import resolve_task
from people.models import Task

KIND: Final = "tasks.resolve"
# So many are done while the caller waits.
AT_ONCE: Final = 50
MOST: Final = 10_000


def new_key() -> str:
    """The key of a wish that comes once."""
    return uuid.uuid4().hex


@transaction.atomic
def resolve_tasks(*, tasks: Sequence[Task], key: str, actor: Actor, now: datetime) -> Job:
    """Finish the tasks; those that are done already stay as they are, those that may not be are named in the result.

    Up to fifty are done at once, more by a worker. The same key is the same job.

    :raises Invalid: for none, or too many.
    """
    if not tasks:
        raise Invalid(_("Choose at least one task."), field="tasks")
    if len(tasks) > MOST:
        raise Invalid(_("At most %(number)s tasks at once.") % {"number": MOST}, field="tasks")
    name = f"{KIND}:{key}"
    there = Job.objects.filter(key=name).first()
    if there:
        return there
    if len(tasks) > AT_ONCE:
        arguments = {"tasks": sorted(task.pk for task in tasks), "face": actor.face, "request_id": actor.request_id}
        return jobs.start(KIND, key=name, arguments=arguments, user=actor.user, total=len(tasks))
    job, is_first = Job.objects.get_or_create(
        key=name,
        defaults={
            "kind": KIND, "user": actor.user, "status": Job.Status.SUCCEEDED, "total": len(tasks), "done": len(tasks),
            "started_at": now, "finished_at": now,
        },
    )  # fmt: skip
    if is_first:
        _finish_each(job, tasks, actor, now)
    return job


def resolve_by_job(run: JobRun, now: datetime) -> dict[str, Any]:
    """Finish the tasks of a job, as whoever asked for it."""
    asked = run.arguments
    user = User.objects.filter(pk=run.row.user_id).first()
    actor = Actor(user=user, face=asked["face"], request_id=asked["request_id"], trusted=False)

    def finish(key: int) -> str:
        task = Task.objects.select_related("incident__project", "case__project", "owner").get(pk=key)
        return _finish(task, actor, now)

    run.each(asked["tasks"], key=str, do=finish)
    return {"refused": run.row.rows.filter(status=JobRow.Status.REFUSED).count()}


def _finish_each(job: Job, tasks: Sequence[Task], actor: Actor, now: datetime) -> None:
    """The results stand in the order of the list."""
    # All lock in one order, subject by subject, so that two who began with other lists do not wait for each other.
    in_order = sorted(tasks, key=lambda task: (task.case_id or 0, task.incident_id or 0, task.pk))
    rows = {task.pk: _row(job, task, actor, now) for task in in_order}
    JobRow.objects.bulk_create(rows[task.pk] for task in tasks)


def _row(job: Job, task: Task, actor: Actor, now: datetime) -> JobRow:
    try:
        with transaction.atomic():
            message = _finish(task, actor, now)
    except FlowError as refusal:
        return JobRow(job=job, key=str(task.pk), status=JobRow.Status.REFUSED, message=refusal.message)
    return JobRow(job=job, key=str(task.pk), status=JobRow.Status.DONE, message=message)


def _finish(task: Task, actor: Actor, now: datetime) -> str:
    was_open = task.is_open
    resolve_task(task=task, actor=actor, now=now)
    return _("finished") if was_open else _("was done already")
