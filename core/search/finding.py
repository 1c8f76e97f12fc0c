"""Looking things up. Access is part of the query, so a hidden match costs nobody's place and shows in no count."""

import re
from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q
from django.db.models.functions import Left

from core import access
from core.models.subjects import KINDS, Sequence, SubjectName
from core.search import engine, words
from core.search.models import SearchDocument
from core.search.sources import Hit, sources

# The newest matches that are ranked; beyond it a word says too little.
RANKED = 1000
# Of the best matches, among how many those of open subjects come first.
PUT_IN_ORDER = 100
# What a subject may be called, as people type it: INC-42, inc42, 42. Only that is looked up as a name.
NAME = re.compile(r"([\w-]{0,56}?)-?(\d{1,8})")
# Of the places in a result, what the rows of a source are sure of: each third, however many documents there are.
SHARE = 3


def search(user: Any, text: str, *, kinds: Iterable[str] | None = None, limit: int = 20) -> list[Hit]:
    """What the user may see and that holds every word of the text: the subject of that name, then the documents, then
    what the sources have, each best first; of equal documents those of open subjects. Words match by their beginning.
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
    names = _spellings(user, text)
    if not names:
        return []
    named = SubjectName.objects.filter(name__in=names)
    whose = reduce(or_, (Q(kind=kind, object_id__in=named.values(f"{kind}_id")) for kind in KINDS))
    return list(_seen(user, kinds).filter(whose).order_by("-pk").values_list("pk", flat=True)[:PUT_IN_ORDER])


def _spellings(user: Any, text: str) -> set[str]:
    """The names that a text may mean. A bare number is that of each sequence in the user's projects."""
    found = NAME.fullmatch(text)
    if found is None:
        return set()
    prefix, number = found.groups()
    if prefix:
        return {text, text.upper(), f"{prefix}-{number}".upper()}
    theirs = Sequence.objects.filter(project__in=access.projects_where(user)).values_list("prefix", flat=True)
    return {f"{prefix}-{int(number)}" for prefix in theirs[:RANKED]}


def _documents(user: Any, terms: list[str], kinds: set[str] | None, limit: int, first: list[int]) -> list[Hit]:
    found = _found(user, terms, kinds)
    ranked = engine.rank(terms, list(found.values_list("pk", flat=True)[:RANKED]))
    best = list(dict.fromkeys([*first, *ranked]))[: max(limit, PUT_IN_ORDER)]
    statuses = [f"{kind}__status" for kind in KINDS]
    rows = SearchDocument.objects.filter(pk__in=best).annotate(beginning=Left("body", 500))
    by_key = {
        row["pk"]: row for row in rows.values("pk", "kind", "object_id", "title", "restricted", "beginning", *statuses)
    }

    def place(key: int) -> tuple[bool, bool, bool]:
        row = by_key[key]
        return key not in first, not words.hold(row["title"], terms), not _is_open(row)

    # Sorting is stable: among equals the better match stays before the other.
    return [
        Hit(
            kind=row["kind"], object_id=row["object_id"], title=row["title"], body=row["beginning"],
            restricted=row["restricted"],
        )
        for key in sorted((key for key in best if key in by_key), key=place)[:limit]
        if (row := by_key[key])
    ]  # fmt: skip


def _is_open(row: dict[str, Any]) -> bool:
    """Whether what was found belongs to an open subject, or to none."""
    models: dict[str, Any] = {kind: SearchDocument._meta.get_field(kind).related_model for kind in KINDS}
    return all(row[f"{kind}__status"] in {None, *model.open_statuses} for kind, model in models.items())


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
