"""Coming into a subject: what adding somebody and giving them a role share."""

from typing import Any

from django.utils.translation import gettext as _

from core.errors import Invalid
from people.models import Individual, Role


def check(subject: Any, individual: Individual, role: str) -> None:
    """Refuse a role that the subject does not have, and people who cannot hold one here.

    :raises Invalid: naming which.
    """
    if role not in Role.Name.values:
        raise Invalid(_("A role is one of %(roles)s.") % {"roles": ", ".join(Role.Name.values)}, field="role")
    others = {Role.Name.COMMANDER, Role.Name.ASSIGNEE} - {subject.lead_role}
    if role in others:
        raise Invalid(_("%(name)s has no such role.") % {"name": subject.name}, field="role")
    if individual.organization_id != subject.project.organization_id:
        raise Invalid(_("This person belongs to another organization."), field="individual")
    if not individual.is_active:
        raise Invalid(_("%(who)s is not active any more.") % {"who": individual}, field="individual")
