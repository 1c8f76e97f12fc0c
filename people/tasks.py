"""People's thin tasks."""

from celery import shared_task
from django.utils import timezone

from people.flows import pages


@shared_task(acks_late=True)
def advance_pages(**_later: object) -> None:
    """Advance pages that are past their deadline."""
    pages.advance_all(now=timezone.now())
