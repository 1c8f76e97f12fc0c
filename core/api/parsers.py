"""Reading a body strictly: one JSON object of sane size and depth that every database can keep."""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import IO, Any, Final

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser, MultiPartParser

from core.api.errors import field_error
from core.validators import UNSTORABLE

DEEPEST: Final = 32
# What the framework makes of bytes in a form that are no text.
REPLACED: Final = "\ufffd"


class TooLarge(APIException):
    """The body is longer than `MAX_BODY_BYTES`."""

    status_code = 413
    default_code = "too_large"


class StrictJSON(BaseParser):
    """Refuses what Python's reader lets pass: NaN, Infinity, numbers that overflow, a key twice, NUL characters, half
    characters, deep nesting, and anything but an object at the top.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        value = _read(_bounded(stream))
        if not isinstance(value, dict):
            raise ParseError(_("The body must be a JSON object."))
        _check(value)
        return value


class StrictForm(MultiPartParser):
    """A form of several parts, cut off when it is too large. A part that comes twice is refused, and text that is no
    UTF-8: the framework would keep the last, and put something else into the text.
    """

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            sent: Any = super().parse(stream, media_type, parser_context)
        except RequestDataTooBig:
            raise TooLarge(_("The file is larger than may be attached.")) from None
        parts = [*sent.data.lists(), *sent.files.lists()]
        counts = Counter(name for name, values in parts for _value in values)
        twice = next((name for name, times in counts.items() if times > 1), None)
        if twice is not None:
            raise field_error(twice, _("This comes several times; send it once."), "repeated")
        for name, value in sent.data.items():
            if REPLACED in name + value:
                raise field_error(name, _("The text is not UTF-8."))
        return sent


def _bounded(stream: IO[bytes]) -> bytes:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body = stream.read(limit + 1)
    if len(body) > limit:
        raise TooLarge(_("The body is larger than %(limit)d bytes.") % {"limit": limit})
    return body


def _read(body: bytes) -> Any:
    try:
        text = body.decode("utf-8")
        return json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_without_doubles
        )
    except UnicodeDecodeError:
        raise ParseError(_("The body is not UTF-8.")) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        # json's own messages tell the place; Python's, for a number of thousands of digits, what is wrong.
        raise ParseError(_("The body is not JSON: %(why)s") % {"why": error}) from None


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:40]} is too large")
    return number


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        twice, _times = Counter(name for name, _value in pairs).most_common(1)[0]
        raise ValueError(f"the key “{twice[:80]}” comes twice")
    return value


def _check(value: Any) -> None:
    level = [value]
    for _depth in range(DEEPEST):
        if not level:
            return
        level = [inner for outer in level for inner in _inside(outer)]
    raise _too_deep()


def _inside(value: Any) -> Iterator[Any]:
    """The values one level down; on the way every text is checked."""
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, list):
        yield from value
    elif isinstance(value, dict):
        for name in value:
            _check_text(name)
        yield from value.values()


def _check_text(text: str) -> None:
    if UNSTORABLE.search(text):
        raise ParseError(_("The body holds a NUL character or half a character; remove it."))


def _too_deep() -> ParseError:
    return ParseError(_("The body is nested deeper than %(levels)d levels.") % {"levels": DEEPEST})
