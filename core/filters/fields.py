"""The types of fields: which comparisons each knows, as a condition for the database and as a test in memory.

The two must agree on every row (`tests/core/test_filters.py` proves it); a condition is never NULL, so that its
negation is its opposite.
"""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from core.filters import values
from core.filters.folding import Folded, fold
from core.filters.values import Names

Facts = Mapping[str, Any]
Check = Callable[[Any], Any]

NOTHING = Q(pk__in=[])
EVERYTHING = ~NOTHING


@dataclass(frozen=True)
class Named:
    """How a fact names a thing: by its id, and by its name (a person by e-mail)."""

    uuid: uuid.UUID | None
    name: str

    def is_among(self, meant: Names) -> bool:
        return self.name in meant.names or self.uuid in meant.uuids


@dataclass(frozen=True, kw_only=True)
class Field(ABC):
    """A thing that can be compared. `path` leads to it from the model."""

    type_name: ClassVar[str]

    name: str
    label: Any
    path: str

    @property
    @abstractmethod
    def ops(self) -> Mapping[str, Check]:
        """The comparisons, each with the check of its value."""

    @abstractmethod
    def condition(self, op: str, value: Any) -> Q:
        """The comparison for the database."""

    @abstractmethod
    def holds(self, op: str, fact: Any, value: Any) -> bool:
        """The comparison of a fact."""

    def at(self, op: str, value: Any, now: datetime) -> Any:  # noqa: ARG002
        """The value at a time, where it counts from now."""
        return value

    def read(self, instance: Any) -> Any:
        """The fact of an object, stored or not."""
        return self.as_fact(getattr(instance, self.path))

    def as_fact(self, given: Any) -> Any:
        """The fact that a value of the object makes."""
        return given


@dataclass(frozen=True, kw_only=True)
class Word(Field):
    """One of a few words: status, visibility."""

    type_name = "word"

    choices: Collection[str]

    @property
    def ops(self) -> Mapping[str, Check]:
        check = values.one_of(self.choices)
        return {"in": check, "not_in": check}

    def condition(self, op: str, value: Any) -> Q:
        inside = Q(**{f"{self.path}__in": value})
        return inside if op == "in" else ~inside

    def holds(self, op: str, fact: Any, value: Any) -> bool:
        return (fact in value) == (op == "in")


@dataclass(frozen=True, kw_only=True)
class Reference(Field):
    """Another row, never empty, named by name or id: project, type, severity."""

    type_name = "reference"

    model: type[Model]

    @property
    def ops(self) -> Mapping[str, Check]:
        return {"in": values.names, "not_in": values.names}

    def condition(self, op: str, value: Any) -> Q:
        # Disabled rows too: an old subject keeps its severity, and a filter finds it.
        meant = self.model._base_manager.filter(Q(name__in=value.names) | Q(uuid__in=value.uuids))
        inside = Q(**{f"{self.path}__in": meant.values("pk")})
        return inside if op == "in" else ~inside

    def holds(self, op: str, fact: Any, value: Any) -> bool:
        return fact.is_among(value) == (op == "in")

    def as_fact(self, given: Any) -> Any:
        return named(given)


@dataclass(frozen=True, kw_only=True)
class Several(Field):
    """Things that belong to the object, none or many: tags, people. `path` leads to one from its row in `rows`.

    :ivar rows: the rows of one object, given its primary key or a reference to it.
    :ivar natural: the field that names a thing.
    """

    type_name = "several"

    rows: Callable[[Any], QuerySet[Any]]
    natural: str = "name"

    @property
    def ops(self) -> Mapping[str, Check]:
        check = values.addresses if self.natural == "email" else values.names
        return {"any": check, "all": check, "none": check, "empty": values.flag}

    def condition(self, op: str, value: Any) -> Q:
        # Exists and not a join: one that fits twice must not give the object twice.
        rows = self.rows(OuterRef("pk"))
        if op == "empty":
            return Q(~Exists(rows)) if value else Q(Exists(rows))
        if op == "all":
            conditions = [Q(Exists(rows.filter(self._among(one)))) for one in value.each()]
            return Q(*conditions)
        found = Q(Exists(rows.filter(self._among(value))))
        return found if op == "any" else ~found

    def holds(self, op: str, fact: Any, value: Any) -> bool:
        if op == "empty":
            return bool(fact) != value
        if op == "all":
            return all(any(thing.is_among(one) for thing in fact) for one in value.each())
        return any(thing.is_among(value) for thing in fact) == (op == "any")

    def read(self, instance: Any) -> Any:
        """Empty before the object is stored; afterwards one query."""
        if instance.pk is None:
            return ()
        found = self.rows(instance.pk).values_list(f"{self.path}__uuid", f"{self.path}__{self.natural}")
        return tuple(Named(key, name) for key, name in found)

    def as_fact(self, given: Iterable[Any]) -> Any:
        return tuple(named(thing, self.natural) for thing in given)

    def _among(self, meant: Names) -> Q:
        return Q(**{f"{self.path}__{self.natural}__in": meant.names}) | Q(**{f"{self.path}__uuid__in": meant.uuids})


@dataclass(frozen=True, kw_only=True)
class Text(Field):
    """Free text, looked through whatever its case (`core.filters.folding`)."""

    type_name = "text"

    @property
    def ops(self) -> Mapping[str, Check]:
        return {"contains": values.text}

    def condition(self, op: str, value: Any) -> Q:  # noqa: ARG002
        return Q(GreaterThan(StrIndex(Folded(self.path), Value(fold(value))), 0))

    def holds(self, op: str, fact: Any, value: Any) -> bool:  # noqa: ARG002
        return fold(value) in fold(fact)


@dataclass(frozen=True, kw_only=True)
class Moment(Field):
    """A date and time, or none yet."""

    type_name = "moment"

    ops: ClassVar[Mapping[str, Check]] = {
        "from": values.moment,
        "before": values.moment,
        "within_days": values.days,
        "empty": values.flag,
    }

    def condition(self, op: str, value: Any) -> Q:
        if op == "empty":
            return Q(**{f"{self.path}__isnull": value})
        lookup = "lt" if op == "before" else "gte"
        # Says that it is there, or comparing with NULL would make the negation NULL too.
        return Q(**{f"{self.path}__isnull": False, f"{self.path}__{lookup}": value})

    def holds(self, op: str, fact: Any, value: Any) -> bool:
        if op == "empty":
            return (fact is None) == value
        if fact is None:
            return False
        return bool(fact < value if op == "before" else fact >= value)

    def at(self, op: str, value: Any, now: datetime) -> Any:
        return now - timedelta(days=value) if op == "within_days" else value


def named(thing: Any, natural: str = "name") -> Named:
    """A row by its id and name; what is a fact already stays."""
    return thing if isinstance(thing, Named) else Named(thing.uuid, getattr(thing, natural))
