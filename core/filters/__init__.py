"""Filter expressions: one JSON form, evaluated alike in the database and in memory. See docs/filters.md."""

from core.filters.expressions import Expression, facts, matching
from core.filters.fields import Facts, Field, Named
from core.filters.parsing import parse, parse_text
from core.filters.registry import Kind, kind_of, kinds, register

__all__ = [
    "Expression", "Facts", "Field", "Kind", "Named", "facts", "kind_of", "kinds", "matching", "parse", "parse_text",
    "register",
]  # fmt: skip
