"""What people carry out by themselves: looking at a page again when its time has come, and long work."""

from typing import Any

from django.utils import timezone

from core.operations.jobs import JobRun, job
from core.operations.models import Operation
from core.operations.performers import Outcome, performer
from people.flows import importing, pages, task_bulk


@performer("page.advance", capability="page", delivery=Operation.Delivery.ENSURE)
def advance_page(operation: Operation) -> Outcome:
    """Call the next person, or on the next way, if it is time; the page itself says."""
    page_id = int(operation.arguments["page"])
    return Outcome(store=lambda _done: pages.advance(page_id=page_id, now=timezone.now()))


@job(task_bulk.KIND)
def resolve_tasks(run: JobRun) -> dict[str, Any]:
    """Finish many tasks."""
    return task_bulk.resolve_by_job(run, timezone.now())


@job(importing.KIND)
def import_people(run: JobRun) -> dict[str, Any]:
    """Import the people of a file."""
    return importing.carry_out(run)
