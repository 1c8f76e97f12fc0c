"""Reporting's thin tasks."""

from celery import shared_task
from django.utils import timezone

from reporting.flows import costs


@shared_task(acks_late=True, name="reporting.tasks.work_out_costs")
def work_out_costs(**_later: object) -> None:
    """Work out the costs that are due."""
    costs.work_out_due(now=timezone.now())


@shared_task(acks_late=True, name="reporting.tasks.check_costs")
def check_costs(**_later: object) -> None:
    """Check the costs that are not final."""
    costs.check(now=timezone.now())
