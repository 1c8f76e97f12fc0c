"""Plain values, read and written strictly: nothing is converted, stripped or guessed."""

from datetime import UTC, datetime
from typing import Any, Final

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

LARGEST_INTEGER: Final = 2**31 - 1
# Outside of these a zone's offset would overflow on some platform or database.
FIRST_YEAR, LAST_YEAR = 1900, 9998
# RFC 3339's full-time, which the format `time` means, has seconds and a zone.
CLOCK: Final = r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$"


class Text(serializers.CharField):
    """Text to the letter. A number is not text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"trim_whitespace": False, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text: str = super().to_internal_value(data)
        return text


class Whole(serializers.IntegerField):
    """A whole number that both databases hold. "12" and 12.0 are none."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["max_value"] = min(kwargs.get("max_value", LARGEST_INTEGER), LARGEST_INTEGER)
        kwargs["min_value"] = max(kwargs.get("min_value", -LARGEST_INTEGER), -LARGEST_INTEGER)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        number: int = data
        return number


class Flag(serializers.BooleanField):
    """true or false."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        flag: bool = data
        return flag


class Choice(serializers.ChoiceField):
    """One of a few words, or of a few whole numbers: as the choices are, so is what is sent."""

    default_error_messages = {"invalid_choice": _("“{input}” is not one of {choices}.")}

    def to_internal_value(self, data: Any) -> Any:
        if data == "" and self.allow_blank:
            return ""
        plain = isinstance(data, str | int) and not isinstance(data, bool)
        # True and 1 are equal; “0” and 0 are not.
        if not (plain and data in self.choices):
            choices = ", ".join(text for text in self.choice_strings_to_values if text)
            self.fail("invalid_choice", input=str(data)[:80] if plain else type(data).__name__, choices=choices)
        return self.choice_strings_to_values[str(data)]


@extend_schema_field({"type": "string", "pattern": CLOCK})
class Clock(serializers.TimeField):
    """A time of day without a zone, read and written as 09:30."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"format": "%H:%M", **kwargs})


@extend_schema_field(OpenApiTypes.DATETIME)
class Moment(serializers.Field):
    """RFC 3339. Read with any offset, written in UTC."""

    default_error_messages = {
        "invalid": _("Give a date and time with its zone, for example 2026-11-24T09:41:00Z."),
        "range": _("This time is too far away."),
    }

    def to_internal_value(self, data: Any) -> datetime:
        moment = read_moment(data)
        if moment is None:
            self.fail("invalid")
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            self.fail("range")
        return moment.astimezone(UTC)

    def to_representation(self, value: datetime) -> str:
        return write_moment(value)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class JSONObject(serializers.Field):
    """Any JSON object."""

    default_error_messages = {"invalid": _("This must be an object.")}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("invalid")
        value: dict[str, Any] = data
        return value

    def to_representation(self, value: Any) -> Any:
        return value


def read_moment(text: Any) -> datetime | None:
    """The moment, or None when the text is not one or has no zone."""
    try:
        moment = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def write_moment(moment: datetime) -> str:
    """In UTC, with a fraction only where there is one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
