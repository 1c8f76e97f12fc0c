"""Document templates: checked when saved, seeded with a project, chosen for a subject."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history

from core.actor import Actor
from core.errors import Invalid
from core.flows import configuration
from core.models.organizations import Project
from knowledge.defaults import default_body
from knowledge.models import DocumentKind, Template
from knowledge.rendering import TemplateError, check_template


def save_template(template: Template, *, actor: Actor, now: datetime, version: int | None = None) -> Template:
    """Create or change a template.

    :raises Invalid: when its text names what does not exist or could not be filled, with the line.
    """
    try:
        check_template(template.body)
    except TemplateError as error:
        raise Invalid(str(error), field="body") from error
    configuration.save(template, actor=actor, now=now, version=version)
    return template


def seed_templates(project: Project) -> None:
    """Give a new project a default template for each kind of document: ours, which need no check."""
    rows = [
        Template(project=project, kind=kind, name=str(kind.label), body=default_body(kind), default=True)
        for kind in DocumentKind
    ]
    bulk_create_with_history(rows, Template)


def template_for(subject: Any, kind: str) -> str:
    """The Markdown template of a subject's document: its type's, else the project's default, else ours."""
    chosen = getattr(subject.type, TYPE_FIELDS.get(kind, ""), None)
    if chosen is None or not chosen.enabled:
        chosen = Template.objects.filter(project=subject.project_id, kind=kind, default=True, enabled=True).first()
    return chosen.body if chosen else default_body(kind)


# Where a type names its template. A type without the field gets no such document.
TYPE_FIELDS: dict[str, str] = {DocumentKind.INCIDENT: "incident_template", DocumentKind.REVIEW: "review_template"}


def is_made_for(subject: Any, kind: str) -> bool:
    """Whether subjects of this type get such a document at all."""
    if not hasattr(subject.type, TYPE_FIELDS[DocumentKind(kind)]):
        return False
    return kind != DocumentKind.REVIEW or not getattr(subject.type, "exclude_from_review", False)


def kind_label(kind: str) -> str:
    """How people call a kind of document."""
    return str(DocumentKind(kind).label) if kind in DocumentKind else _("Document")
