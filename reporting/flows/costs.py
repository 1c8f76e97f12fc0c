"""Keeping what subjects cost: worked out from the beginning each time, stored with its lines, due when a fact changes.

Marking costs one statement in the transaction of the fact; a periodic job works out what is marked. While people work
on a subject it falls due by itself within the hour.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import transaction
from django.utils import timezone

from core.flows.subjects import locked
from core.models.subjects import KINDS
from reporting.cost_facts import Cost, cost_of
from reporting.models import CostLine, CostStatement

logger = structlog.get_logger(__name__)

REFRESHED_EVERY: Final = timedelta(hours=1)
AT_ONCE: Final = 500
_LINE: Final = (
    "position", "kind", "individual_id", "role", "started_at", "ended_at", "seconds", "hours", "multiplier", "amount",
)  # fmt: skip
_FIELDS: Final = ("currency", "hourly_rate", "effort", "items", "total", "final")


@transaction.atomic
def work_out(*, subject: Any, now: datetime) -> CostStatement:
    """Bring the stored statement up to date. The same facts at the same time write nothing, however often it runs.

    A statement never goes back in time: worked out for an earlier moment than before, it is of the later one.
    """
    subject = locked(subject)
    statement, _made = CostStatement.objects.get_or_create(**subject.as_owner)
    known = bool(statement.currency)
    moment = max(now, statement.worked_out_at) if known else now
    cost = cost_of(subject, moment)
    rows, there = _rows(statement, cost), _stored(statement)
    same = _shape(there) == _shape(rows) and known and _differing(statement, cost) == {}
    due_at = None if cost.breakdown.final or subject.deleted_at else moment + REFRESHED_EVERY
    if same and statement.due_at == due_at:
        return statement
    values = {"due_at": due_at, **({} if same else {**_wanted(cost), "worked_out_at": moment})}
    # A mark set meanwhile stays: then the facts are newer than those read here.
    mine = CostStatement.objects.filter(pk=statement.pk, due_at=statement.due_at).update(**values)
    if mine and not same:
        CostLine.objects.filter(statement=statement).delete()
        CostLine.objects.bulk_create(rows)
    for marked in _marks(subject.kind, subject.pk):
        marked.spent = True
    statement.refresh_from_db()
    return statement


@dataclass
class _Marked:
    """Stands among what is to run after the commit, so that a transaction marks a subject once; a savepoint that is
    rolled back takes its mark and this away together.

    :ivar spent: worked out since, in the same transaction; what comes later is marked anew.
    """

    kind: str
    subject_id: int
    spent: bool = False

    def __call__(self) -> None:
        """Nothing is left to do."""


def mark(*, kind: str, subject_id: int) -> None:
    """A fact of the subject changed: its statement is due. One statement a transaction, however many facts."""
    if _marks(kind, subject_id):
        return
    CostStatement.objects.filter(**{f"{kind}_id": subject_id}).update(due_at=timezone.now())
    transaction.on_commit(_Marked(kind, subject_id))


def begin(*, kind: str, subject_id: int) -> None:
    """A new subject has a statement that is due."""
    CostStatement.objects.create(**{f"{kind}_id": subject_id})
    transaction.on_commit(_Marked(kind, subject_id))


def mark_each(*, kind: str, subject_ids: Collection[int], now: datetime) -> int:
    """A fact of many subjects changed: their statements are due. Returns how many."""
    return CostStatement.objects.filter(**{f"{kind}__in": subject_ids}).update(due_at=now)


def mark_project(*, project_id: int, now: datetime) -> int:
    """The project counts otherwise from now on: all its statements are due. Returns how many."""
    return sum(CostStatement.objects.filter(**{f"{kind}__project_id": project_id}).update(due_at=now) for kind in KINDS)


def work_out_due(*, now: datetime, limit: int = AT_ONCE) -> int:
    """Work out what is due, each in a transaction of its own. Returns how many were."""
    due = CostStatement.objects.filter(due_at__lte=now).order_by("due_at", "pk")
    rows = list(due.select_related(*KINDS)[:limit])
    for row in rows:
        try:
            work_out(subject=row.subject, now=now)
        except Exception:
            logger.exception("A cost could not be worked out", statement_id=str(row.uuid))
            CostStatement.objects.filter(pk=row.pk, due_at=row.due_at).update(due_at=now + REFRESHED_EVERY)
    return len(rows)


def check(*, now: datetime) -> list[str]:
    """Once a night: work out all that is not final, and what has no statement. A stored sum that did not follow from
    its facts is repaired and told in the log. Returns the names of the subjects where it was so.
    """
    wrong = []
    for statement in _unfinished():
        subject = statement.subject
        with transaction.atomic():
            subject = locked(subject)
            statement.refresh_from_db()
            differing = _wrong(statement, subject)
            if differing:
                logger.warning("A stored cost did not follow from its facts", subject=subject.name, **differing)
                wrong.append(subject.name)
            work_out(subject=subject, now=now)
    for subject in _without_statement():
        work_out(subject=subject, now=now)
    return wrong


def _unfinished() -> Iterator[CostStatement]:
    rows = CostStatement.objects.filter(final=False).select_related(*KINDS).order_by("pk")
    yield from rows.iterator(chunk_size=200)


def _without_statement() -> Iterator[Any]:
    for kind in KINDS:
        model: Any = CostStatement._meta.get_field(kind).related_model
        yield from model.objects.kept().filter(coststatements=None).order_by("pk").iterator(chunk_size=200)


def _wrong(statement: CostStatement, subject: Any) -> dict[str, Any]:
    """What differs from the facts as they are, at the statement's own moment. One that is due may differ."""
    if not statement.currency or statement.due_at != statement.worked_out_at + REFRESHED_EVERY:
        return {}
    return _differing(statement, cost_of(subject, statement.worked_out_at))


def _differing(statement: CostStatement, cost: Cost) -> dict[str, Any]:
    pairs = {name: (getattr(statement, name), value) for name, value in _wanted(cost).items()}
    return {name: f"{was} → {value}" for name, (was, value) in pairs.items() if was != value}


def _wanted(cost: Cost) -> dict[str, Any]:
    values = {
        "currency": cost.currency,
        "hourly_rate": cost.hourly_rate,
        "effort": cost.breakdown.effort,
        "items": cost.items,
        "total": cost.total,
        "final": cost.breakdown.final,
    }
    return {name: values[name] for name in _FIELDS}


def _rows(statement: CostStatement, cost: Cost) -> list[CostLine]:
    return [
        CostLine(
            statement=statement, position=position, kind=line.kind, individual_id=line.person, role=line.role,
            started_at=line.started_at, ended_at=line.ended_at, seconds=line.seconds, hours=line.hours,
            multiplier=line.multiplier, amount=line.amount,
        )
        for position, line in enumerate(cost.breakdown.lines, 1)
    ]  # fmt: skip


def _stored(statement: CostStatement) -> list[CostLine]:
    return list(CostLine.objects.filter(statement=statement).order_by("position"))


def _shape(rows: list[CostLine]) -> list[tuple[Any, ...]]:
    return [tuple(getattr(row, name) for name in _LINE) for row in rows]


def _marks(kind: str, subject_id: int) -> list[_Marked]:
    """The marks that the running transaction has set and nothing has used up."""
    live = _Marked(kind, subject_id)
    waiting = transaction.get_connection().run_on_commit
    return [function for _savepoints, function, *_rest in waiting if isinstance(function, _Marked) and function == live]
