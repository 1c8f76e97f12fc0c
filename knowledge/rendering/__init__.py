"""Markdown from templates, and HTML from Markdown. Subject text is data: it is escaped, never parsed as a template."""

from knowledge.rendering.grammar import TemplateError, check_template
from knowledge.rendering.markdown import MAX_LENGTH, escape, render_html
from knowledge.rendering.placeholders import LISTS, SUBJECT_FIELDS, SUBJECT_WORDS
from knowledge.rendering.sandbox import RenderError, render_template

__all__ = [
    "LISTS",
    "MAX_LENGTH",
    "SUBJECT_FIELDS",
    "SUBJECT_WORDS",
    "RenderError",
    "TemplateError",
    "check_template",
    "escape",
    "render_html",
    "render_template",
]
