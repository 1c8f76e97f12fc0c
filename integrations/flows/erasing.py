"""Clearing copies of an event's text out of documents and out of mail that is kept."""

from django.db import transaction
from django.utils import html

from core import erasure
from core.timeline import Event
from integrations.documents import entry_text
from integrations.models import OutgoingMail
from knowledge.flows import forget_text
from knowledge.rendering import escape
from people.flows.summaries import quoted


@transaction.atomic
def forget_event(event_id: int) -> None:
    """Take the text of an event that is being erased out of all versions of the subject's documents, and out of the
    mail about the subject, which quotes it as summaries of hand-overs do.
    """
    event = Event.objects.filter(pk=event_id).first()
    if event is None or not event.description.strip():
        return
    forget_text(subject=event.subject, text=escape(entry_text(event)))
    text = quoted(event)
    for mail in OutgoingMail.objects.select_for_update(of=("self",)).of(event.subject).filter(text__contains=text):
        mail.text, mail.html = erasure.without(mail.text, text), erasure.without(mail.html, html.escape(text))
        mail.save(update_fields=["text", "html"])
