"""What every kind of subject does alike: being named, moving, changing, linking, going and coming back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from core import access, versions
from core.access import Right
from core.actor import Actor
from core.errors import FlowError, Invalid, Stale
from core.flows.lines import check_one_line
from core.models.reads import RestrictedRead
from core.models.subjects import KINDS, Sequence, StatusChange, Subject, SubjectLink, SubjectName, Visibility
from core.signals import StatusChanged, SubjectChanged, SubjectCreated, status_changed, subject_changed, subject_created
from core.timeline import Event, record
from core.validators import UNSTORABLE

RESTORABLE_FOR = timedelta(days=30)
# Consecutive reads of a restricted subject within this are one.
SAME_READ = timedelta(minutes=5)


class NotAllowed(FlowError):
    """The status does not lead there."""

    code = "move_not_allowed"


class CannotRestore(FlowError):
    """It is not deleted, or was deleted too long ago."""

    code = "cannot_restore"


class CannotLink(FlowError):
    """A subject is not linked to itself, nor round in a ring."""

    code = "cannot_link"


def next_number(project: Any, kind: str) -> int:
    """The next number of the project's things of a kind. The sequence stays locked until the transaction ends."""
    sequence = _locked_sequence(project, kind)
    return _take(sequence, sequence.last_number + 1)


def next_name(project: Any, kind: str) -> str:
    """A name nobody had: INC-42. Names that exist by an old prefix are passed over; locks as `next_number` does."""
    sequence = _locked_sequence(project, kind)
    for number in count(sequence.last_number + 1):
        name = f"{sequence.prefix}-{number}"
        if not SubjectName.objects.filter(name=name).exists():
            break
    _take(sequence, number)
    return name


def give_birth(subject: Subject, *, actor: Actor, now: datetime, tags: Iterable[Any] = (), past: bool = False) -> None:
    """Name and store a new subject with tags and first status, and tell the apps above. The flow has checked them."""
    subject.name = next_name(subject.project, subject.kind)
    subject.save(force_insert=True)
    subject.tags.add(*tags)
    SubjectName.objects.create(name=subject.name, given_at=now, **subject.as_owner)
    StatusChange.objects.create(**subject.as_owner, to_status=subject.status, changed_at=now, user=actor.user)
    payload = SubjectCreated(
        kind=subject.kind, subject_id=subject.pk, user_id=_user_id(actor), status=subject.status, past=past,
        subject=subject,
    )  # fmt: skip
    subject_created.send(sender=type(subject), payload=payload)


def find_by_name(model: type[Subject], name: str) -> Any:
    """The subject that has or had the name, or None. Callers restrict it to what the user may see."""
    if UNSTORABLE.search(name):
        return None
    named = SubjectName.objects.filter(name=name, **{f"{model.kind}__isnull": False})
    row = named.select_related(model.kind).first()
    return getattr(row, model.kind) if row else None


def locked(subject: Subject) -> Any:
    """The subject as it is now, held until the transaction ends."""
    return (
        type(subject)
        ._base_manager.select_for_update(of=("self",), no_key=True)
        .select_related("project", "type", "severity", "priority")
        .get(pk=subject.pk)
    )


def check_version(subject: Subject, expected: int | None) -> None:
    """Refuse a write made from an older version.

    :raises Stale: naming the subject.
    """
    if expected is not None and subject.version != expected:
        raise Stale(
            _("Somebody else changed %(name)s meanwhile. Look at it again, then repeat your change.")
            % {"name": subject.name}
        )


def move(subject: Any, *, to: str, actor: Actor, now: datetime, reason: str, fields: Iterable[str]) -> StatusChange:
    """Write the new status with the stamps the flow has set, its history row and the timeline's event.

    The caller holds the lock, has checked the move, and sends what follows with `announce_move`.
    """
    before = subject.status
    subject.status = to
    versions.bump(subject, fields=["status", *fields])
    change = StatusChange.objects.create(
        **subject.as_owner, from_status=before, to_status=to, reason=reason, changed_at=now, user=actor.user
    )
    record(
        subject, kind=Event.Kind.ASSESSMENT, actor=actor, now=now,
        description=_("%(who)s marked %(name)s as %(status)s")
        % {"who": actor.name, "name": subject.name, "status": subject.get_status_display().lower()},
        details={"field": "status", "old": before, "new": to, "reason": reason},
    )  # fmt: skip
    return change


