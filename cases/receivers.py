"""What cases do when something happens below."""

from typing import Any

from django.dispatch import receiver

from cases.seeds import seed
from core.models.organizations import Project
from core.signals import ProjectCreated, project_created


@receiver(project_created)
def seed_project(payload: ProjectCreated, **_: Any) -> None:
    """Give a new project its case types, severities and priorities."""
    seed(Project.objects.get(pk=payload.project_id))
