"""The register of every copy of a text that erasing must clear (search, outbox, drafts)."""

from collections.abc import Callable

Clear = Callable[[int], None]
_copies: dict[str, list[Clear]] = {}


def register(kind: str, clear: Clear) -> None:
    """`clear(primary_key)` deletes what is kept elsewhere of an object of the kind ("event", …)."""
    _copies.setdefault(kind, []).append(clear)


def clear(kind: str, pk: int) -> None:
    """Delete every registered copy. Runs in the caller's transaction."""
    for copy in _copies.get(kind, []):
        copy(pk)
