"""Charts drawn by the server: bars as SVG, each a link to the list that makes it, and the same figures as text."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

HEIGHT: Final = 110
WIDTH: Final = 620
GAP: Final = 0.22
# A figure that is there is seen.
LEAST: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class Part:
    """A share of a bar: how much, in which colour, and in words."""

    value: float
    said: str
    colour: str = "var(--accent)"


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: what it stands for, its parts from the ground up, and the list behind it.

    :ivar figure: the whole in a word or two, for beside the bar; :ivar said: the same with all that belongs to it.
    """

    label: str
    figure: str
    said: str
    url: str
    parts: Sequence[Part] = ()

    @property
    def value(self) -> float:
        """The whole bar."""
        return sum(part.value for part in self.parts)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A rectangle of the picture."""

    x: str
    y: str
    width: str
    height: str
    colour: str
    said: str


@dataclass(frozen=True, kw_only=True)
class Column:
    """A bar with its rectangles."""

    bar: Bar
    middle: str
    rectangles: list[Drawn]
    share: int


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Bars side by side, as time has them, or one below the other, as names do.

    :ivar upright: side by side. :ivar note: what is counted, in a sentence.
    """

    title: Any
    note: Any
    bars: Sequence[Bar]
    upright: bool = True
    legend: Sequence[tuple[str, str]] = field(default_factory=list)
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(bar.value for bar in self.bars)

    @property
    def columns(self) -> list[Column]:
        """The bars with their places in the picture."""
        most = max((bar.value for bar in self.bars), default=0) or 1
        step = WIDTH / max(len(self.bars), 1)
        return [
            Column(
                bar=bar, middle=_number(step * (place + 0.5)), share=round(100 * bar.value / most),
                rectangles=_stack(bar, step * (place + GAP / 2), step * (1 - GAP), most),
            )
            for place, bar in enumerate(self.bars)
        ]  # fmt: skip


def in_short(amount: Any) -> str:
    """An amount in a few characters, for below a bar: 940, 2.8k, 32k, 1.3M."""
    for unit, least in (("M", 1_000_000), ("k", 1000)):
        # What would round up to the next unit is said in it.
        if amount >= least * 0.9995:
            whole = amount / least
            return f"{whole:.1f}{unit}" if whole < 9.95 else f"{whole:,.0f}{unit}"
    return f"{amount:,.0f}"


def _stack(bar: Bar, x: float, width: float, most: float) -> list[Drawn]:
    drawn, top = [], float(HEIGHT)
    for part in bar.parts:
        height = max(HEIGHT * part.value / most, LEAST) if part.value else 0.0
        top -= height
        drawn.append(
            Drawn(
                x=_number(x), y=_number(max(top, 0)), width=_number(width), height=_number(max(height - 0.8, 0)),
                colour=part.colour, said=part.said,
            )
        )  # fmt: skip
    return drawn


def _number(value: float) -> str:
    """For SVG, whatever the reader's decimal sign is."""
    return f"{value:.1f}"