def announce_move(subject: Any, change: StatusChange, actor: Actor) -> None:
    """Tell the apps above that the status moved."""
    payload = StatusChanged(
        kind=subject.kind, subject_id=subject.pk, user_id=_user_id(actor), from_status=change.from_status,
        to_status=change.to_status, change_uuid=str(change.uuid), subject=subject,
    )  # fmt: skip
    status_changed.send(sender=type(subject), payload=payload)


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One changed field: plain old and new value, the event's kind and sentence."""

    field: str
    old: Any
    new: Any
    kind: str
    sentence: str


def write_edits(subject: Any, edits: list[Edit], *, actor: Actor, now: datetime) -> None:
    """Store the changed fields, one event each with old and new value, and tell the apps above once."""
    stored = [edit.field for edit in edits if edit.field != "tags"]
    versions.bump(subject, fields=stored)
    events = [
        record(
            subject, kind=edit.kind, description=edit.sentence, actor=actor, now=now,
            details={"field": edit.field, "old": edit.old, "new": edit.new},
        )
        for edit in edits
    ]  # fmt: skip
    payload = SubjectChanged(
        kind=subject.kind, subject_id=subject.pk, user_id=_user_id(actor), fact=str(events[0].uuid),
        changes={edit.field: (edit.old, edit.new) for edit in edits},
    )  # fmt: skip
    subject_changed.send(sender=type(subject), payload=payload)


@transaction.atomic
def delete(*, subject: Any, actor: Actor, now: datetime, version: int | None = None) -> Any:
    """Put a subject away: nobody sees it, its name stays taken, nothing outside is touched; 30 days to restore it."""
    access.require(actor, Right.DELETE, subject)
    subject = locked(subject)
    check_version(subject, version)
    if subject.deleted_at is not None:
        return subject
    subject.deleted_at = now
    versions.bump(subject, fields=["deleted_at"])
    record(
        subject,
        description=_("%(who)s deleted %(name)s") % {"who": actor.name, "name": subject.name},
        actor=actor,
        now=now,
    )
    _changed(subject, "deleted_at", actor)
    return subject


@transaction.atomic
def restore(*, subject: Any, actor: Actor, now: datetime) -> Any:
    """Bring a deleted subject back as it was.

    :raises CannotRestore: when it is not deleted, or was deleted more than 30 days ago.
    """
    access.require(actor, Right.DELETE, subject)
    subject = locked(subject)
    if subject.deleted_at is None:
        raise CannotRestore(_("%(name)s is not deleted.") % {"name": subject.name})
    if now - subject.deleted_at > RESTORABLE_FOR:
        raise CannotRestore(_("%(name)s was deleted more than 30 days ago.") % {"name": subject.name})
    subject.deleted_at = None
    versions.bump(subject, fields=["deleted_at"])
    record(
        subject,
        description=_("%(who)s restored %(name)s") % {"who": actor.name, "name": subject.name},
        actor=actor,
        now=now,
    )
    _changed(subject, "deleted_at", actor)
    return subject


@transaction.atomic
def link(*, source: Any, target: Any, kind: str, actor: Actor, now: datetime) -> SubjectLink:
    """Join two subjects; the same link twice is one. The link stands on both timelines.

    :raises CannotLink: to itself, or round in a ring.
    :raises Forbidden: unless the actor edits the source and sees the target.
    """
    access.require(actor, Right.EDIT, source)
    access.require(actor, Right.SEE, target)
    if kind not in SubjectLink.Kind.values:
        raise Invalid(_("A link is one of %(kinds)s.") % {"kinds": ", ".join(SubjectLink.Kind.values)}, field="kind")
    if (source.kind, source.pk) == (target.kind, target.pk):
        raise CannotLink(_("%(name)s cannot be linked to itself.") % {"name": source.name})
    if source.project.organization_id != target.project.organization_id:
        raise CannotLink(_("Subjects of two organizations are not linked."))
    for end in sorted((source, target), key=lambda one: (one.kind, one.pk)):
        locked(end)
    if kind != SubjectLink.Kind.RELATED and _leads_back(source, target, kind):
        raise CannotLink(
            _("%(target)s is %(kind)s %(source)s already, directly or by others; it is not the other way round too.")
            % {"target": target.name, "kind": SubjectLink.Kind(kind).label, "source": source.name}
        )
    ends = {f"source_{source.kind}": source, f"target_{target.kind}": target}
    row, made = SubjectLink.objects.get_or_create(
        kind=kind, **ends, defaults={"created_at": now, "created_by": actor.user}
    )
    if made:
        _record_link(row, _("linked"), actor, now)
    return row


