"""Checks of single values, with a message that says the mend."""

import functools
import re
import zoneinfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

PREFIX = re.compile(r"[A-Z][A-Z0-9]*")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
# NUL and lone surrogates: PostgreSQL refuses both, SQLite hides them (DESIGN: what SQLite hides).
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@functools.cache
def time_zones() -> frozenset[str]:
    """The zones there are. Asked once a process: each asking reads the whole zone database from the disk."""
    return frozenset(zoneinfo.available_timezones())


def valid_time_zone(value: str) -> None:
    """Refuse what is not an IANA zone, for example Europe/Berlin."""
    if value not in time_zones():
        raise ValidationError(
            _("“%(value)s” is not a time zone. Use a name such as Europe/Berlin."), "time_zone", {"value": value}
        )


def valid_prefix(value: str) -> None:
    """Refuse what cannot stand before a subject's number."""
    if not PREFIX.fullmatch(value):
        raise ValidationError(
            _("A prefix is capital letters and digits and begins with a letter, for example PAY."), "prefix"
        )


def valid_colour(value: str) -> None:
    """Refuse what is not a colour as #rrggbb."""
    if not COLOUR.fullmatch(value):
        raise ValidationError(_("Write the colour as # and six hexadecimal digits, for example #e53935."), "colour")


def storable(value: str) -> None:
    """Refuse characters that no database keeps."""
    if UNSTORABLE.search(value):
        raise ValidationError(_("The text holds a NUL character or half a character; remove it."), "unstorable")
