"""Checked expressions, and their two evaluations from one table of fields."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Q, QuerySet

from core.filters.fields import EVERYTHING, Facts, Field
from core.filters.registry import Kind, kind_of


@dataclass(frozen=True)
class Test:
    """One comparison."""

    field: Field
    op: str
    value: Any

    def q(self, now: datetime) -> Q:
        return self.field.condition(self.op, self.field.at(self.op, self.value, now))

    def matches(self, known: Facts, now: datetime) -> bool:
        return self.field.holds(self.op, known[self.field.name], self.field.at(self.op, self.value, now))


@dataclass(frozen=True)
class All:
    """Every part holds; without parts it holds."""

    parts: tuple["Node", ...]

    def q(self, now: datetime) -> Q:
        return reduce(and_, (part.q(now) for part in self.parts), EVERYTHING)

    def matches(self, known: Facts, now: datetime) -> bool:
        return all(part.matches(known, now) for part in self.parts)


@dataclass(frozen=True)
class AnyOf:
    """One part holds at least."""

    parts: tuple["Node", ...]

    def q(self, now: datetime) -> Q:
        return reduce(or_, (part.q(now) for part in self.parts))

    def matches(self, known: Facts, now: datetime) -> bool:
        return any(part.matches(known, now) for part in self.parts)


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: "Node"

    def q(self, now: datetime) -> Q:
        return ~self.part.q(now)

    def matches(self, known: Facts, now: datetime) -> bool:
        return not self.part.matches(known, now)


Node = Test | All | AnyOf | Not


@dataclass(frozen=True)
class Expression:
    """A checked expression about a kind of thing (`core.filters.parse`). `now` is what `within_days` counts from.

    :ivar data: the JSON it was made of, to be stored.
    """

    kind: Kind
    root: Node
    data: Any

    def q(self, now: datetime) -> Q:
        """The condition on the kind's model. It joins nothing, so it doubles no row."""
        return self.root.q(now)

    def matches(self, known: Facts, now: datetime) -> bool:
        """Whether it holds for what is known of a thing (`core.filters.facts`), which need not be stored yet."""
        return self.root.matches(known, now)


class _Read(Mapping[str, Any]):
    """The facts of an object, each read when it is asked for, and once."""

    def __init__(self, kind: Kind, instance: Any, known: dict[str, Any]) -> None:
        self._kind = kind
        self._instance = instance
        self._facts = {name: kind.fields[name].as_fact(given) for name, given in known.items()}

    def __getitem__(self, name: str) -> Any:
        if name not in self._facts:
            self._facts[name] = self._kind.fields[name].read(self._instance)
        return self._facts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kind.fields)

    def __len__(self) -> int:
        return len(self._kind.fields)


def facts(kind: str, instance: Any, **known: Any) -> Facts:
    """What is known of an object by field name. `known` stands in for what is not stored yet: `tags=[…]`."""
    return _Read(kind_of(kind), instance, known)


def matching(rows: QuerySet[Any], expression: Expression, now: datetime) -> QuerySet[Any]:
    """The rows (begun at `visible_to`) that the expression holds for.

    :raises TypeError: when the expression is about another kind.
    """
    if rows.model is not expression.kind.model:
        raise TypeError(f"An expression about {expression.kind.name} cannot filter {rows.model.__name__}.")
    return rows.filter(expression.q(now))
