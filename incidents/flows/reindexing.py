"""Incidents are found by the names of their type and tags: after a new name the worker indexes them anew."""

from typing import Final

from core import search
from core.operations import jobs
from core.operations.jobs import JobRun
from core.operations.models import Job
from incidents.models import Incident, Type
from knowledge.models import Tag

KIND: Final = "incidents.reindex"
# How incidents refer to such a row.
RELATIONS: Final = {Type: "type", Tag: "tags"}


def plan(row: Type | Tag) -> Job:
    """Let the worker index the incidents of a row, as it is named now. Once for each of its versions."""
    relation = RELATIONS[type(row)]
    arguments = {"relation": relation, "row": row.pk}
    return jobs.start(KIND, key=f"{KIND}:{relation}:{row.pk}:{row.version}", arguments=arguments, project=row.project)


def carry_out(run: JobRun) -> int:
    """Index them batch by batch, without arguments all; after a kill from the beginning, which changes nothing.

    Returns how many.
    """
    asked = run.arguments
    rows = Incident._base_manager.filter(**({asked["relation"]: asked["row"]} if asked else {}))
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    for _batch in search.rewrite("incident", keys):
        run.renew()
    return len(keys)
