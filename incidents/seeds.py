"""What a new project classifies its incidents with (lifecycle I2)."""

from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history

from core.models.organizations import Project
from incidents.models import Priority, Severity, Type

NEVER_HOURS = 9999


def seed(project: Project) -> None:
    """Make the default type, five severities and three priorities. The project has none yet."""
    about = _("An incident nobody has classified yet.")
    bulk_create_with_history([Type(project=project, name=_("Default"), default=True, order=1, description=about)], Type)
    bulk_create_with_history(
        [
            Severity(project=project, name=name, colour=colour, order=order, default=order == 1)
            for order, (name, colour) in enumerate(_severities(), 1)
        ],
        Severity,
    )
    bulk_create_with_history(
        [
            Priority(
                project=project,
                name=name,
                colour=colour,
                order=order,
                default=order == 1,
                tactical_report_hours=tactical,
                executive_report_hours=executive,
            )
            for order, (name, colour, tactical, executive) in enumerate(_priorities(), 1)
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


def _priorities() -> list[tuple[str, str, int, int]]:
    return [(_("Low"), "#8bc34a", 12, NEVER_HOURS), (_("Medium"), "#ff9800", 6, 12), (_("High"), "#e53935", 2, 6)]
