"""The lists of which people keep views: what each may be asked, and where it is. Apps register theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from core.errors import Invalid


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A list.

    :ivar url_name: its page in the console. :ivar parameters: what a view of it may hold.
    :ivar columns: what it can show.
    """

    name: str
    title: Any
    url_name: str
    parameters: frozenset[str]
    columns: tuple[str, ...]


_listings: dict[str, Listing] = {}


def register(listing: Listing) -> None:
    """Let views of a list be kept; called in an app's `filterable.py`."""
    _listings[listing.name] = listing


def names() -> list[str]:
    """The lists there are."""
    return sorted(_listings)


def title_of(name: str) -> Any:
    """What a list is called; its name when nobody registered it."""
    known = _listings.get(name)
    return known.title if known else name


def check(name: str, query: Mapping[str, Sequence[str]], columns: Sequence[str]) -> None:
    """See that the list has such parameters and columns.

    :raises Invalid: naming the field.
    """
    known = _listings.get(name)
    if known is None:
        raise Invalid(_("There is no such list."), field="list")
    for field, given, there in (("query", query, known.parameters), ("columns", columns, known.columns)):
        strange = next((word for word in given if word not in there), None)
        if strange is not None:
            words = {"word": strange[:80], "words": ", ".join(sorted(there))}
            raise Invalid(_("“%(word)s” is not one of %(words)s.") % words, field=field)


def query_of(view: Any) -> str:
    """The parameters with which a list shows a saved view."""
    pairs = [(name, value) for name, values in view.query.items() for value in values]
    return "?" + urlencode([*pairs, ("view", str(view.uuid))])


def address_of(view: Any) -> str:
    """Where a saved view is opened; empty when its list is gone."""
    known = _listings.get(view.listing)
    return reverse(known.url_name) + query_of(view) if known else ""
