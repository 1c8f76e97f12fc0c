"""What several parts of one page ask, found once."""

from collections.abc import Callable
from typing import Any, TypeVar

Found = TypeVar("Found")


def once(holder: Any, name: str, find: Callable[[], Found]) -> Found:
    """What `find` returns, kept with its holder: the request, or the subject as the page has it."""
    kept: dict[str, Any] = holder.__dict__.setdefault("_found_once", {})
    if name not in kept:
        kept[name] = find()
    found: Found = kept[name]
    return found
