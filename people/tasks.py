"""People's thin tasks."""

from celery import shared_task
from django.utils import timezone

from people.flows import pages, task_reminders


@shared_task(acks_late=True)
def advance_pages(**_later: object) -> None:
    """Advance pages that are past their deadline."""
    pages.advance_all(now=timezone.now())


@shared_task(acks_late=True, name="people.tasks.remind_tasks")
def remind_tasks(**_later: object) -> None:
    """Remind people of tasks that are due, in the projects whose working day has begun."""
    task_reminders.remind_tasks(now=timezone.now())
