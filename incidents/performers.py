"""What incidents carry out by themselves: long work."""

from typing import Any

from django.utils import timezone

from core.operations.jobs import JobRun, job
from incidents.flows import bulk, reindexing


@job(bulk.KIND)
def change_many(run: JobRun) -> dict[str, Any]:
    """Do one thing with many incidents."""
    return bulk.carry_out(run, timezone.now)


@job(reindexing.KIND)
def follow_a_name(run: JobRun) -> dict[str, Any]:
    """Index the incidents of a renamed type or tag anew, after an upgrade all of them."""
    return {"indexed": reindexing.carry_out(run)}
