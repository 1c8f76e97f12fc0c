"""The two databases' full-text structures behind the same few functions. Tables: migrations `search_text` and
`timeline_text`.

The entry's key is the primary key of what is found: of a document, or of an event. Neither database cuts or stems
words: they are cut in `core.search.words` and hold letters and digits only, so nothing in them needs quoting.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import DatabaseError, connection, transaction
from django.db.models.expressions import RawSQL

from core.search.words import words


@dataclass(frozen=True)
class Table:
    """A full-text table, what PostgreSQL calls its key (SQLite: rowid), and the migration that makes it."""

    name: str
    key: str
    migration: str

    def structure(self, vendor: str) -> list[str]:
        """The statements that make it, as the migrations do; a test holds the two together."""
        if vendor == "sqlite":
            return [f"CREATE VIRTUAL TABLE {self.name} USING fts5(title, body, tokenize='ascii', prefix='2 3')"]
        return [
            f"CREATE TABLE {self.name} ({self.key} bigint PRIMARY KEY, words tsvector NOT NULL)",
            f"CREATE INDEX {self.name}_words ON {self.name} USING gin (words)",
        ]


DOCUMENTS: Final = Table("core_searchtext", "document_id", "search_text")
EVENTS: Final = Table("core_searchevent", "event_id", "timeline_text")
TABLES: Final = (DOCUMENTS, EVENTS)
TITLE_WEIGHT = 8.0
# Begins a mark: no word of a text holds it, so nobody can type one. Both databases take it for a letter.
MARK: Final = "§"
# What PostgreSQL keeps of a word's places.
LAST_PLACE, MOST_PLACES = 16_383, 255
# SQLite takes 32,766 parameters in a statement.
BATCH = 10_000


def answers(table: Table) -> bool:
    """Whether the table is there and can be asked."""
    subquery = matches(["a"], table=table)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{subquery.sql} LIMIT 1", subquery.params)
    except DatabaseError:
        return False
    return True


def is_empty(table: Table) -> bool:
    """Whether the table holds no entry."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {table.name} LIMIT 1")  # noqa: S608
        return cursor.fetchone() is None


def mend() -> None:
    """Make a table anew, empty, where it is missing or broken."""
    for table in TABLES:
        if not answers(table):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"DROP TABLE IF EXISTS {table.name}")
                for statement in table.structure(connection.vendor):
                    cursor.execute(statement)


def put(
    entries: Sequence[tuple[int, str, str]], *, table: Table = DOCUMENTS, marks: Mapping[int, int] | None = None
) -> None:
    """Write entries (key, title, body), replacing the ones there."""
    drop([key for key, _title, _body in entries], table=table)
    add(entries, table=table, marks=marks)


def add(
    entries: Sequence[tuple[int, str, str]], *, table: Table = DOCUMENTS, marks: Mapping[int, int] | None = None
) -> None:
    """Write entries that are not there yet. A mark is a number by which `matches` can narrow, as if it were a word."""
    columns, rows = spelled(entries, table=table, marks=marks)
    places = ["%s", "%s::tsvector"] if _is_postgres() else ["%s"] * 3
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({', '.join(places)})",  # noqa: S608
            rows,
        )


def spelled(
    entries: Iterable[tuple[int, str, str]], *, table: Table = DOCUMENTS, marks: Mapping[int, int] | None = None
) -> tuple[list[str], list[tuple[int | str, ...]]]:
    """Columns and rows of entries as this database keeps them, for whoever writes many at once."""
    marks = marks or {}
    if _is_postgres():
        return [table.key, "words"], [(key, _vector(title, body, marks.get(key))) for key, title, body in entries]
    texts: list[tuple[int | str, ...]] = [
        (key, " ".join(words(title)), _body(body, marks.get(key))) for key, title, body in entries
    ]
    return ["rowid", "title", "body"], texts


def drop(keys: Sequence[int], *, table: Table = DOCUMENTS) -> None:
    """Delete entries."""
    with connection.cursor() as cursor:
        for start in range(0, len(keys), BATCH):
            some = keys[start : start + BATCH]
            cursor.execute(f"DELETE FROM {table.name} WHERE {_key(table)} IN ({_places(some)})", some)  # noqa: S608


