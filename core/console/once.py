"""What several parts of one page ask of a subject, found once."""

from collections.abc import Callable
from typing import Any, TypeVar

Found = TypeVar("Found")


def once(subject: Any, name: str, find: Callable[[], Found]) -> Found:
    """What `find` returns, kept with the subject as the page has it; that one lives as long as the request."""
    kept: dict[str, Any] = subject.__dict__.setdefault("_found_once", {})
    if name not in kept:
        kept[name] = find()
    found: Found = kept[name]
    return found
