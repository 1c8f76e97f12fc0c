"""What Ctrl-K finds: the rows that `core.search` holds, under the reader's access, as links to their pages."""

from dataclasses import dataclass
from typing import Any

from django.contrib.admin import site
from django.http import HttpRequest

from core import search
from core.search import Hit
from core.search.indexing import model_of

LIMIT = 20


@dataclass(frozen=True, kw_only=True)
class Found:
    """One line of the results."""

    title: str
    kind: str
    url: str
    snippet: str = ""
    restricted: bool = False


def find(request: HttpRequest, text: str) -> list[Found]:
    """The best matches that have a page."""
    hits = search.search(request.user, text, limit=LIMIT)
    urls = {
        kind: _addresses(kind, [hit.object_id for hit in hits if hit.kind == kind])
        for kind in {hit.kind for hit in hits}
    }
    return [_found(hit, urls[hit.kind][hit.object_id]) for hit in hits if hit.object_id in urls[hit.kind]]


def _addresses(kind: str, keys: list[int]) -> dict[int, str]:
    model = model_of(kind)
    if model is None or not site.is_registered(model):
        return {}
    admin: Any = site.get_model_admin(model)
    addresses: dict[int, str] = admin.addresses(keys)
    return addresses


def _found(hit: Hit, url: str) -> Found:
    model: Any = model_of(hit.kind)
    name = str(model._meta.verbose_name)
    return Found(title=hit.title, kind=name, url=url, snippet=hit.excerpt, restricted=hit.restricted)
