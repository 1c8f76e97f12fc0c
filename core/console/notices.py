"""What must be seen above a subject's tabs. Apps register finders in `panels.py`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from core.console.dialogs import Button


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One line: a word in red (act) or amber (soon), a sentence, what to do.

    :ivar tone: "red" or "amber". :ivar order: among those of its tone, the small ones first.
    """

    word: Any
    tone: str
    said: Any
    more: Any = ""
    url: str = ""
    buttons: list[Button] = field(default_factory=list)
    order: int = 50


Finder = Callable[[HttpRequest, Any], Iterable[Notice]]
_finders: list[Finder] = []


def register(finder: Finder) -> Finder:
    """Ask the function for notices on every page of a subject; it must be cheap."""
    _finders.append(finder)
    return finder


def notices(request: HttpRequest, subject: Any) -> list[Notice]:
    """The subject's notices, red ones first."""
    found = [notice for finder in _finders for notice in finder(request, subject)]
    return sorted(found, key=lambda notice: (notice.tone != "red", notice.order))
