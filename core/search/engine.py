"""The two databases' full-text structures behind the same four functions. Tables: migration `search_text`.

The entry's key is the document's primary key. Neither database cuts or stems words: they are cut in `core.search.words`
and hold letters and digits only, so nothing in them needs quoting.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import DatabaseError, connection, transaction
from django.db.models.expressions import RawSQL

from core.search.words import words

TITLE_WEIGHT = 8.0
# As the migration `search_text` makes them; a test holds the two together.
STRUCTURES = {
    "postgresql": [
        "CREATE TABLE core_searchtext (document_id bigint PRIMARY KEY, words tsvector NOT NULL)",
        "CREATE INDEX core_searchtext_words ON core_searchtext USING gin (words)",
    ],
    "sqlite": ["CREATE VIRTUAL TABLE core_searchtext USING fts5(title, body, tokenize='ascii', prefix='2 3')"],
}
# What PostgreSQL keeps of a word's places.
LAST_PLACE, MOST_PLACES = 16_383, 255
# SQLite takes 32,766 parameters in a statement.
BATCH = 10_000


def answers() -> bool:
    """Whether the table is there and can be asked."""
    subquery = matches(["a"])
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{subquery.sql} LIMIT 1", subquery.params)
    except DatabaseError:
        return False
    return True


def mend() -> None:
    """Make the table anew, empty, where it is missing or broken."""
    if answers():
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS core_searchtext")
        for statement in STRUCTURES[connection.vendor]:
            cursor.execute(statement)


def put(entries: Sequence[tuple[int, str, str]]) -> None:
    """Write entries (key, title, body), replacing the ones there."""
    drop([key for key, _title, _body in entries])
    with connection.cursor() as cursor:
        if _is_postgres():
            rows = [(key, _vector(title, body)) for key, title, body in entries]
            cursor.executemany("INSERT INTO core_searchtext (document_id, words) VALUES (%s, %s::tsvector)", rows)
        else:
            texts = [(key, " ".join(words(title)), " ".join(words(body))) for key, title, body in entries]
            cursor.executemany("INSERT INTO core_searchtext (rowid, title, body) VALUES (%s, %s, %s)", texts)


def drop(keys: Sequence[int]) -> None:
    """Delete entries."""
    column = "document_id" if _is_postgres() else "rowid"
    with connection.cursor() as cursor:
        for start in range(0, len(keys), BATCH):
            some = keys[start : start + BATCH]
            cursor.execute(f"DELETE FROM core_searchtext WHERE {column} IN ({_marks(some)})", some)  # noqa: S608


def matches(terms: list[str]) -> RawSQL:
    """A subquery of the keys of documents that hold every term as the beginning of a word."""
    if _is_postgres():
        return RawSQL("SELECT document_id FROM core_searchtext WHERE words @@ %s::tsquery", [_query(terms)])
    return RawSQL("SELECT rowid FROM core_searchtext WHERE core_searchtext MATCH %s", [_query(terms)])


def rank(terms: list[str], keys: Sequence[int]) -> list[int]:
    """The given documents, best first; among equals the newer first."""
    return _rank(_query(terms), keys)


def rank_any(terms: list[str], keys: Sequence[int]) -> list[int]:
    """Of the given documents those that hold any of the terms, best first."""
    return _rank(_query(terms, any_of=True), keys)


def _rank(query: str, keys: Sequence[int]) -> list[int]:
    if not keys:
        return []
    parameters: list[int | str]
    if _is_postgres():
        sql = (
            f"SELECT document_id FROM core_searchtext WHERE document_id IN ({_marks(keys)}) "  # noqa: S608
            "AND words @@ %s::tsquery ORDER BY ts_rank(words, %s::tsquery) DESC, document_id DESC"
        )
        parameters = [*keys, query, query]
    else:
        # The plus keeps SQLite from asking the index anew for every key; the range lets it begin at the oldest one.
        sql = (
            f"SELECT rowid FROM core_searchtext WHERE core_searchtext MATCH %s AND rowid >= %s "  # noqa: S608
            f"AND +rowid IN ({_marks(keys)}) ORDER BY bm25(core_searchtext, {TITLE_WEIGHT}, 1.0), rowid DESC"
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


def _vector(title: str, body: str) -> str:
    """PostgreSQL's notation: each word with its places, those in the title marked A (ten times the weight)."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    titled = words(title)
    for place, word in enumerate(titled, 1):
        places[word].append(f"{min(place, LAST_PLACE)}A")
    for place, word in enumerate(words(body), len(titled) + 1):
        places[word].append(f"{min(place, LAST_PLACE)}")
    return " ".join(f"'{word}':{','.join(found[:MOST_PLACES])}" for word, found in places.items())


def _marks(keys: Iterable[int]) -> str:
    return ", ".join("%s" for _key in keys)


def _is_postgres() -> bool:
    return connection.vendor == "postgresql"
