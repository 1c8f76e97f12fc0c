"""What costs follow: each fact that changes one marks its statement. Cheap, for it happens while people report."""

from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from core.models.organizations import Project
from core.signals import (
    EventRecorded,
    ProjectChanged,
    ProjectCreated,
    RolesMoved,
    SubjectChanged,
    SubjectCreated,
    SubjectFact,
    event_recorded,
    participant_added,
    participant_removed,
    project_changed,
    project_created,
    role_assigned,
    roles_moved,
    status_changed,
    subject_changed,
    subject_created,
)
from reporting.flows import costs
from reporting.seeds import seed

COUNTED = frozenset({"annual_employee_cost", "business_year_hours", "paid_hours_per_day", "currency"})
# Whether there is a review; whether time still runs.
MINDED = frozenset({"type", "deleted_at"})


@receiver(project_created)
def seed_project(payload: ProjectCreated, **_: Any) -> None:
    """Give a new project its cost types."""
    seed(Project.objects.get(pk=payload.project_id))


@receiver(project_changed)
def follow_project(payload: ProjectChanged, **_: Any) -> None:
    """Another rate, rule or currency is one for all of the project's subjects."""
    if COUNTED & payload.fields:
        costs.mark_project(project_id=payload.project_id, now=timezone.now())


@receiver(subject_created)
def begin(payload: SubjectCreated, **_: Any) -> None:
    """A new subject costs."""
    costs.begin(kind=payload.kind, subject_id=payload.subject_id)


@receiver(status_changed)
@receiver(participant_added)
@receiver(participant_removed)
@receiver(role_assigned)
def follow(payload: SubjectFact, **_: Any) -> None:
    """Who works on it, and whether it is worked on."""
    costs.mark(kind=payload.kind, subject_id=payload.subject_id)


@receiver(roles_moved)
def follow_roles(payload: RolesMoved, **_: Any) -> None:
    """One person's hours count once, so that two who became one cost otherwise, also what is over."""
    costs.mark_each(kind=payload.kind, subject_ids=payload.subject_ids, now=timezone.now())


@receiver(event_recorded)
def follow_activity(payload: EventRecorded, **_: Any) -> None:
    """Somebody did something, so that their role counts from now on; or a role ended, which is on the timeline too."""
    costs.mark(kind=payload.kind, subject_id=payload.subject_id)


@receiver(subject_changed)
def follow_change(payload: SubjectChanged, **_: Any) -> None:
    """What decides about the review."""
    if MINDED & set(payload.changes):
        costs.mark(kind=payload.kind, subject_id=payload.subject_id)
