"""What is found of a person, of a task, and of a service."""

from core.search import Entry, register
from people.models import Individual, Service, Task


def describe(person: Individual) -> Entry:
    """Name, address and where they work, for everybody of the organization."""
    return Entry(
        title=person.name,
        body=" ".join([person.email, person.title, person.team, person.department, person.company]),
        organization_id=person.organization_id,
    )


def describe_task(task: Task) -> Entry | None:
    """Title and details, for whoever sees the subject; None for a deleted one's."""
    subject = task.subject
    if subject.deleted_at is not None:
        return None
    return Entry(
        title=f"{subject.name} {task.title}",
        body=task.description,
        project_id=subject.project_id,
        incident_id=task.incident_id,
        case_id=task.case_id,
        restricted=subject.is_restricted,
    )


def describe_service(service: Service) -> Entry:
    """Name and description, for the project."""
    return Entry(title=service.name, body=service.description, project_id=service.project_id)


register("individual", Individual, describe)
register("task", Task, describe_task, prefetch=["incident", "case"])
register("service", Service, describe_service)
