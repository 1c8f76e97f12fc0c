"""Moving the status: the only way it changes, with stamps and what closing and reopening do to people."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from core import access
from core.access import Right
from core.actor import Actor
from core.errors import Invalid
from core.flows import subjects
from core.flows.subjects import Edit
from core.models.subjects import StatusChange
from core.timeline import Event
from incidents.models import Incident, Priority
from people.flows import inactivate_all, reactivate_all

Status = Incident.Status


@transaction.atomic
def change_status(
    *, incident: Incident, to: str, actor: Actor, now: datetime, reason: str = "", version: int | None = None
) -> Incident:
    """Move an incident. To where it is already, nothing happens.

    Stable sets `stable_at` and the project's priority for stable incidents; closing goes through stable, ends all
    roles and sets `closed_at`; reopening clears the stamps it passes back over and gives the roles back. What
    follows outside is planned by the receivers of `status_changed`.

    :raises Invalid: an unknown status. :raises Stale: the incident changed since `version`.
    :raises NotAllowed: when the move is not in `Incident.MOVES`.
    """
    access.require(actor, Right.EDIT, incident)
    if to not in Status.values:
        raise Invalid(_("A status is active, stable or closed."), field="status")
    subjects.check_text(reason, "reason", 2000)
    current: Incident = subjects.locked(incident)
    if current.status == to:
        return current
    subjects.check_version(current, version)
    if to not in Incident.MOVES[Status(current.status)]:
        raise subjects.NotAllowed(
            _("%(name)s is %(status)s and cannot become %(to)s.")
            % {"name": current.name, "status": current.get_status_display().lower(), "to": Status(to).label.lower()},
            field="status",
        )
    was = current.status
    change = subjects.move(current, to=to, actor=actor, now=now, reason=reason, fields=_stamp(current, to, now))
    _follow(current, was, change, actor=actor, now=now)
    subjects.announce_move(current, change, actor)
    return current


def _stamp(incident: Incident, to: str, now: datetime) -> list[str]:
    """Set the stamps of the state moved to; what lies ahead of it is cleared, so that durations are right."""
    if to == Status.ACTIVE:
        incident.stable_at = incident.closed_at = None
    elif to == Status.STABLE:
        incident.stable_at, incident.closed_at = now, None
    else:
        incident.stable_at, incident.closed_at = incident.stable_at or now, now
    return ["stable_at", "closed_at"]


def _follow(incident: Incident, was: str, change: StatusChange, *, actor: Actor, now: datetime) -> None:
    if was == Status.ACTIVE:
        _stable_priority(incident, actor, now)
    if incident.status == Status.CLOSED:
        inactivate_all(incident, change, actor=actor, now=now)
    elif was == Status.CLOSED:
        reactivate_all(incident, actor=actor, now=now)


def _stable_priority(incident: Incident, actor: Actor, now: datetime) -> None:
    priority = Priority.objects.filter(project=incident.project, for_stable=True, enabled=True).first()
    if priority is None or priority.pk == incident.priority_id:
        return
    old, incident.priority = incident.priority.name, priority
    sentence = _("Priority %(old)s → %(new)s, as the project sets it for stable incidents") % {
        "old": old,
        "new": priority,
    }
    edit = Edit(field="priority", old=old, new=priority.name, kind=Event.Kind.ASSESSMENT, sentence=sentence)
    subjects.write_edits(incident, [edit], actor=actor, now=now)
