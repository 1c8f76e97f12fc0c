"""What is found of a document: its title and newest text."""

from core.search import Entry, register
from knowledge.models import Document


def describe(document: Document) -> Entry | None:
    """A subject's document is as visible as the subject; None when that is deleted."""
    subject = document.subject
    if subject is not None and subject.deleted_at is not None:
        return None
    newest = document.versions.order_by("-number").first()
    return Entry(
        title=document.title,
        body=newest.body if newest else "",
        project_id=document.project_id,
        organization_id=None if document.project_id else document.organization_id,
        incident_id=document.incident_id,
        case_id=document.case_id,
        restricted=subject is not None and subject.is_restricted,
    )


register("document", Document, describe, prefetch=["incident", "case"])
