"""The hash chain: what is hashed, and how a break is found."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from core.errors import Invalid
from core.models.subjects import Subject
from core.timeline.models import Event

# As many digits as the largest float has, and a sign.
LONGEST_NUMBER: Final = 310


@dataclass(frozen=True)
class Break:
    """The first row that does not fit: its number, its id where it exists, and what is wrong in words."""

    seq: int
    event_id: str
    problem: str


def new_salt() -> str:
    """128 random bits, so that an erased text cannot be guessed from its digest."""
    return secrets.token_hex(16)


def canonical(value: Any) -> str:
    """One spelling of a JSON value: sorted keys, no blanks, UTF-8 kept."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, cls=DjangoJSONEncoder)


def storable(details: dict[str, Any]) -> dict[str, Any]:
    """Details as every database gives them back: PostgreSQL keeps 1e16 as a whole number, and no sign of a nought.

    :raises Invalid: for what is no number, and for whole ones beyond what both keep.
    """
    kept: dict[str, Any] = json.loads(
        canonical(details), parse_float=_number, parse_int=_whole_number, parse_constant=_refuse_number
    )
    return kept


def content_digest(event: Event) -> str:
    """SHA-256 of the salt and the content (source, description, details, owner)."""
    content = [event.source, event.description, event.details, event.owner]
    return _sha256(event.salt + canonical(content))


def link(event: Event, previous: str) -> str:
    """SHA-256 over the previous hash and what must not change."""
    parts = [
        previous,
        event.seq,
        event.kind,
        _instant(event.happened_at),
        _instant(event.recorded_at),
        event.content_digest,
    ]
    return _sha256(canonical(parts))


def verify(subject: Subject) -> Break | None:
    """The first break of the subject's chain, or None when it is whole. A cut-off end is a break too."""
    previous, seq = "", 0
    for event in Event.objects.of(subject).order_by("seq").iterator(chunk_size=500):
        seq += 1
        problem = _problem(event, previous, seq)
        if problem:
            return Break(seq, str(event.uuid), problem)
        previous = event.hash
    if (seq, previous) != (subject.event_count, subject.event_head):
        return Break(
            seq + 1,
            "",
            f"the subject counts {subject.event_count} events and {seq} are there, or the last was replaced",
        )
    return None


def _problem(event: Event, previous: str, seq: int) -> str:
    if event.seq != seq:
        return f"number {seq} is missing"
    if event.erased_at is None and content_digest(event) != event.content_digest:
        return "its content was changed"
    if event.erased_at is not None and (event.salt or event.description or event.details):
        return "it is marked as erased and has content"
    if link(event, previous) != event.hash:
        return "its hash does not follow from the row before"
    return ""


def _number(text: str) -> float | int:
    number = float(text)
    return int(number) if number.is_integer() else number


def _whole_number(text: str) -> int:
    return int(text) if len(text) <= LONGEST_NUMBER else _refuse_number(text)


def _refuse_number(text: str) -> NoReturn:
    raise Invalid(_("%(number)s is no number that can be kept.") % {"number": text[:20]}, field="details")


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
