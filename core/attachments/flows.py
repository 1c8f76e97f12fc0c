"""Attaching files to the timeline, and what becomes of them when their entry is erased."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from core import access
from core.access import Right
from core.actor import Actor
from core.attachments import files as storage
from core.attachments.files import Stored
from core.attachments.models import Attachment
from core.errors import Invalid
from core.models.subjects import Subject
from core.timeline import Event
from core.timeline import flows as timeline

# A file without a row this long after it was written belongs to nobody: its transaction was undone or erased it.
ORPHANED_AFTER: Final = timedelta(hours=1)


def attach(
    *,
    subject: Subject,
    files: Sequence[Any],
    actor: Actor,
    now: datetime,
    description: str = "",
    **words: Any,
) -> Event:
    """Write an entry with files. Without a description it names them.

    The bytes are stored first and the entry is written in one transaction; what is refused leaves no file.
    `words` go to `core.timeline.flows.add_entry`.

    :raises Invalid: when there is no file, there are too many, or one may not be attached.
    :raises Forbidden: when the actor may not write here.
    """
    access.require(actor, Right.WRITE, subject)
    most = settings.ATTACHMENTS_PER_ENTRY
    if not files:
        raise Invalid(_("Choose a file."), field="file")
    if len(files) > most:
        raise Invalid(_("At most %(most)s files at once.") % {"most": most}, field="file")
    stored: list[Stored] = []
    try:
        stored += (storage.store(upload) for upload in files)
        return _write(subject, stored, description, actor=actor, now=now, **words)
    except BaseException:
        for one in stored:
            storage.delete(one.path)
        raise


def add_entry(*, files: Sequence[Any], **words: Any) -> Event:
    """Write an entry, with files where there are any. `words` go to `core.timeline.flows.add_entry`."""
    return attach(files=files, **words) if files else timeline.add_entry(**words)


def sweep(*, now: datetime) -> int:
    """Delete stored files that no row knows. Returns how many."""
    found = storage.older_than(now - ORPHANED_AFTER)
    known = set(Attachment.objects.values_list("path", flat=True))
    orphans = [path for path in found if path not in known]
    for path in orphans:
        storage.delete(path)
    return len(orphans)


@transaction.atomic
def _write(
    subject: Subject, stored: list[Stored], description: str, *, actor: Actor, now: datetime, **words: Any
) -> Event:
    said = description if description.strip() else _said(stored)
    told = [{"name": one.name, "bytes": one.size, "sha256": one.sha256} for one in stored]
    event = timeline.add_entry(
        subject=subject, description=said, details={"attachments": told}, actor=actor, now=now, **words
    )
    Attachment.objects.bulk_create(
        Attachment(
            **subject.as_owner, event=event, name=one.name, content_type=one.content_type, size=one.size,
            sha256=one.sha256, path=one.path, uploaded_at=now, user=actor.user,
        )
        for one in stored
    )  # fmt: skip
    return event


def _said(stored: list[Stored]) -> str:
    return _("Attached %(names)s") % {"names": ", ".join(one.name for one in stored)}


def forget(event_id: int) -> None:
    """Take an erased event's files away. The chain keeps its digest, which covers their hashes."""
    rows = Attachment.objects.filter(event_id=event_id)
    paths = list(rows.values_list("path", flat=True))
    rows.delete()
    for path in paths:
        # After the commit, so that an undone erasing loses nothing; the sweep takes what a crash leaves.
        transaction.on_commit(lambda path=path: storage.delete(path))  # type: ignore[misc]
