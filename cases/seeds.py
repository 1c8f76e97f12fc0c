"""What a new project classifies its cases with (lifecycle C2)."""

from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history

from cases.models import Priority, Severity, Type
from core.models.organizations import Project


def seed(project: Project) -> None:
    """Make the default type, five severities and five priorities. The project has none yet."""
    bulk_create_with_history([Type(project=project, name=_("Default"), default=True, order=1)], Type)
    bulk_create_with_history(
        [
            Severity(project=project, name=name, colour=colour, order=order, default=order == 1)
            for order, (name, colour) in enumerate(_severities(), 1)
        ],
        Severity,
    )
    bulk_create_with_history(
        [
            Priority(project=project, name=name, colour=colour, order=order, default=order == 1, page_assignee=pages)
            for order, (name, colour, pages) in enumerate(_priorities(), 1)
        ],
        Priority,
    )


def _severities() -> list[tuple[str, str]]:
    return [
        (_("Undetermined"), "#9e9e9e"),
        (_("Low"), "#8bc34a"),
        (_("Medium"), "#ffeb3b"),
        (_("High"), "#ff9800"),
        (_("Critical"), "#e53935"),
    ]


def _priorities() -> list[tuple[str, str, bool]]:
    return [
        (_("Low"), "#8bc34a", False),
        (_("Medium"), "#ffeb3b", False),
        (_("High"), "#ff9800", False),
        (_("Critical"), "#e53935", True),
        (_("Optional"), "#9e9e9e", False),
    ]
