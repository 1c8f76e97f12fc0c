"""What the checks of a preflight say."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

WARNING = "WARN"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One sentence.

    :ivar stops: whether the upgrade must not begin before it is mended.
    :ivar word: what stands before it.
    """

    said: str
    stops: bool = False
    word: str = "ok"


Check = Callable[[], Iterator[Finding]]


def well(said: str) -> Finding:
    """As it should be."""
    return Finding(said=said)


def note(said: str) -> Finding:
    """Worth knowing, and no reason to wait."""
    return Finding(said=said, word="note")


def warn(said: str) -> Finding:
    """To be looked into; an upgrade makes it no worse."""
    return Finding(said=said, word=WARNING)


def stop(said: str) -> Finding:
    """To be mended first."""
    return Finding(said=said, stops=True, word="STOP")
