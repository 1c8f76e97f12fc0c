"""Checks of the values that an expression compares with. Each returns the value in the form that fields work on."""

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from core.emails import normalise
from core.validators import UNSTORABLE

LONGEST_LIST = 100
LONGEST_WORD = 300
LONGEST_TEXT = 200
MOST_DAYS = 3660
# What can be moved between time zones without leaving the calendar.
YEARS = range(1900, 9998)


class Wrong(Exception):
    """A value cannot be used; the sentence says the mend. `place`: which one of a list, counted from 0."""

    def __init__(self, message: str, place: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.place = place


@dataclass(frozen=True)
class Names:
    """Things meant by name or by id; what reads as an id may be a name too."""

    names: tuple[str, ...]
    uuids: tuple[uuid.UUID, ...]

    @classmethod
    def of(cls, *words: str) -> Self:
        return cls(words, tuple(key for word in words if (key := read_uuid(word))))

    def __len__(self) -> int:
        return len(self.names)

    def each(self) -> "list[Names]":
        """One by one."""
        return [Names.of(name) for name in self.names]


def read_uuid(word: str) -> uuid.UUID | None:
    """The id that is written with its hyphens, or None."""
    try:
        key = uuid.UUID(word)
    except ValueError:
        return None
    return key if str(key) == word.lower() else None


def names(value: Any) -> Names:
    """Some names or ids."""
    return Names.of(*_list_of(value, _word))


def addresses(value: Any) -> Names:
    """Some e-mail addresses or ids of people."""
    return Names.of(*_list_of(value, _address))


def one_of(choices: Collection[str]) -> Callable[[Any], tuple[str, ...]]:
    """A check for some of the given words."""

    def check(word: Any) -> str:
        if not isinstance(word, str) or word not in choices:
            raise Wrong(_("Use one of: %(choices)s.") % {"choices": ", ".join(choices)})
        return word

    return lambda value: _list_of(value, check)


def text(value: Any) -> str:
    """A piece of text to look for."""
    if not isinstance(value, str) or not value or len(value) > LONGEST_TEXT or UNSTORABLE.search(value):
        raise Wrong(_("Give the text to look for, 1 to %(most)d characters.") % {"most": LONGEST_TEXT})
    return value


def moment(value: Any) -> datetime:
    """A date and time with its zone."""
    try:
        found = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or found.year not in YEARS:
        raise Wrong(_("Give a date and time with its zone, for example 2026-11-24T09:41:00Z."))
    return found


def days(value: Any) -> int:
    """A number of days."""
    if type(value) is not int or not 1 <= value <= MOST_DAYS:
        raise Wrong(_("Give a number of days from 1 to %(most)d.") % {"most": MOST_DAYS})
    return value


def flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Wrong(_("Give true or false."))
    return value


def _list_of(value: Any, check: Callable[[Any], str]) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= LONGEST_LIST:
        raise Wrong(_("Give a list of 1 to %(most)d values.") % {"most": LONGEST_LIST})
    found = []
    for place, each in enumerate(value):
        try:
            found.append(check(each))
        except Wrong as wrong:
            raise Wrong(wrong.message, place) from None
    return tuple(dict.fromkeys(found))


def _word(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > LONGEST_WORD or UNSTORABLE.search(value):
        raise Wrong(_("Give a name or an id, at most %(most)d characters.") % {"most": LONGEST_WORD})
    return value


def _address(value: Any) -> str:
    if isinstance(value, str) and read_uuid(value):
        return value
    try:
        return normalise(value if isinstance(value, str) else "")
    except ValueError:
        raise Wrong(_("Give an e-mail address, or a person's id.")) from None
