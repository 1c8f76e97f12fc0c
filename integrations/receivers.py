"""What integrations do when something happens: plan it, in the sender's transaction; never a network call."""

from typing import Any

from django.dispatch import receiver

from core import erasure
from core.models.users import User
from core.signals import (
    ParticipantChanged,
    ResourceReady,
    RoleAssigned,
    StatusChanged,
    SubjectChanged,
    SubjectCreated,
    SubjectFact,
    participant_added,
    resource_ready,
    role_assigned,
    status_changed,
    subject_changed,
    subject_created,
)
from integrations import flows
from integrations.flows import planning
from integrations.models import Resource
from people.models import Individual

# Statuses by which a review is due; every kind of subject calls them so.
REVIEWED = frozenset({"stable", "closed"})
# Changes that no ticket shows: of a deleted subject nothing outside is touched.
NOT_SHOWN = frozenset({"deleted_at", "summary"})

erasure.register("event", flows.forget_event)


@receiver(subject_created)
def make_resources(payload: SubjectCreated, **_: Any) -> None:
    """A new subject gets its ticket and document; one recorded after the fact gets the ticket only."""
    subject = _subject(payload)
    planning.plan_ticket(subject)
    if not payload.past:
        planning.plan_document(subject, planning.INCIDENT_DOCUMENT)


@receiver(status_changed)
def follow_status(payload: StatusChanged, **_: Any) -> None:
    """The ticket follows; stable and closed bring the document up to date and, once, the review."""
    subject = _subject(payload)
    planning.plan_ticket_update(subject, fact=payload.change_uuid)
    if payload.to_status in REVIEWED:
        planning.plan_document_update(subject, planning.INCIDENT_DOCUMENT, fact=payload.change_uuid)
        planning.plan_document(subject, planning.REVIEW_DOCUMENT)
    elif payload.from_status == "closed":
        # One recorded as past has none yet.
        planning.plan_document(subject, planning.INCIDENT_DOCUMENT)


@receiver(subject_changed)
def follow_changes(payload: SubjectChanged, **_: Any) -> None:
    """The ticket follows what it shows."""
    if set(payload.changes) - NOT_SHOWN:
        planning.plan_ticket_update(_subject(payload), fact=payload.fact)


@receiver(role_assigned)
def follow_role(payload: RoleAssigned, **_: Any) -> None:
    """The ticket names who leads; the person learns of the role."""
    subject = _subject(payload)
    if payload.role == subject.lead_role:
        planning.plan_ticket_update(subject, fact=payload.role_uuid)
    _tell(subject, payload, payload.individual_id, f"role:{payload.role_uuid}")


@receiver(participant_added)
def welcome(payload: ParticipantChanged, **_: Any) -> None:
    """Somebody who was brought in learns of it."""
    _tell(_subject(payload), payload, payload.individual_id, f"participant:{payload.fact}")


@receiver(resource_ready)
def follow_late_ticket(payload: ResourceReady, **_: Any) -> None:
    """A document that was made before its ticket learns the ticket's key."""
    subject = _subject(payload)
    made = Resource.objects.of(subject).filter(kind=planning.INCIDENT_DOCUMENT)
    if payload.resource_kind == Resource.Kind.TICKET and made.exists():
        planning.plan_document_update(subject, planning.INCIDENT_DOCUMENT, fact=payload.resource_uuid)


def _tell(subject: Any, payload: SubjectFact, individual_id: int, fact: str) -> None:
    """Mail the person, unless they did it themselves or the subject is over."""
    if not subject.is_open:
        return
    person = Individual.objects.get(pk=individual_id)
    if not _did_it(person, payload.user_id):
        planning.plan_involved_mail(subject, person, fact=fact)


def _did_it(person: Individual, user_id: int | None) -> bool:
    if user_id is None:
        return False
    return person.user_id == user_id or User.objects.filter(pk=user_id, email=person.email).exists()


def _subject(payload: SubjectFact) -> Any:
    if payload.subject is not None:
        return payload.subject
    model: Any = Resource._meta.get_field(payload.kind).related_model
    return model._default_manager.select_related("project", "type").get(pk=payload.subject_id)
