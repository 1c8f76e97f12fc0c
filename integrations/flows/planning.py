"""What is to happen outside when something happens inside. Called within the transaction of the cause."""

from typing import Any

from core import operations
from core.operations.models import Operation
from integrations import mails
from integrations.models import Resource
from knowledge.flows.templates import is_made_for
from people.models import Individual

INCIDENT_DOCUMENT = Resource.Kind.INCIDENT_DOCUMENT
REVIEW_DOCUMENT = Resource.Kind.REVIEW_DOCUMENT


def plan_ticket(subject: Any) -> Operation | None:
    """One ticket a subject, whatever asks for it."""
    return operations.plan("ticket.create", subject=subject, fact=str(subject.uuid))


def plan_document(subject: Any, kind: str) -> Operation | None:
    """One document of each kind a subject, if its type has such; after the ticket was tried, so that it can name it."""
    if not is_made_for(subject, kind):
        return None
    return operations.plan(
        "document.create",
        subject=subject,
        fact=f"{subject.uuid}:{kind}",
        arguments={"kind": str(kind)},
        after=waiting(subject, "ticket.create"),
    )


def plan_ticket_update(subject: Any, *, fact: str) -> Operation | None:
    """Bring the ticket up to date; what is planned already does for later changes too."""
    return operations.plan(
        "ticket.update",
        subject=subject,
        fact=fact,
        coalesce=f"ticket.update:{subject.uuid}",
        after=waiting(subject, "ticket.create"),
    )


def plan_document_update(subject: Any, kind: str, *, fact: str) -> Operation | None:
    """Bring a rendered document up to date."""
    if not is_made_for(subject, kind):
        return None
    return operations.plan(
        "document.update",
        subject=subject,
        fact=f"{fact}:{kind}",
        arguments={"kind": str(kind)},
        coalesce=f"document.update:{subject.uuid}:{kind}",
        after=waiting(subject, "document.create"),
    )


def plan_involved_mail(subject: Any, person: Individual, *, fact: str) -> Operation | None:
    """Tell a person what part they have. Added and given a role in one go is one mail, written when it is sent."""
    return operations.plan(
        "email.send",
        subject=subject,
        fact=fact,
        arguments={"template": mails.INVOLVED, "individual": person.pk},
        coalesce=f"email.send:{subject.uuid}:{person.pk}",
    )


def waiting(subject: Any, action: str) -> list[Operation]:
    """The subject's operations of this action that are not done yet."""
    over = (Operation.Status.SUCCEEDED, Operation.Status.SKIPPED, Operation.Status.FAILED)
    return list(Operation.objects.of(subject).filter(action=action).exclude(status__in=over))
