"""The ordered, append-only, hash-chained events of a subject."""

from core.timeline.models import Event, EventPin, EventSupersession
from core.timeline.recording import record

__all__ = ["Event", "EventPin", "EventSupersession", "record"]
