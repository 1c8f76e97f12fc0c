"""The verbs of knowledge: documents and their versions, templates, tags. Faces and receivers call these."""

from knowledge.flows.documents import (
    create_document,
    document_of,
    forget_text,
    refresh_document,
    write_document,
)
from knowledge.flows.tags import check_exclusive, resolve_tags, save_tag, save_tag_type
from knowledge.flows.templates import save_template, seed_templates, template_for

__all__ = [
    "check_exclusive",
    "create_document",
    "document_of",
    "forget_text",
    "refresh_document",
    "resolve_tags",
    "save_tag",
    "save_tag_type",
    "save_template",
    "seed_templates",
    "template_for",
    "write_document",
]
