"""Counts that stop at ten thousand, for lists and badges."""

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet

LIMIT = 10_000


def capped(queryset: QuerySet[Any, Any]) -> int:
    """How many rows there are; `LIMIT + 1` stands for more than `LIMIT`. Reads that many index entries at most."""
    return queryset.order_by().values("pk")[: LIMIT + 1].count()


def in_words(count: int) -> str:
    """The count as people read it: 4,310 or 10,000+."""
    return f"{LIMIT:,}+" if count > LIMIT else f"{count:,}"


class CappedPaginator(Paginator):
    """Pages of a list of which nobody turns past the ten thousandth row."""

    @cached_property
    def count(self) -> int:
        """Rows that can be paged through."""
        return min(capped(self.object_list), LIMIT)  # type: ignore[arg-type]
