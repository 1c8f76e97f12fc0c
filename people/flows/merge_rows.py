"""What of one person goes over to another: every row that points at a person, known by the models themselves.

A foreign key goes over by itself. Where two rows of both would break a rule (the same team twice), `RULES` says what
happens; a test holds that every key with such a rule stands there.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Model, Q

from core.history import HistoryRow
from people.flows.ledger import Ledger
from people.models import Individual, Participant, Role, Swap

Rule = Callable[["Pair", type[Model], str], None]


class Pair:
    """The two rows, the moment, and the ledger."""

    def __init__(self, *, kept: Individual, gone: Individual, now: datetime) -> None:
        self.kept, self.gone, self.now, self.ledger = kept, gone, now, Ledger()


def relations() -> Iterator[tuple[type[Model], str]]:
    """Every column that points at a person, whatever its app. Change histories say what was true, and stay."""
    for relation in Individual._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and not issubclass(relation.related_model, HistoryRow):  # type: ignore[arg-type]
            yield relation.related_model, relation.field.name  # type: ignore[union-attr,misc]


def move_all(pair: Pair) -> None:
    """Move everything from the one who goes to the one who is kept."""
    for model, field in relations():
        RULES.get(_name(model, field), plainly)(pair, model, field)


def plainly(pair: Pair, model: type[Model], field: str) -> None:
    """It goes over."""
    pair.ledger.point(model._base_manager.all(), field, old=pair.gone, new=pair.kept)


def once(beside: str) -> Rule:
    """It goes over, and is taken away where the kept one has the same already."""

    def move(pair: Pair, model: type[Model], field: str) -> None:
        there = model._base_manager.filter(**{field: pair.kept}).values(beside)
        pair.ledger.remove(model._base_manager.filter(**{field: pair.gone, f"{beside}__in": there}).order_by("pk"))
        plainly(pair, model, field)

    return move


def unless_there(beside: str) -> Rule:
    """It goes over, and stays as it is where the kept one has the same already."""

    def move(pair: Pair, model: type[Model], field: str) -> None:
        there = model._base_manager.filter(**{field: pair.kept}).values(beside)
        free = model._base_manager.exclude(**{f"{beside}__in": list(there.values_list(beside, flat=True))})
        pair.ledger.point(free, field, old=pair.gone, new=pair.kept)

    return move


def stays(_pair: Pair, _model: type[Model], _field: str) -> None:
    """It says what was done with just this row."""


def swaps(pair: Pair, model: type[Model], field: str) -> None:
    """Nobody swaps with themselves: what the two asked each other stays, called off."""
    both = Q(asked=pair.kept, asked_by=pair.gone) | Q(asked=pair.gone, asked_by=pair.kept)
    for swap in Swap.objects.filter(both, status=Swap.Status.ASKED):
        pair.ledger.change(swap, status=Swap.Status.WITHDRAWN, decided_at=pair.now)
    pair.ledger.point(model._base_manager.exclude(both), field, old=pair.gone, new=pair.kept)


def parts(pair: Pair, model: type[Model], field: str) -> None:
    """Where both take part in a subject their parts become one; the others go over."""
    mine = {row.subject_key: row for row in Participant.objects.filter(individual=pair.kept)}
    for theirs in Participant.objects.filter(individual=pair.gone).order_by("pk"):
        if theirs.subject_key in mine:
            _unite(pair, mine[theirs.subject_key], theirs)
    plainly(pair, model, field)


def _unite(pair: Pair, mine: Participant, theirs: Participant) -> None:
    """One part from the first coming to the last going, with the roles of both and their times as they were.

    Of what both hold now only the greater stays, as when one person is given both (observer, participant, the rest).
    """
    _end_lesser(pair, mine, theirs)
    for relation in Participant._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete:
            model: Any = relation.related_model
            pair.ledger.point(model._base_manager.all(), relation.field.name, old=theirs, new=mine)  # type: ignore[union-attr]
    gone = None if mine.left_at is None or theirs.left_at is None else max(mine.left_at, theirs.left_at)
    pair.ledger.change(mine, joined_at=min(mine.joined_at, theirs.joined_at), left_at=gone)
    pair.ledger.remove([theirs])


def _end_lesser(pair: Pair, mine: Participant, theirs: Participant) -> None:
    held = list(Role.objects.filter(participant__in=[mine, theirs], renounced_at=None).order_by("assumed_at", "pk"))
    rank = {Role.Name.OBSERVER.value: 0, Role.Name.PARTICIPANT.value: 1}
    most = max((rank.get(role.role, 2) for role in held), default=0)
    names: set[str] = set()
    for role in held:
        if rank.get(role.role, 2) < min(most, 2) or role.role in names:
            pair.ledger.change(role, renounced_at=pair.now)
        names.add(role.role)


def _name(model: type[Model], field: str) -> str:
    return f"{model._meta.label}.{field}"


RULES: dict[str, Rule] = {
    "people.ExternalIdentity.individual": unless_there("system"),
    "people.TeamMember.individual": once("team"),
    "people.RotationMember.individual": once("layer"),
    "people.EscalationStep.individual": once("service"),
    "people.TaskAssignee.individual": once("task"),
    "people.PageCall.individual": unless_there("page"),
    "people.Participant.individual": parts,
    "people.Swap.asked_by": swaps,
    "people.Swap.asked": swaps,
    "people.Merge.kept": stays,
    "people.Merge.gone": stays,
}
