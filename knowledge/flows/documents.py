"""Documents kept by Dispatch: made once, written in versions, none lost."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from core import access, erasure, search, timeline, versions
from core.access import Right
from core.actor import Actor
from core.errors import Invalid
from core.flows import subjects
from core.validators import storable
from knowledge.models import Document, DocumentVersion
from knowledge.rendering import MAX_LENGTH


@transaction.atomic
def create_document(*, subject: Any, kind: str, title: str, body: str, marker: str, now: datetime) -> Document:
    """Make a subject's document with its first version. Asked again with the same marker: the one that exists.

    :raises Invalid: when the text is too long or holds what no database keeps.
    """
    _check_body(body)
    held = subjects.locked(subject)
    document, made = Document.objects.get_or_create(
        marker=marker, defaults={"kind": kind, "title": title, "project": held.project, **held.as_owner}
    )
    if made:
        DocumentVersion.objects.create(document=document, number=1, body=body, written_at=now)
        search.index(document)
    return document


@transaction.atomic
def write_document(
    *, document: Document, body: str, actor: Actor, now: datetime, version: int | None = None
) -> DocumentVersion:
    """Write a new version by hand. From then on Dispatch leaves the text alone. The same text again writes nothing.

    :raises Stale: when somebody wrote since `version`.
    :raises Invalid: when the text is too long or holds what no database keeps.
    """
    locked = _locked(document)
    access.require(actor, Right.EDIT, locked.subject or locked.project)
    _check_body(body)
    newest = current_version(locked)
    if newest is not None and newest.body == body:
        return newest
    versions.bump(document, expected=version, fields=[])
    written = _add_version(locked, body, now, actor)
    if locked.subject:
        words = {"title": locked.title, "number": written.number}
        text = _("Version %(number)d of “%(title)s” written") % words
        timeline.record(locked.subject, description=text, actor=actor, now=now)
    return written


@transaction.atomic
def refresh_document(*, document: Document, body: str, now: datetime) -> bool:
    """Bring a rendered document up to date with a new version; False when nothing differs or a person wrote in it."""
    _check_body(body)
    locked = _locked(document)
    newest = current_version(locked)
    if locked.versions.filter(user__isnull=False).exists() or (newest is not None and newest.body == body):
        return False
    versions.bump(locked, expected=None, fields=[])
    _add_version(locked, body, now, Actor.system())
    return True


@transaction.atomic
def forget_text(*, subject: Any, text: str) -> None:
    """Take a text that is being erased out of all versions of the subject's documents, the old ones too."""
    for document in Document.objects.select_for_update(of=("self",)).of(subject):
        for written in document.versions.all():
            body = erasure.without(written.body, text)
            if body != written.body:
                written.body = body
                written.save(update_fields=["body"])
        search.index(document)


def current_version(document: Document) -> DocumentVersion | None:
    """The newest version."""
    return document.versions.order_by("-number").first()


def document_of(subject: Any, kind: str) -> Document | None:
    """A subject's own document of a kind, if Dispatch keeps one."""
    return Document.objects.of(subject).filter(kind=kind).order_by("pk").first()


def _locked(document: Document) -> Document:
    """The document as it is now, held after its subject, as whoever changes the subject's visibility holds them."""
    if document.subject:
        subjects.locked(document.subject)
    return Document.objects.select_for_update(of=("self",)).get(pk=document.pk)


def _add_version(document: Document, body: str, now: datetime, actor: Actor) -> DocumentVersion:
    newest = current_version(document)
    number = newest.number + 1 if newest else 1
    written = document.versions.create(number=number, body=body, written_at=now, user=actor.user)
    search.index(document)
    return written


def _check_body(body: str) -> None:
    if len(body) > MAX_LENGTH:
        raise Invalid(_("A document may have %(max)d characters.") % {"max": MAX_LENGTH}, field="body")
    try:
        storable(body)
    except ValidationError as error:
        raise Invalid(error.messages[0], field="body") from error
