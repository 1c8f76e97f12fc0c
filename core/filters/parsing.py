"""Reading an expression: strict, bounded, and with a refusal that names the place and the mend."""

import json
from collections.abc import Iterable
from typing import Any, Final

from django.utils.translation import gettext as _

from core.errors import Invalid
from core.filters.expressions import All, AnyOf, Expression, Node, Not, Test
from core.filters.registry import Kind, kind_of
from core.filters.values import Wrong

DEEPEST: Final = 8
MOST_PARTS: Final = 200
MOST_VALUES: Final = 500  # in all lists together: each may become a subquery
LONGEST: Final = 50_000  # characters of JSON
TEST_KEYS: Final = {"field", "op", "value"}
GROUPS: Final = {"all": All, "any": AnyOf}


def parse(kind: str, data: Any, *, field: str = "filter") -> Expression:
    """The expression that decoded JSON makes.

    :raises Invalid: `field` is the place: `filter.all.2.value.0` is the first value of the third part.
    """
    about = kind_of(kind)
    return Expression(about, _Reader(about).node(data, field, 1), data)


def parse_text(kind: str, text: str, *, field: str = "filter") -> Expression:
    """The expression that is written as JSON text.

    :raises Invalid: also when it is no JSON.
    """
    if len(text) > LONGEST:
        raise Invalid(_("The filter is too long; at most %(most)d characters.") % {"most": LONGEST}, field=field)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid(_("The filter is not valid JSON."), field=field) from None
    return parse(kind, data, field=field)


class _Reader:
    """Reads the parts of one expression and counts them."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.parts = 0
        self.values = 0

    def node(self, data: Any, path: str, depth: int) -> Node:
        self._count(path, depth)
        if not isinstance(data, dict):
            raise Invalid(_("Write an object: a group (all, any, not) or a comparison (field, op, value)."), field=path)
        if len(data) == 1 and (group := GROUPS.get(next(iter(data)))):
            return self._group(group, data, path, depth)
        if set(data) == {"not"}:
            return Not(self.node(data["not"], f"{path}.not", depth + 1))
        if set(data) == TEST_KEYS:
            return self._test(data, path)
        said = ", ".join(str(key)[:30] for key in list(data)[:5]) or _("nothing")
        raise Invalid(
            _("A part holds either all, any or not, or field, op and value; this one holds: %(keys)s.")
            % {"keys": said},
            field=path,
        )

    def _count(self, path: str, depth: int) -> None:
        self.parts += 1
        if depth > DEEPEST:
            raise Invalid(_("Parts lie in each other at most %(most)d deep.") % {"most": DEEPEST}, field=path)
        if self.parts > MOST_PARTS:
            raise Invalid(_("A filter has at most %(most)d parts.") % {"most": MOST_PARTS}, field=path)

    def _group(self, group: Any, data: dict[str, Any], path: str, depth: int) -> Node:
        word, parts = next(iter(data.items()))
        own = f"{path}.{word}"
        if not isinstance(parts, list):
            raise Invalid(_("Write a list of parts."), field=own)
        if not parts and group is AnyOf:
            raise Invalid(_("Without a part nothing could ever match; write all to let everything match."), field=own)
        return group(tuple(self.node(part, f"{own}.{place}", depth + 1) for place, part in enumerate(parts)))

    def _test(self, data: dict[str, Any], path: str) -> Node:
        no_field = _("There is no field “%(word)s”. Use one of: %(words)s.")
        field = self.kind.fields[_known(data["field"], self.kind.fields, no_field, f"{path}.field")]
        no_op = _("It is not compared by “%(word)s”. Use one of: %(words)s.")
        op = _known(data["op"], field.ops, no_op, f"{path}.op")
        try:
            value = field.ops[op](data["value"])
        except Wrong as wrong:
            place = "" if wrong.place is None else f".{wrong.place}"
            raise Invalid(wrong.message, field=f"{path}.value{place}") from None
        self._count_values(data["value"], f"{path}.value")
        return Test(field, op, value)

    def _count_values(self, value: Any, path: str) -> None:
        self.values += len(value) if isinstance(value, list) else 1
        if self.values > MOST_VALUES:
            raise Invalid(_("A filter has at most %(most)d values in all.") % {"most": MOST_VALUES}, field=path)


def _known(word: Any, known: Iterable[str], message: str, path: str) -> str:
    words = list(known)
    if not isinstance(word, str) or word not in words:
        raise Invalid(message % {"word": str(word)[:50], "words": ", ".join(words)}, field=path)
    return word
