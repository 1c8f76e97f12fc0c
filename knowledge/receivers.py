"""What knowledge does when something happens elsewhere."""

from typing import Any

from django.dispatch import receiver

from core.models.organizations import Project
from core.signals import ProjectCreated, project_created
from knowledge.flows import seed_templates


@receiver(project_created)
def give_templates(sender: Any, *, payload: ProjectCreated, **_later: Any) -> None:  # noqa: ARG001
    """A new project begins with our templates."""
    seed_templates(Project.objects.get(pk=payload.project_id))
