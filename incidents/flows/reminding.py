"""Reminding commanders of incidents that wait to be closed."""

from datetime import datetime, timedelta

from django.db import transaction

from core import operations
from core.calendar import first_opening_of_week
from core.models.organizations import Project
from incidents.models import Incident
from people.models import Role

# Lifecycle I12.
STABLE_FOR = timedelta(days=7)


def remind_to_close(*, now: datetime) -> int:
    """Once a week, when a project's working week has begun, ask the commanders of incidents that were stable for seven
    days by then. Running it again in the same week asks nobody twice. Returns how many mails were planned.
    """
    return sum(_remind_project(project, now) for project in Project.objects.filter(enabled=True))


@transaction.atomic
def _remind_project(project: Project, now: datetime) -> int:
    begun = first_opening_of_week(project, now)
    if begun is None or now < begun:
        return 0
    week = "{}-W{:02}".format(*begun.isocalendar()[:2])
    due = Incident.objects.kept().filter(
        project=project,
        status=Incident.Status.STABLE,
        stable_at__lte=begun - STABLE_FOR,
        type__exclude_from_reminders=False,
    )
    leads = Role.objects.filter(incident__in=due, role=Incident.lead_role, renounced_at=None)
    planned = [
        operations.plan(
            "email.send", subject=lead.subject, fact=f"close-reminder:{lead.subject.uuid}:{week}",
            arguments={"template": "close_reminder", "individual": lead.participant.individual_id},
        )
        for lead in leads.select_related("incident__project", "participant").order_by("pk")
    ]  # fmt: skip
    return sum(1 for operation in planned if operation)
