"""Clearing copies of an event's text out of documents."""

from django.db import transaction

from core.timeline import Event
from integrations.documents import entry_text
from knowledge.flows import forget_text
from knowledge.rendering import escape


@transaction.atomic
def forget_event(event_id: int) -> None:
    """Take the text of an event that is being erased out of all versions of the subject's documents."""
    event = Event.objects.filter(pk=event_id).first()
    if event is not None and event.description.strip():
        forget_text(subject=event.subject, text=escape(entry_text(event)))
