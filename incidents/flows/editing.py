"""Editing an incident: only what is sent changes, and every change stands on the timeline."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core import access
from core.access import Right
from core.actor import Actor
from core.errors import Invalid
from core.flows import subjects
from core.flows.subjects import Edit
from core.models.subjects import Visibility
from core.timeline import Event
from incidents.flows import choosing, staffing
from incidents.flows.declaring import CLOCK_SKEW
from incidents.models import Incident
from people.flows import engagement

EDITABLE = (
    "title",
    "description",
    "resolution",
    "summary",
    "visibility",
    "type",
    "severity",
    "priority",
    "tags",
    "reported_at",
    "stable_at",
)
_TEXTS = {"description", "resolution", "summary"}


@transaction.atomic
def edit(*, incident: Incident, actor: Actor, now: datetime, version: int | None = None, **changes: Any) -> Incident:
    """Change the named fields (`EDITABLE`). What equals the present value is no change; without one nothing is written.

    :raises Invalid: naming the field. :raises Stale: the incident changed since `version`.
    """
    access.require(actor, Right.EDIT, incident)
    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise Invalid(_("This cannot be changed here."), field=sorted(unknown)[0])
    current: Incident = subjects.locked(incident)
    subjects.check_version(current, version)
    edits = [edit for field, value in changes.items() if (edit := _apply(current, field, value, now))]
    if not edits:
        return current
    _check_order(current, [edit.field for edit in edits])
    if "tags" in changes:
        current.tags.set(changes["tags"])
    subjects.write_edits(current, edits, actor=actor, now=now)
    if current.status == Incident.Status.ACTIVE:
        # What fits now may not have fitted before (lifecycle I10).
        engagement.engage(current, actor=actor, now=now)
        staffing.page_commander(current, actor=actor, now=now)
    return current


def _apply(incident: Incident, field: str, value: Any, now: datetime) -> Edit | None:
    """Check one value and set it on the incident; None when nothing changes."""
    if field == "tags":
        return _tags(incident, value)
    if field in choosing.CLASSIFICATIONS:
        return _classification(incident, field, value)
    old = getattr(incident, field)
    if value == old:
        return None
    _check(incident, field, value, now)
    setattr(incident, field, value)
    plain = (old.isoformat() if old else None, value.isoformat()) if field.endswith("_at") else (old, value)
    return Edit(
        field=field, old=plain[0], new=plain[1], kind=Event.Kind.FIELD, sentence=_sentence(incident, field, plain)
    )


def _check(incident: Incident, field: str, value: Any, now: datetime) -> None:
    if field == "title":
        choosing.check_title(value)
    elif field in _TEXTS:
        subjects.check_text(value, field, choosing.LONGEST_TEXT)
    elif field == "visibility" and value not in Visibility.values:
        raise Invalid(_("Visibility is open or restricted."), field=field)
    elif field in {"reported_at", "stable_at"}:
        _check_time(incident, field, value, now)


def _check_time(incident: Incident, field: str, value: Any, now: datetime) -> None:
    if value is None:
        raise Invalid(_("This time is not taken away; give another one, or move the status."), field=field)
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise Invalid(_("Give a date and time with a zone."), field=field)
    if value > now + CLOCK_SKEW:
        raise Invalid(_("This time has not come yet."), field=field)
    if field == "stable_at" and incident.stable_at is None:
        raise Invalid(_("%(name)s is not stable yet; mark it stable first.") % {"name": incident.name}, field=field)


def _check_order(incident: Incident, changed: list[str]) -> None:
    """Looked at when all changes are made: both times may move at once."""
    moved = [field for field in changed if field.endswith("_at")]
    known = [moment for moment in (incident.reported_at, incident.stable_at, incident.closed_at) if moment]
    if moved and known != sorted(known):
        raise Invalid(_("Reported, stable and closed must follow each other."), field=moved[0])


def _classification(incident: Incident, field: str, chosen: Any) -> Edit | None:
    old = getattr(incident, field)
    if chosen is None:
        raise Invalid(_("This cannot be empty."), field=field)
    if chosen.pk == old.pk:
        return None
    choosing.check_choosable(incident.project, field, chosen)
    setattr(incident, field, chosen)
    kind = Event.Kind.FIELD if field == "type" else Event.Kind.ASSESSMENT
    names = (old.name, chosen.name)
    return Edit(field=field, old=names[0], new=names[1], kind=kind, sentence=_sentence(incident, field, names))


def _tags(incident: Incident, tags: Any) -> Edit | None:
    before = list(incident.tags.select_related("tag_type"))
    after = choosing.check_tags(incident.project, tags, kept=before)
    old, new = sorted(tag.name for tag in before), sorted(tag.name for tag in after)
    if {tag.pk for tag in before} == {tag.pk for tag in after}:
        return None
    added, removed = [n for n in new if n not in old], [n for n in old if n not in new]
    parts = [_("added %s") % ", ".join(added)] * bool(added) + [_("removed %s") % ", ".join(removed)] * bool(removed)
    sentence = _("Tags: %(changes)s") % {"changes": "; ".join(parts) or ", ".join(new)}
    return Edit(field="tags", old=old, new=new, kind=Event.Kind.FIELD, sentence=sentence)


def _sentence(incident: Incident, field: str, values: tuple[Any, Any]) -> str:
    label = str(Incident._meta.get_field(field).verbose_name).capitalize()  # type: ignore[union-attr]
    if field in _TEXTS:
        return _("%(field)s changed") % {"field": label}
    return _("%(field)s: %(old)s → %(new)s") % {"field": label, "old": values[0] or "-", "new": values[1]}
