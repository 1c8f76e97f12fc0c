"""What incidents do when something happens: seed a new project, keep the search index, count activity."""

from typing import Any

from django.dispatch import receiver

from core import search
from core.models.organizations import Project
from core.signals import (
    EventRecorded,
    ProjectCreated,
    RowRenamed,
    SubjectChanged,
    SubjectCreated,
    event_recorded,
    project_created,
    row_renamed,
    subject_changed,
    subject_created,
)
from core.timeline import Event
from incidents.flows import reindexing
from incidents.models import Incident, Type
from incidents.seeds import seed
from knowledge.models import Tag
from people.flows import note_activity

SEARCHED = {"title", "description", "type", "tags", "visibility", "deleted_at"}
# What counts as having done something in the subject (lifecycle R12, cost).
ACTIVITY = {Event.Kind.CUSTOM, Event.Kind.DECISION, Event.Kind.IMPORTED, Event.Kind.FIELD, Event.Kind.ASSESSMENT}


@receiver(project_created)
def seed_project(payload: ProjectCreated, **_: Any) -> None:
    """Give a new project its incident types, severities and priorities."""
    seed(Project.objects.get(pk=payload.project_id))


@receiver(subject_created, sender=Incident)
def index_born(payload: SubjectCreated, **_: Any) -> None:
    """Make a new incident findable."""
    search.index_new(payload.subject or Incident.objects.get(pk=payload.subject_id))


@receiver(subject_changed, sender=Incident)
def index_changed(payload: SubjectChanged, **_: Any) -> None:
    """Follow what the index holds of an incident."""
    if SEARCHED & set(payload.changes):
        search.index(Incident.objects.get(pk=payload.subject_id))


@receiver(row_renamed, sender=Type)
@receiver(row_renamed, sender=Tag)
def index_renamed(payload: RowRenamed, **_: Any) -> None:
    """Let the incidents of a type or tag be found by its new name."""
    reindexing.plan(payload.row)


@receiver(event_recorded, sender=Incident)
def count_activity(payload: EventRecorded, **_: Any) -> None:
    """Count what a person did towards the roles they hold."""
    if payload.user_id and payload.event_kind in ACTIVITY:
        note_activity(subject=Incident(pk=payload.subject_id), user_id=payload.user_id)
