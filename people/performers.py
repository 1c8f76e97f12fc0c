"""The long work that people have done: importing a file."""

from typing import Any

from core.operations import jobs
from people.flows import importing


@jobs.job(importing.KIND)
def import_people(run: jobs.JobRun) -> dict[str, Any]:
    """Import the people of a file."""
    return importing.carry_out(run)
