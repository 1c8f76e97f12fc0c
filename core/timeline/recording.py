"""Appending an event: the one way a row of the timeline is born."""

from datetime import datetime
from typing import Any

from django.db import transaction

from core.actor import Actor
from core.models.subjects import Subject
from core.signals import EventRecorded, event_recorded
from core.timeline import chain, texts
from core.timeline.models import Event

SOURCE = "Dispatch"


@transaction.atomic(savepoint=False)
def record(
    subject: Subject,
    *,
    description: str,
    actor: Actor,
    now: datetime,
    kind: str = Event.Kind.OTHER,
    source: str = SOURCE,
    happened_at: datetime | None = None,
    details: dict[str, Any] | None = None,
    owner: str | None = None,
) -> Event:
    """Append one event to the subject's timeline and move its head.

    The subject's row is locked meanwhile, so numbers have no gaps and no doubles. `owner` is who it is told of
    (default: the actor). Sends `event_recorded`.

    :raises Invalid: when `details` hold a number that no database keeps.
    """
    model = type(subject)
    locked = (
        model.objects.select_for_update(of=("self",), no_key=True)
        .only("event_count", "event_head", "project_id")
        .get(pk=subject.pk)
    )
    event = Event(
        **subject.as_owner, seq=locked.event_count + 1, kind=kind, happened_at=happened_at or now, recorded_at=now,
        source=source, description=description, details=chain.storable(details or {}),
        owner=actor.name if owner is None else owner, user=actor.user, salt=chain.new_salt(),
    )  # fmt: skip
    event.content_digest = chain.content_digest(event)
    event.hash = chain.link(event, locked.event_head)
    event.save(force_insert=True)
    texts.write(event, locked.project_id)
    subject.event_count, subject.event_head = event.seq, event.hash
    # Whoever syncs by `updated_at` learns of everything that is on the timeline, a new commander too.
    model.objects.filter(pk=subject.pk).update(event_count=event.seq, event_head=event.hash, updated_at=now)
    fact = EventRecorded(
        kind=subject.kind, subject_id=subject.pk, user_id=event.user_id, event_id=event.pk, event_kind=kind
    )
    event_recorded.send(sender=model, payload=fact)
    return event
