"""The facts that a subject's cost follows from, read in a fixed number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db.models import Sum

from core.models.organizations import Project
from core.models.subjects import StatusChange, Subject
from knowledge.flows.templates import is_made_for
from knowledge.models import Document, DocumentKind
from people.models import Participant, Role
from reporting.costs import Breakdown, Facts, Held, Period, Rules, hourly_rate, work_out
from reporting.models import CostItem

# In which statuses people work on a subject, by its kind (lifecycle R12).
WORKED: Final = {"incident": frozenset({"active"}), "case": frozenset({"new", "triage"})}
# Moving there makes the review, where the type has one.
REVIEWED: Final = frozenset({"stable", "closed"})

_HALF, _MOST, _ALL = Decimal("0.5"), Decimal("0.75"), Decimal(1)
_EVERYBODY: Final[dict[str, Decimal]] = {
    Role.Name.PARTICIPANT: _HALF, Role.Name.REPORTER: _HALF, Role.Name.OBSERVER: Decimal(0),
}  # fmt: skip
MULTIPLIERS: Final[dict[str, dict[str, Decimal]]] = {
    "incident": {**_EVERYBODY, Role.Name.COMMANDER: _ALL, Role.Name.SCRIBE: _MOST, Role.Name.LIAISON: _MOST},
    "case": {**_EVERYBODY, Role.Name.ASSIGNEE: _ALL, Role.Name.SCRIBE: _HALF, Role.Name.LIAISON: _HALF},
}


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The cost of a subject at a moment: its effort line by line, and the written items in the project's currency."""

    currency: str
    hourly_rate: Decimal
    paid_hours_per_day: int
    breakdown: Breakdown
    items: Decimal
    worked_out_at: datetime

    @property
    def total(self) -> Decimal:
        return self.breakdown.effort + self.items


def cost_of(subject: Any, now: datetime) -> Cost:
    """The cost as the facts are now. Five or six queries; nothing is written."""
    facts = facts_of(subject)
    project = subject.project
    return Cost(
        currency=project.currency,
        hourly_rate=facts.rules.hourly_rate,
        paid_hours_per_day=project.paid_hours_per_day,
        breakdown=work_out(facts, now),
        items=items_of(subject, project.currency),
        worked_out_at=now,
    )


def facts_of(subject: Any) -> Facts:
    """What the effort of people in the subject follows from."""
    moves = list(StatusChange.objects.of(subject).order_by("changed_at", "pk"))
    return Facts(
        roles=_roles(subject),
        periods=_periods(subject.kind, moves),
        rules=rules_of(subject.project, subject),
        reviewers=Participant.objects.of(subject).count() if _is_reviewed(subject, moves) else None,
    )


def rules_of(project: Project, subject: Subject) -> Rules:
    """How the project counts a subject of this kind."""
    return Rules(
        hourly_rate=hourly_rate(project.annual_employee_cost, project.business_year_hours),
        paid_hours_per_day=project.paid_hours_per_day,
        multipliers=MULTIPLIERS[subject.kind],
        lead=subject.lead_role,
    )


def items_of(subject: Any, currency: str) -> Decimal:
    """The sum of the written items in a currency. Others, written before the project changed its own, do not add up."""
    found = CostItem.objects.of(subject).filter(currency=currency).aggregate(total=Sum("amount"))
    return Decimal(found["total"] or 0)


def _roles(subject: Any) -> list[Held]:
    names = ("participant__individual_id", "role", "assumed_at", "renounced_at", "activity")
    return [
        Held(person=person, role=role, assumed_at=assumed_at, renounced_at=renounced_at, active=activity > 0)
        for person, role, assumed_at, renounced_at, activity in Role.objects.of(subject).values_list(*names)
    ]


def _periods(kind: str, moves: Iterable[StatusChange]) -> list[Period]:
    """When it was worked on: from each move into such a status to the next move out of them."""
    periods: list[Period] = []
    since: datetime | None = None
    for move in moves:
        working = move.to_status in WORKED[kind]
        if working and since is None:
            since = move.changed_at
        elif not working and since is not None:
            periods.append(Period(started_at=since, ended_at=move.changed_at))
            since = None
    return periods if since is None else [*periods, Period(started_at=since)]


def _is_reviewed(subject: Any, moves: Iterable[StatusChange]) -> bool:
    """Its review document exists, or is being made. What was recorded after the fact never moved and has none."""
    moved = any(move.from_status and move.to_status in REVIEWED for move in moves)
    if moved and is_made_for(subject, DocumentKind.REVIEW):
        return True
    there: bool = Document.objects.filter(**subject.as_owner, kind=DocumentKind.REVIEW).exists()
    return there
