"""People's thin tasks."""

from celery import shared_task
from django.utils import timezone

from people.flows import oncall, pages


@shared_task(acks_late=True, name="people.tasks.refresh_rotations")
def refresh_rotations(**_later: object) -> None:
    """Work out who is on call by the built-in rotations."""
    oncall.refresh_all(now=timezone.now())


@shared_task(acks_late=True, name="people.tasks.ask_rotations")
def ask_rotations(**_later: object) -> None:
    """Have plugins asked for the rotations that they keep."""
    oncall.ask_all(now=timezone.now())


@shared_task(acks_late=True)
def advance_pages(**_later: object) -> None:
    """Advance pages that are past their deadline."""
    pages.advance_all(now=timezone.now())
