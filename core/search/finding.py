"""Looking things up. Access is part of the query, so a hidden match costs nobody's place and shows in no count."""

import re
from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from core import access
from core.models.subjects import KINDS, SubjectName
from core.search import engine, words
from core.search.models import SearchDocument
from core.search.sources import Hit, sources

# The newest matches that are ranked; beyond it a word says too little.
RANKED = 1000
# What a subject may be called (INC-42): only that is looked up as a name.
NAME = re.compile(r"[^\W_][\w-]{0,55}-\d{1,8}")
# Of the places in a result, what the rows of a source are sure of: each third, however many documents there are.
SHARE = 3


def search(user: Any, text: str, *, kinds: Iterable[str] | None = None, limit: int = 20) -> list[Hit]:
    """What the user may see and that holds every word of the text: the subject of that name, then the documents, then
    what the sources have, each best first. Words match by their beginning.
    """
    terms = words.terms(text)
    if not terms:
        return []
    wanted = None if kinds is None else set(kinds)
    found = _documents(user, terms, wanted, limit, first=_named(user, text.strip(), wanted))
    for source in sources():
        if wanted is None or source.name in wanted:
            more = source.find(user, terms, limit)
            sure = min(len(more), limit // SHARE)
            found = [*found[: limit - sure], *more][:limit]
    return found


def _named(user: Any, text: str, kinds: set[str] | None) -> list[int]:
    """The document of the subject that has or had the name: among many INC-4… whoever types INC-4 wants that one."""
    if not NAME.fullmatch(text):
        return []
    named = SubjectName.objects.filter(name__in={text, text.upper()})
    whose = reduce(or_, (Q(kind=kind, object_id__in=named.values(f"{kind}_id")) for kind in KINDS))
    return list(_seen(user, kinds).filter(whose).values_list("pk", flat=True))


def _documents(user: Any, terms: list[str], kinds: set[str] | None, limit: int, first: list[int]) -> list[Hit]:
    found = _found(user, terms, kinds)
    ranked = engine.rank(terms, list(found.values_list("pk", flat=True)[:RANKED]))
    best = list(dict.fromkeys([*first, *ranked]))[:limit]
    rows = SearchDocument.objects.in_bulk(best)
    return [
        Hit(kind=row.kind, object_id=row.object_id, title=row.title, body=row.body[:500], restricted=row.restricted)
        for key in best
        if (row := rows.get(key))
    ]


def matching_ids(user: Any, kind: str, text: str, limit: int = RANKED) -> list[int]:
    """Primary keys of the newest visible objects of a kind that match, for narrowing a list. A subject matches by what
    belongs to it in a source, too.
    """
    terms = words.terms(text)
    if not terms:
        return []
    found = set(_found(user, terms, [kind]).values_list("object_id", flat=True)[:limit])
    if kind in KINDS:
        for source in sources():
            found.update(source.subjects(user, kind, terms, RANKED))
    return sorted(found, reverse=True)[:limit]


def _found(user: Any, terms: list[str], kinds: Iterable[str] | None) -> Any:
    return _seen(user, kinds).filter(pk__in=engine.matches(terms)).order_by("-pk")


def _seen(user: Any, kinds: Iterable[str] | None) -> Any:
    if kinds is None:
        return SearchDocument.objects.filter(access.copied_filter(user))
    wanted = list(kinds)
    # What belongs to a subject, a task for example, may belong to one of any kind.
    asked = wanted if set(wanted) <= set(KINDS) else KINDS
    return SearchDocument.objects.filter(access.copied_filter(user, asked), kind__in=wanted)
