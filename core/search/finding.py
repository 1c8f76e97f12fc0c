"""Looking things up. Access is part of the query, so a hidden match costs nobody's place and shows in no count."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from core import access
from core.search import engine, words
from core.search.models import SearchDocument

# The newest matches that are ranked; beyond it a word says too little.
RANKED = 1000


@dataclass(frozen=True, kw_only=True)
class Hit:
    """Something found: its kind, primary key, and what to show of it."""

    kind: str
    object_id: int
    title: str
    body: str
    restricted: bool


def search(user: Any, text: str, *, kinds: Iterable[str] | None = None, limit: int = 20) -> list[Hit]:
    """What the user may see and that holds every word of the text, best first. Words match by their beginning."""
    terms = words.terms(text)
    if not terms:
        return []
    found = _found(user, terms, kinds)
    best = engine.rank(terms, list(found.values_list("pk", flat=True)[:RANKED]))[:limit]
    rows = SearchDocument.objects.in_bulk(best)
    return [
        Hit(kind=row.kind, object_id=row.object_id, title=row.title, body=row.body[:500], restricted=row.restricted)
        for key in best
        if (row := rows.get(key))
    ]


def matching_ids(user: Any, kind: str, text: str, limit: int = RANKED) -> list[int]:
    """Primary keys of the newest visible objects of a kind that match, for narrowing a list."""
    terms = words.terms(text)
    if not terms:
        return []
    return list(_found(user, terms, [kind]).values_list("object_id", flat=True)[:limit])


def _found(user: Any, terms: list[str], kinds: Iterable[str] | None) -> Any:
    rows = SearchDocument.objects.filter(access.copied_filter(user), pk__in=engine.matches(terms))
    if kinds is not None:
        rows = rows.filter(kind__in=list(kinds))
    return rows.order_by("-pk")
