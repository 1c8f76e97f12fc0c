"""Markdown: text made harmless on its way in, safe HTML on its way out."""

import re
from typing import Final

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

# Parsing takes time in proportion, and a document of 40 pages has about this many characters.
MAX_LENGTH: Final = 200_000

_MEANINGFUL = re.compile(r"[\\`*_\[\]<>&#|~!]")
# What begins a list, an underlined heading or a table only at the start of a line.
_LINE_START = re.compile(r"^([-+=:])", re.MULTILINE)
_NUMBERED = re.compile(r"^(\d{1,9})([.)])", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+(?=\S)", re.MULTILINE)
_NBSP = "\N{NO-BREAK SPACE}"

_PARSER = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True}).enable(["table", "strikethrough"])

_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "s", "code", "pre", "blockquote"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}


def escape(text: str) -> str:
    """The text as Markdown that shows just this text: no link, heading, list, table, code or HTML comes of it."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _MEANINGFUL.sub(r"\\\g<0>", text)
    # An indented line would become code; no-break spaces keep the look.
    text = _INDENT.sub(lambda indent: _NBSP * len(indent.group().expandtabs(4)), text)
    return _NUMBERED.sub(r"\1\\\2", _LINE_START.sub(r"\\\1", text))


def render_html(markdown: str) -> SafeString:
    """Safe HTML: no script, image, style or frame; links lead to http, https and mailto only."""
    html = nh3.clean(
        _PARSER.render(markdown[:MAX_LENGTH]),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
    )
    return SafeString(html)