def keep(kept: str, *, table: Table) -> None:
    """Delete the entries that a subquery of keys does not name."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table.name} WHERE {_key(table)} NOT IN ({kept})")  # noqa: S608


def matches(
    terms: list[str],
    *,
    table: Table = DOCUMENTS,
    marks: Sequence[int] = (),
    newest: int | None = None,
    first: bool = False,
) -> RawSQL:
    """A subquery of the keys of entries that hold every term as the beginning of a word, and one of the marks.

    `newest` looks at the last so many keys only, which is quick however many entries hold the word. With `first` they
    are found before anything else is looked at, which is quick when few do.
    """
    query = _narrowed(_query(terms), marks)
    if _is_postgres():
        # Spelled out, so that no plan is kept that was made without knowing how common the words are.
        key, holds, given = table.key, f"words @@ {_literal(query)}::tsquery", []
    else:
        key, holds, given = "rowid", f"{table.name} MATCH %s", [query]
    sql = f"SELECT {key} FROM {table.name} WHERE {holds}"  # noqa: S608
    if newest is not None:
        recent = f"(SELECT {key} FROM {table.name} ORDER BY {key} DESC LIMIT 1) - {newest:d}"  # noqa: S608
        return RawSQL(f"{sql} AND {key} > {recent}", given)  # noqa: S611
    # OFFSET keeps it a step of its own.
    return RawSQL(f"{sql} OFFSET 0" if first and _is_postgres() else sql, given)  # noqa: S611


def rank(terms: list[str], keys: Sequence[int], *, table: Table = DOCUMENTS) -> list[int]:
    """The given entries, best first; among equals the newer first."""
    return _rank(_query(terms), keys, table)


def rank_any(terms: list[str], keys: Sequence[int]) -> list[int]:
    """Of the given documents those that hold any of the terms, best first."""
    return _rank(_query(terms, any_of=True), keys, DOCUMENTS)


def _rank(query: str, keys: Sequence[int], table: Table) -> list[int]:
    if not keys:
        return []
    parameters: list[int | str]
    if _is_postgres():
        sql = (
            f"SELECT {table.key} FROM {table.name} WHERE {table.key} IN ({_places(keys)}) "  # noqa: S608
            f"AND words @@ %s::tsquery ORDER BY ts_rank(words, %s::tsquery) DESC, {table.key} DESC"
        )
        parameters = [*keys, query, query]
    else:
        # The plus keeps SQLite from asking the index anew for every key; the range lets it begin at the oldest one.
        sql = (
            f"SELECT rowid FROM {table.name} WHERE {table.name} MATCH %s AND rowid >= %s "  # noqa: S608
            f"AND +rowid IN ({_places(keys)}) ORDER BY bm25({table.name}, {TITLE_WEIGHT}, 1.0), rowid DESC"
        )
        parameters = [query, min(keys), *keys]
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [row[0] for row in cursor.fetchall()]


def _query(terms: list[str], *, any_of: bool = False) -> str:
    """Every term, or any of them, as a beginning."""
    if _is_postgres():
        return (" | " if any_of else " & ").join(f"'{term}':*" for term in terms)
    return (" OR " if any_of else " ").join(f'"{term}"*' for term in terms)


def _literal(query: str) -> str:
    from psycopg.sql import Literal  # the embedded installation has no psycopg

    # What was typed is words of letters and digits by now; a percent sign would be a place for a parameter.
    return Literal(query).as_string().replace("%", "%%")


def _narrowed(query: str, marks: Sequence[int]) -> str:
    """The query, and one of the marks."""
    if not marks:
        return query
    quote, both, either = ("'", "&", " | ") if _is_postgres() else ('"', "AND", " OR ")
    return f"({query}) {both} ({either.join(f'{quote}{MARK}{mark}{quote}' for mark in marks)})"


def _body(text: str, mark: int | None) -> str:
    return " ".join([*words(text), *([] if mark is None else [f"{MARK}{mark}"])])


def _vector(title: str, body: str, mark: int | None = None) -> str:
    """PostgreSQL's notation: each word with its places, those in the title marked A (ten times the weight)."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    titled = words(title)
    for place, word in enumerate(titled, 1):
        places[word].append(f"{min(place, LAST_PLACE)}A")
    for place, word in enumerate(words(body), len(titled) + 1):
        places[word].append(f"{min(place, LAST_PLACE)}")
    if mark is not None:
        places[f"{MARK}{mark}"].append("1")
    return " ".join(f"'{word}':{','.join(found[:MOST_PLACES])}" for word, found in places.items())


def _key(table: Table) -> str:
    return table.key if _is_postgres() else "rowid"


def _places(keys: Iterable[int]) -> str:
    return ", ".join("%s" for _ in keys)


def _is_postgres() -> bool:
    return connection.vendor == "postgresql"
