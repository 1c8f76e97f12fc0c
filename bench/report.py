"""The figures as a table beside their budgets, and for machines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bench.calls import CALLS, Budget, Call
from bench.measuring import Figures

MOST_GROWTH: Final = 1.2
MOST_MEMORY: Final = 250 * 1024 * 1024
HEADS: Final = ("call", "queries", "median", "p95", "CPU web", "CPU db", "bytes", "budget", "")


@dataclass(kw_only=True)
class Round:
    """What was measured at one size of the database."""

    incidents: int
    figures: dict[str, Figures]
    memory_bytes: int
    built_seconds: float = 0.0


@dataclass(kw_only=True)
class Report:
    """All rounds of a run, the smallest database first.

    :ivar calls: what was asked, with its budgets; :ivar memory_budget: bytes of all web processes, None for no limit.
    """

    database: str
    rounds: list[Round] = field(default_factory=list)
    calls: Sequence[Call] = CALLS
    memory_budget: int | None = MOST_MEMORY

    def text(self) -> str:
        """The tables."""
        parts = [self._table(one) for one in self.rounds]
        if len(self.rounds) > 1:
            parts.append(self._growth_table())
        return "\n\n".join(parts)

    def over(self) -> list[str]:
        """What is over its budget, in words. Of the calls those at the largest size count."""
        if not self.rounds:
            return []
        last = self.rounds[-1]
        found = [
            f"{call.key}: {', '.join(too_much)}"
            for call in self._called(last)
            if (too_much := exceeded(call.budget, last.figures[call.key]))
        ]
        if self.memory_budget and last.memory_bytes > self.memory_budget:
            found.append(f"memory: {_mebibytes(last.memory_bytes)}")
        return found + [
            f"{call.key}: {growth:.2f} times what it takes at {self.rounds[0].incidents:,}"
            for call, growth in self.growth()
            if growth > MOST_GROWTH
        ]

    def growth(self) -> list[tuple[Call, float]]:
        """Of the calls that must stay steady, the processor time at the largest size by that at the smallest."""
        if len(self.rounds) < 2:
            return []
        first, last = self.rounds[0].figures, self.rounds[-1].figures
        return [
            (call, last[call.key].cpu_ms / first[call.key].cpu_ms)
            for call in self.calls
            if call.steady and call.key in first and call.key in last and first[call.key].cpu_ms
        ]

    def as_dict(self) -> dict[str, Any]:
        """For machines: figures and budgets by call, the growth, and what is over."""
        return {
            "database": self.database,
            "rounds": [
                {
                    "incidents": one.incidents, "memory_bytes": one.memory_bytes, "built_seconds": one.built_seconds,
                    "calls": {
                        call.key: {**one.figures[call.key].as_dict(), "budget": vars(call.budget)}
                        for call in self._called(one)
                    },
                }
                for one in self.rounds
            ],
            "growth": {call.key: growth for call, growth in self.growth()},
            "over": self.over(),
        }  # fmt: skip

    def _called(self, one: Round) -> Iterable[Call]:
        return (call for call in self.calls if call.key in one.figures)

    def _table(self, one: Round) -> str:
        rows = [_row(call, one.figures[call.key]) for call in self._called(one)]
        memory = f"memory of the web processes: {_mebibytes(one.memory_bytes)}"
        if self.memory_budget:
            verdict = "pass" if one.memory_bytes <= self.memory_budget else "OVER"
            memory += f" (budget {_mebibytes(self.memory_budget)}) {verdict}"
        title = f"{one.incidents:,} incidents, {self.database}; milliseconds, CPU per request"
        return "\n".join([title, *_lines([HEADS, *rows]), memory])

    def _growth_table(self) -> str:
        first, last = self.rounds[0].incidents, self.rounds[-1].incidents
        rows = [
            (call.key, f"{growth:.2f}", f"<= {MOST_GROWTH}", "pass" if growth <= MOST_GROWTH else "OVER")
            for call, growth in self.growth()
        ]
        title = f"CPU at {last:,} by CPU at {first:,}"
        return "\n".join([title, *_lines([("call", "times", "budget", ""), *rows])])


def exceeded(budget: Budget, figures: Figures) -> list[str]:
    """What is above the budget, in words."""
    limits = (
        ("median", figures.median_ms, budget.ms, "{:.0f} ms"),
        ("95th percentile", figures.p95_ms, budget.p95_ms, "{:.0f} ms"),
        ("queries", figures.queries, budget.queries, "{:,}"),
        ("bytes", figures.size, budget.size, "{:,}"),
    )
    return [
        f"{name} {form.format(value)} of {form.format(limit)}"
        for name, value, limit, form in limits
        if limit is not None and value > limit
    ]


def _row(call: Call, figures: Figures) -> tuple[str, ...]:
    limited = any(value is not None for value in vars(call.budget).values())
    verdict = "OVER" if exceeded(call.budget, figures) else "pass"
    database = "-" if figures.database_ms is None else f"{figures.database_ms:.1f}"
    return (
        call.key, str(figures.queries), f"{figures.median_ms:.1f}", f"{figures.p95_ms:.1f}", f"{figures.web_ms:.1f}",
        database, f"{figures.size:,}", _said(call.budget), verdict if limited else "",
    )  # fmt: skip


def _said(budget: Budget) -> str:
    parts = [
        f"{budget.ms:g} ms" if budget.ms is not None else "",
        f"p95 {budget.p95_ms:g} ms" if budget.p95_ms is not None else "",
        f"{budget.queries} queries" if budget.queries is not None else "",
        f"{budget.size // 1000} kB" if budget.size is not None else "",
    ]
    return ", ".join(part for part in parts if part)


def _lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """A table in Markdown, its columns under each other."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return lines


def _mebibytes(size: int) -> str:
    return f"{size / 1024 / 1024:.0f} MiB"
