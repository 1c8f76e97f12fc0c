"""The registry of a subject's tabs. Each app registers its own in `panels.py`, as an `admin.py` does with the admin."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Page
from django.db.models import QuerySet
from django.http import HttpRequest

from core.console.counting import CappedPaginator

PER_PAGE = 25

Context = Callable[[HttpRequest, Any], dict[str, Any]]
Count = Callable[[Any], Any]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One tab of a subject's page.

    :ivar count: shown beside the title; asked on each page of the subject, so it must be cheap.
    :ivar context: what the template gets; asked only when the tab is open.
    :ivar kinds: the kinds of subjects that have it.
    """

    key: str
    title: Any
    template: str
    context: Context
    count: Count | None = None
    order: int = 50
    kinds: frozenset[str] = field(default=frozenset({"incident", "case"}))


_panels: dict[str, Panel] = {}


def register(panel: Panel) -> None:
    """Add a tab; a second one of the same key replaces the first."""
    _panels[panel.key] = panel


def panels_of(subject: Any) -> list[Panel]:
    """The tabs of a subject, in their order."""
    found = (panel for panel in _panels.values() if subject.kind in panel.kinds)
    return sorted(found, key=lambda panel: (panel.order, panel.key))


def tabs(request: HttpRequest, subject: Any, current: str) -> list[dict[str, Any]]:
    """The tabs as links, with their counts."""
    return [
        {
            "title": panel.title,
            "url": f"{request.path}?tab={panel.key}",
            "count": panel.count(subject) if panel.count else None,
            "here": panel.key == current,
        }
        for panel in panels_of(subject)
    ]


def open_panel(request: HttpRequest, subject: Any) -> Panel:
    """The tab that `?tab=` asks for, or the first."""
    found = panels_of(subject)
    wanted = request.GET.get("tab", "")
    return next((panel for panel in found if panel.key == wanted), found[0])


def page_of(
    request: HttpRequest, rows: QuerySet[Any, Any], per_page: int = PER_PAGE, number: int | None = None,
    total: int | None = None,
) -> "Page[Any]":  # fmt: skip
    """The page of rows that `?page=` asks for; nonsense gets the first or the last, nothing the given one.

    :param total: how many rows there are, where that is known.
    """
    paginator = CappedPaginator(rows, per_page)
    if total is not None:
        paginator.total = total
    return paginator.get_page(request.GET.get("page", number))
