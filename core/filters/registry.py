"""Which kinds of things can be filtered, and by what. Apps register theirs in `filterable.py`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.filters.fields import Field


@dataclass(frozen=True)
class Kind:
    """A kind of thing with its fields by name."""

    name: str
    model: Any
    fields: Mapping[str, Field]


_kinds: dict[str, Kind] = {}


def register(name: str, model: Any, fields: Iterable[Field]) -> None:
    """Make a model's objects filterable under a kind."""
    _kinds[name] = Kind(name, model, {field.name: field for field in fields})


def kind_of(name: str) -> Kind:
    """The kind of a name.

    :raises LookupError: when no app registered it.
    """
    if name not in _kinds:
        raise LookupError(f"Nothing of kind {name!r} can be filtered.")
    return _kinds[name]


def kinds() -> dict[str, Kind]:
    """The registered kinds by name."""
    return dict(_kinds)
