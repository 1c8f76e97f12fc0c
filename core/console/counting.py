"""Counts that stop at ten thousand, for lists and badges."""

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet

LIMIT = 10_000
# Where a figure stands beside something else, on every page: nobody compares such numbers beyond it.
FEW = 1_000
# What is one's own, on every page too: who has more than that does not ask how many.
OWN = 99


def capped(queryset: QuerySet[Any, Any], limit: int | None = None) -> int:
    """How many rows there are; `limit + 1` stands for more than `limit` (default: `LIMIT`). Reads that many index
    entries at most.
    """
    return queryset.order_by().values("pk")[: (limit or LIMIT) + 1].count()


def in_words(count: int, limit: int = LIMIT) -> str:
    """The count as people read it: 4,310 or 10,000+."""
    return f"{limit:,}+" if count > limit else f"{count:,}"


class CappedPaginator(Paginator):
    """Pages of a list of which nobody turns past the ten thousandth row."""

    @cached_property
    def total(self) -> int:
        """How many rows there are, at most one more than the cap."""
        return capped(self.object_list)  # type: ignore[arg-type]

    @cached_property
    def count(self) -> int:
        """Rows that can be paged through."""
        return min(self.total, LIMIT)
