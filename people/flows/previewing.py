"""What declaring would do, without doing it: who would get each role, who would be engaged, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core import filters
from core.models.organizations import Project
from people.flows import engagement, policies
from people.flows.engagement import Engaged
from people.flows.policies import Chosen, Fitting
from people.models import Individual, Role


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The roles, the policies that were weighed for each (the one that counts first), and who else is engaged."""

    chosen: list[Chosen]
    fits: dict[str, list[Fitting]]
    engaged: list[Engaged]


def new_subject(project: Project, kind: str, **facts: Any) -> Any:
    """A subject as it would be born, not stored."""
    model = filters.kind_of(kind).model
    status = model._meta.get_field("status").get_default()
    return model(project=project, status=status, **facts)


def preview(
    subject: Any, *, tags: Iterable[Any], reporter: Individual | None, lead: Individual | None = None, now: datetime
) -> Preview:
    """What declaring the subject would come to. `subject` need not be stored (`new_subject`)."""
    kind, project = subject.kind, subject.project
    known = policies.facts_at_birth(kind, subject, tags)
    named: dict[str, Individual | None] = {Role.Name.REPORTER: reporter, policies.LEADS[kind]: lead}
    chosen = policies.resolve(project, kind, known, now, named=named)
    leads = [one.individual for one in chosen if one.role == policies.LEADS[kind]]
    people = {one.individual.pk: one.individual for one in chosen}
    staffed = filters.facts(
        kind, subject, tags=tags, participant=people.values(), **{policies.LEAD_FIELDS[kind]: leads}
    )
    others = [
        one
        for one in engagement.engaged(project, kind, staffed, now)
        if one.team or (one.individual and one.individual.pk not in people)
    ]
    return Preview(chosen=chosen, fits=policies.fitting(project, kind, known, now), engaged=others)
