"""People's thin tasks."""

from celery import shared_task
from django.utils import timezone

from people.flows import oncall, pages, task_reminders


@shared_task(acks_late=True)
def advance_pages(**_later: object) -> None:
    """Advance pages that are past their deadline."""
    pages.advance_all(now=timezone.now())


@shared_task(acks_late=True, name="people.tasks.remind_tasks")
def remind_tasks(**_later: object) -> None:
    """Remind people of tasks that are due, in the projects whose working day has begun."""
    task_reminders.remind_tasks(now=timezone.now())


@shared_task(acks_late=True, name="people.tasks.refresh_rotations")
def refresh_rotations(**_later: object) -> None:
    """Work out who is on call by the built-in rotations."""
    oncall.refresh_all(now=timezone.now())


@shared_task(acks_late=True, name="people.tasks.ask_rotations")
def ask_rotations(**_later: object) -> None:
    """Have plugins asked for the rotations that they keep."""
    oncall.ask_all(now=timezone.now())


@shared_task(acks_late=True, name="people.tasks.ask_how_shifts_were")
def ask_how_shifts_were(**_later: object) -> None:
    """Ask whoever had a shift that is over how it was, where the service asks."""
    oncall.ask_how_shifts_were(now=timezone.now())
