"""What the checks of a preflight say."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One sentence.

    :ivar stops: whether the upgrade must not begin before it is mended.
    """

    said: str
    stops: bool = False


Check = Callable[[], Iterator[Finding]]


def well(said: str) -> Finding:
    """As it should be, or worth knowing."""
    return Finding(said=said)


def stop(said: str) -> Finding:
    """To be mended first."""
    return Finding(said=said, stops=True)
