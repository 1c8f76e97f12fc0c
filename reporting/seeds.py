"""What a new project's written costs are for."""

from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history

from core.models.organizations import Project
from reporting.models import CostType

Category = CostType.Category


def seed(project: Project) -> None:
    """Make the default cost types. The project has none yet."""
    rows = [
        CostType(project=project, name=name, description=description, category=category)
        for name, description, category in _types()
    ]
    bulk_create_with_history(rows, CostType)


def _types() -> list[tuple[str, str, str]]:
    return [
        (_("Vendor"), _("Outside help: forensics, consultants, lawyers."), Category.PRIMARY),
        (_("Hardware and software"), _("What had to be bought or replaced."), Category.PRIMARY),
        (_("Lost revenue"), _("What was not earned while it lasted."), Category.SECONDARY),
        (_("Compensation"), _("Paid to customers and partners."), Category.SECONDARY),
        (_("Fine"), _("Asked by an authority."), Category.SECONDARY),
        (_("Other"), "", Category.PRIMARY),
    ]
