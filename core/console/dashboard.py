"""The registry of the home page's cards. Apps register theirs in `panels.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

PLACES = ("actions", "calls", "stats", "main", "aside", "below")


@dataclass(frozen=True, kw_only=True)
class Card:
    """One part of the home page. `context` may return None: nothing to show this reader.

    :ivar place: "actions" (a button), "calls" (what waits for the reader), "stats" (a figure), "main", "aside" or
        "below" (what is looked at in quiet hours). On a phone they follow each other in this order.
    """

    key: str
    template: str
    context: Callable[[HttpRequest], dict[str, Any] | None]
    place: str = "main"
    order: int = 50


_cards: dict[str, Card] = {}


def register(card: Card) -> None:
    """Add a card; a second one of the same key replaces the first."""
    _cards[card.key] = card


def cards(request: HttpRequest) -> dict[str, list[dict[str, Any]]]:
    """The cards for the reader by place, each with its template and context."""
    shown: dict[str, list[dict[str, Any]]] = {place: [] for place in PLACES}
    for card in sorted(_cards.values(), key=lambda card: (card.order, card.key)):
        context = card.context(request)
        if context is not None:
            shown[card.place].append({"template": card.template, "card": context})
    return shown
