"""What is found without a document of its own: rows too many to be copied, searched where they are."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models


@dataclass(frozen=True, kw_only=True)
class Hit:
    """Something found: its kind, primary key, and what to show of it."""

    kind: str
    object_id: int
    title: str
    body: str
    restricted: bool
    excerpt: str = ""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A kind of rows with a full-text table of its own. The callables apply the user's access in the query itself.

    :ivar find: `(user, terms, limit)` gives the best hits.
    :ivar subjects: `(user, kind of subject, terms, limit)` gives primary keys of subjects with such rows.
    :ivar rebuild: `(batch)` writes all entries anew and yields how many are done.
    :ivar is_unfilled: whether there are rows and no entry at all, as after the upgrade that brought the table.
    """

    name: str
    model: type[models.Model]
    find: Callable[[Any, list[str], int], list[Hit]]
    subjects: Callable[[Any, str, list[str], int], list[int]]
    rebuild: Callable[[int], Iterator[int]]
    is_unfilled: Callable[[], bool]


_sources: dict[str, Source] = {}


def register_source(source: Source) -> None:
    """Make the rows findable; called in an app's `searchable.py`."""
    _sources[source.name] = source


def sources() -> list[Source]:
    """The registered sources."""
    return list(_sources.values())
