"""`?ordering=-reported_at,name`: what a list may be ordered by, always ended by the id so that no row moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from core.api.errors import field_error

MOST_TERMS: Final = 4


@dataclass(frozen=True, kw_only=True)
class Column:
    """Where an ordering's value stands. A nullable one cannot carry a cursor.

    :ivar then: the path (`-` before it: descending) that an index goes on with; turned round with the column.
    """

    path: str
    nullable: bool = False
    then: str = ""

    def of(self, row: Any) -> Any:
        """The row's value; the view has selected the relation on the way."""
        for name in self.path.split("__"):
            row = getattr(row, name)
        return row


KEY: Final = Column(path="pk")
# What every record can be ordered by.
RECORD: Final[Mapping[str, Column]] = {
    "name": Column(path="name"),
    # Keys are given in the order of birth, and every table has an index of them.
    "created_at": Column(path="pk"),
    "updated_at": Column(path="updated_at"),
}


@dataclass(frozen=True, kw_only=True)
class Term:
    """One column and its direction."""

    column: Column
    descending: bool

    def reversed(self) -> "Term":
        return Term(column=self.column, descending=not self.descending)

    def expression(self) -> Any:
        """For `order_by`. Only a nullable column says where its nulls go: the plain form meets an index."""
        if not self.column.nullable:
            return f"-{self.column.path}" if self.descending else self.column.path
        path = F(self.column.path)
        return path.desc(nulls_last=True) if self.descending else path.asc(nulls_last=True)

    def beyond(self, value: Any) -> Q:
        return Q(**{f"{self.column.path}__{'lt' if self.descending else 'gt'}": value})

    def same(self, value: Any) -> Q:
        return Q(**{self.column.path: value})


@dataclass(frozen=True, kw_only=True)
class Ordering:
    """The terms asked for, the id last."""

    text: str
    terms: tuple[Term, ...]

    @property
    def nullable(self) -> bool:
        """The first column may be empty."""
        return self.terms[0].column.nullable

    def known(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows whose first column is filled, in order, in the plain form that meets an index."""
        first = Term(column=Column(path=self.terms[0].column.path), descending=self.terms[0].descending)
        plain = Ordering(text=self.text, terms=(first, *self.terms[1:]))
        return plain.apply(rows.filter(**{f"{first.column.path}__isnull": False}))

    def unknown(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows whose first column is empty, ordered by the others."""
        rest = Ordering(text=self.text, terms=self.terms[1:])
        return rest.apply(rows.filter(**{f"{self.terms[0].column.path}__isnull": True}))

    def apply(self, rows: QuerySet[Any], *, backwards: bool = False) -> QuerySet[Any]:
        terms = [term.reversed() for term in self.terms] if backwards else self.terms
        return rows.order_by(*(term.expression() for term in terms))

    def values(self, row: Any) -> list[Any]:
        return [term.column.of(row) for term in self.terms]

    def after(self, values: Sequence[Any], *, backwards: bool = False) -> Q:
        """What comes after the row with these values: further in the first column, or the same there and further in
        the next, and so on.
        """
        terms = [term.reversed() for term in self.terms] if backwards else self.terms
        condition, equal = Q(pk__in=()), Q()
        for term, value in zip(terms, values, strict=True):
            condition |= equal & term.beyond(value)
            equal &= term.same(value)
        # Says nothing new, and lets the database start in the index at the right place.
        first = terms[0]
        near = "lte" if first.descending else "gte"
        return Q(**{f"{first.column.path}__{near}": values[0]}) & condition


def parse(text: str, columns: Mapping[str, Column], *, by_cursor: bool) -> Ordering:
    """The ordering of the parameter.

    :raises ValidationError: naming an unknown column, a column twice, or a nullable one under a cursor.
    """
    names = [name.strip() for name in text.split(",")]
    if len(names) > MOST_TERMS or len({name.lstrip("-") for name in names}) < len(names):
        raise field_error("ordering", _("At most %(most)d fields, each once.") % {"most": MOST_TERMS})
    terms = [_term(name, columns, by_cursor=by_cursor) for name in names]
    last = terms[-1]
    if last.column.then:
        column = Column(path=last.column.then.removeprefix("-"))
        terms.append(Term(column=column, descending=last.column.then.startswith("-") != last.descending))
    if terms[-1].column.path != KEY.path:
        terms.append(Term(column=KEY, descending=terms[-1].descending))
    return Ordering(text=",".join(names), terms=tuple(terms))


def _term(name: str, columns: Mapping[str, Column], *, by_cursor: bool) -> Term:
    descending = name.startswith("-")
    column = columns.get(name[1:] if descending else name)
    if column is None:
        words = {"name": name[:80], "names": ", ".join(sorted(columns))}
        raise field_error("ordering", _("“%(name)s” is not one of %(names)s.") % words, "unknown")
    if column.nullable and by_cursor:
        words = {"name": name}
        message = _("“%(name)s” may be empty, so it needs page numbers: add page=1.") % words
        raise field_error("ordering", message, "needs_pages")
    return Term(column=column, descending=descending)
