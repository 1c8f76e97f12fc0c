"""What Ctrl-K finds: the console's own places by name, then the rows that `core.search` holds.

Before anything is typed: where one can go, and the newest open subjects. All under the reader's access.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib.admin import site
from django.http import HttpRequest
from django.utils.translation import gettext as _

from core import search
from core.console import navigation
from core.console.filters import visible
from core.console.navigation import Landing
from core.models.subjects import Subject
from core.search import Hit, words
from core.search.indexing import kinds, model_of

LIMIT = 20
PLACES = 5
NEWEST = 6


@dataclass(frozen=True, kw_only=True)
class Found:
    """One line of the results: a page of the console with its icon, or a row; a subject with its state."""

    title: str
    kind: str
    url: str
    snippet: str = ""
    icon: str = ""
    subject: Any = None


def find(request: HttpRequest, text: str) -> list[Found]:
    """The places of that name, and the best matches that have a page."""
    if not text:
        return [*_newest(request), *map(_place, [each for each in navigation.landings(request) if not each.inside])]
    places = [_place(each) for each in navigation.landings(request) if words.hold(each.title, words.terms(text))]
    return [*places[:PLACES], *_rows(search.search(request.user, text, limit=LIMIT))]


def _place(landing: Landing) -> Found:
    return Found(title=landing.title, kind=landing.inside or _("page"), url=landing.url, icon=landing.icon)


def _newest(request: HttpRequest) -> list[Found]:
    """The open subjects reported last; each kind has a few places."""
    found = []
    for kind in kinds().values():
        if issubclass(kind.model, Subject) and site.is_registered(kind.model):
            rows = visible(kind.model, request.user).filter(status__in=kind.model.open_statuses)
            newest = rows.select_related("severity").order_by("-reported_at", "-pk")[:NEWEST]
            found += [_subject(one, _addresses(kind.name, [one.pk])[one.pk]) for one in newest]
    return found


def _rows(hits: list[Hit]) -> list[Found]:
    found = {}
    for kind in {hit.kind for hit in hits}:
        keys = [hit.object_id for hit in hits if hit.kind == kind]
        urls, subjects = _addresses(kind, keys), _subjects(kind, keys)
        found.update({(kind, key): (url, subjects.get(key)) for key, url in urls.items()})
    return [_found(hit, *found[hit.kind, hit.object_id]) for hit in hits if (hit.kind, hit.object_id) in found]


def _addresses(kind: str, keys: list[int]) -> dict[int, str]:
    model = model_of(kind)
    if model is None or not site.is_registered(model):
        return {}
    admin: Any = site.get_model_admin(model)
    addresses: dict[int, str] = admin.addresses(keys)
    return addresses


def _subjects(kind: str, keys: list[int]) -> dict[int, Any]:
    """The hits that are subjects, whose state is shown. Who sees them, the search has asked already."""
    model: Any = model_of(kind)
    return model.objects.select_related("severity").in_bulk(keys) if issubclass(model, Subject) else {}


def _found(hit: Hit, url: str, subject: Any) -> Found:
    if subject is not None:
        return _subject(subject, url)
    model: Any = model_of(hit.kind)
    return Found(title=hit.title, kind=str(model._meta.verbose_name), url=url, snippet=hit.excerpt)


def _subject(subject: Any, url: str) -> Found:
    kind = str(subject._meta.verbose_name)
    return Found(title=f"{subject.name} {subject.title}", kind=kind, url=url, subject=subject)
