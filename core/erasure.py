"""The register of every copy of a text that erasing must clear (search, documents, hand-overs, mail)."""

import re
from collections.abc import Callable

from django.utils.translation import gettext as _

Clear = Callable[[int], None]
_copies: dict[str, list[Clear]] = {}


def register(kind: str, clear: Clear) -> None:
    """`clear(primary_key)` deletes what is kept elsewhere of an object of the kind ("event", …)."""
    _copies.setdefault(kind, []).append(clear)


def clear(kind: str, pk: int) -> None:
    """Delete every registered copy. Runs in the caller's transaction."""
    for copy in _copies.get(kind, []):
        copy(pk)


def without(text: str, erased: str) -> str:
    """The text with what is erased taken out wherever it stands as a whole, and not within a longer word."""
    return re.sub(rf"(?<!\w){re.escape(erased)}(?!\w)", lambda _match: _("(erased)"), text)
