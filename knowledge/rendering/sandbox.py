"""Carries a template out: no code, no objects, bounded output."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from jinja2 import DebugUndefined, Undefined
from jinja2 import TemplateError as JinjaError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from knowledge.rendering.markdown import MAX_LENGTH, escape

FILTERS: Final = frozenset(
    {"default", "d", "join", "length", "count", "upper", "lower", "title", "first", "last", "trim"}
)
TESTS: Final = frozenset({"defined", "undefined", "none", "eq", "ne", "in"})


class RenderError(Exception):
    """A template does not give a text; the message is in words."""


class Placeholder(DebugUndefined):
    """A name that nothing stands behind: shown as it was written, whole path and all."""

    def __getattr__(self, name: str) -> "Placeholder":
        if name[:2] == "__":
            raise AttributeError(name)
        return Placeholder(name=f"{self._undefined_name}.{name}")

    def __str__(self) -> str:
        return f"{{{{ {self._undefined_name} }}}}"


def finalize(value: Any) -> str:
    """What each placeholder gives: its text, escaped; of a list its items, of a thing with fields its name."""
    if isinstance(value, Undefined):
        return str(value)
    if isinstance(value, Mapping):
        return finalize(value.get("name", ""))
    if isinstance(value, list | tuple):
        return ", ".join(finalize(item) for item in value)
    return escape(str(value))


def environment() -> ImmutableSandboxedEnvironment:
    """A sandbox with a handful of filters and not one global."""
    made = ImmutableSandboxedEnvironment(
        undefined=Placeholder,
        finalize=finalize,
        # The output is Markdown: finalize escapes what goes in, render_html what comes out.
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in FILTERS}
    made.tests = {name: made.tests[name] for name in TESTS}
    return made


ENVIRONMENT: Final = environment()


def render_template(body: str, context: Mapping[str, Any]) -> str:
    """The template filled with plain values (texts, and lists and dicts of texts).

    A placeholder that nothing stands behind stays visible. Check the template first: `check_template` is what bounds
    the time it takes.

    :raises RenderError: when it fails, or gives more than `MAX_LENGTH` characters.
    """
    parts: list[str] = []
    length = 0
    try:
        for part in ENVIRONMENT.from_string(body).generate(**context):
            length += len(part)
            if length > MAX_LENGTH:
                raise RenderError(_("The text would be longer than %(max)d characters.") % {"max": MAX_LENGTH})
            parts.append(part)
    except (JinjaError, TypeError, ValueError, LookupError, AttributeError) as error:
        raise RenderError(_("The template fails: %(why)s") % {"why": error}) from error
    return "".join(parts)