@transaction.atomic
def unlink(*, link: SubjectLink, actor: Actor, now: datetime) -> None:
    """Take a link away; both timelines keep that it was there."""
    access.require(actor, Right.EDIT, link.source)
    _record_link(link, _("no longer linked"), actor, now)
    link.delete()


def note_read(*, subject: Any, actor: Actor, now: datetime) -> None:
    """Remember that somebody read a restricted subject; open ones and repeated reads leave no row."""
    if subject.visibility != Visibility.RESTRICTED or actor.user is None:
        return
    recent = RestrictedRead.objects.of(subject).filter(user=actor.user, face=actor.face, read_at__gt=now - SAME_READ)
    if not recent.exists():
        RestrictedRead.objects.create(**subject.as_owner, user=actor.user, face=actor.face, read_at=now)


def note_reads(*, subjects: Iterable[Any], actor: Actor, now: datetime) -> None:
    """`note_read` for many subjects of one kind, in two queries."""
    restricted = [subject for subject in subjects if subject.visibility == Visibility.RESTRICTED]
    if not restricted or actor.user is None:
        return
    kind = restricted[0].kind
    known = RestrictedRead.objects.filter(
        user=actor.user, face=actor.face, read_at__gt=now - SAME_READ, **{f"{kind}__in": [one.pk for one in restricted]}
    )
    noted = set(known.values_list(kind, flat=True))
    RestrictedRead.objects.bulk_create(
        RestrictedRead(**subject.as_owner, user=actor.user, face=actor.face, read_at=now)
        for subject in restricted
        if subject.pk not in noted
    )


def check_text(value: Any, field: str, longest: int) -> str:
    """Text as it came, to the letter.

    :raises Invalid: when it is not text, too long, or holds what no database keeps.
    """
    if not isinstance(value, str):
        raise Invalid(_("This must be text."), field=field)
    if len(value) > longest:
        raise Invalid(
            _("At most %(number)s characters; this has %(has)s.") % {"number": longest, "has": len(value)}, field=field
        )
    if UNSTORABLE.search(value):
        raise Invalid(_("The text holds a NUL character or half a character; remove it."), field=field)
    return value


def check_line(value: Any, field: str, longest: int) -> str:
    """A title or a name: text of one line.

    :raises Invalid: as `check_text`, or when it holds what leaves the line.
    """
    text = check_text(value, field, longest)
    check_one_line(text, field)
    return text


def _leads_back(source: Subject, target: Subject, kind: str) -> bool:
    """Whether links of the kind lead from the target to the source already."""
    seen: set[tuple[str, int]] = set()
    ends = {(target.kind, target.pk)}
    while ends and (source.kind, source.pk) not in ends:
        seen |= ends
        found = Q(pk__in=())
        for name in KINDS:
            found |= Q(**{f"source_{name}__in": [key for of, key in ends if of == name]})
        rows = SubjectLink.objects.filter(found, kind=kind).values_list(*(f"target_{name}" for name in KINDS))
        ends = {(of, key) for row in rows for of, key in zip(KINDS, row, strict=True) if key is not None} - seen
    return bool(ends)


def _record_link(row: SubjectLink, verb: str, actor: Actor, now: datetime) -> None:
    # Each timeline names the other subject by its name only: its title may be restricted.
    pairs = ((row.source, row.target), (row.target, row.source))
    for here, there in pairs:
        record(
            here, actor=actor, now=now,
            description=_("%(here)s %(verb)s to %(there)s (%(source)s is %(kind)s %(target)s)")
            % {"here": here.name, "verb": verb, "there": there.name, "source": row.source.name,
               "kind": row.get_kind_display(), "target": row.target.name},
            details={"link": row.kind, "source": row.source.name, "target": row.target.name},
        )  # fmt: skip


def _changed(subject: Any, field: str, actor: Actor) -> None:
    payload = SubjectChanged(
        kind=subject.kind, subject_id=subject.pk, user_id=_user_id(actor), changes={field: (None, None)},
        fact=f"{subject.uuid}:{subject.version}",
    )  # fmt: skip
    subject_changed.send(sender=type(subject), payload=payload)


def _user_id(actor: Actor) -> int | None:
    return actor.user.pk if actor.user else None


def _locked_sequence(project: Any, kind: str) -> Sequence:
    return Sequence.objects.select_for_update().get(project=project, kind=kind)


def _take(sequence: Sequence, number: int) -> int:
    sequence.last_number = number
    sequence.save(update_fields=["last_number"])
    return number
