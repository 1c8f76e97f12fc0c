"""Incidents' thin tasks."""

from celery import shared_task
from django.utils import timezone

from incidents import flows


@shared_task(acks_late=True)
def remind_to_close(**_later: object) -> None:
    """Ask commanders whether long stable incidents can be closed."""
    flows.remind_to_close(now=timezone.now())
