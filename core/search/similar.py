"""What resembles a text: objects that share words with it, among those a user may see."""

from collections.abc import Iterable
from typing import Any, Final

from django.db.models import QuerySet

from core import access
from core.search import engine, words
from core.search.finding import RANKED
from core.search.models import SearchDocument

# Words that every report has.
COMMON: Final = frozenset({
    "a", "about", "after", "all", "also", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can",
    "did", "do", "for", "from", "had", "has", "have", "he", "her", "his", "how", "i", "if", "in", "into", "is",
    "it", "its", "may", "me", "more", "my", "new", "no", "not", "of", "off", "on", "one", "or", "our", "out",
    "over", "she", "so", "some", "than", "that", "the", "their", "them", "then", "there", "they", "this", "to",
    "two", "up", "us", "was", "we", "were", "what", "when", "where", "which", "who", "why", "will", "with", "you",
    "your",
})  # fmt: skip
LOOKED_AT: Final = 30
# Of the words that somebody typed, how many an object must share at least.
SHARE: Final = 0.4


def similar(user: Any, kind: str, text: str, among: "QuerySet[Any, Any]", *, limit: int = 5) -> list[int]:
    """Primary keys of what resembles the text, best first: of the objects in `among` (primary keys, a subquery) those
    that the user may see and that share enough words with it.
    """
    terms = _telling(text)
    if not terms:
        return []
    rows = SearchDocument.objects.filter(access.copied_filter(user), kind=kind, object_id__in=among)
    keys = list(rows.order_by("-pk").values_list("pk", flat=True)[:RANKED])
    best = engine.rank_any(terms, keys)[:LOOKED_AT]
    documents = SearchDocument.objects.in_bulk(best)
    needed = max(min(2, len(terms)), round(len(terms) * SHARE))
    found = [documents[key] for key in best if key in documents]
    return [row.object_id for row in found if _shared(row.title + " " + row.body, terms) >= needed][:limit]


def _telling(text: str) -> list[str]:
    """The words that say something, each once, as beginnings."""
    said = [word for word in words.words(text[: words.LONGEST_QUERY]) if word not in COMMON and len(word) > 1]
    return list(dict.fromkeys(words.terms(" ".join(said))))[: words.MOST_TERMS]


def _shared(text: str, terms: Iterable[str]) -> int:
    there = set(words.words(text))
    return sum(any(word.startswith(term) for word in there) for term in terms)
