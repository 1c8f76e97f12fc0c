"""Declaring an incident, and recording one that is over."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core import access
from core.access import Right
from core.actor import Actor
from core.errors import Invalid
from core.flows import subjects
from core.models.organizations import Project
from core.models.subjects import ExternalKey, StatusChange, Visibility
from core.timeline import Event, EventPin, record
from incidents.flows import choosing, staffing
from incidents.flows.moving import change_status
from incidents.models import Incident, Priority, Severity, Type
from knowledge.models import Tag
from people.models import Individual, Role

# Clocks of reporters and servers differ a little.
CLOCK_SKEW = timedelta(minutes=5)


@transaction.atomic
def declare(
    *,
    actor: Actor,
    now: datetime,
    title: str,
    description: str = "",
    project: Project | None = None,
    type: Type | None = None,
    severity: Severity | None = None,
    priority: Priority | None = None,
    visibility: str | None = None,
    status: str = Incident.Status.ACTIVE,
    tags: Iterable[Tag] = (),
    commander: Individual | str | None = None,
    reporter: Individual | str | None = None,
    reported_at: datetime | None = None,
) -> Incident:
    """Report an incident: named, on the timeline, with reporter and commander, everything outside planned.

    What is not named comes from the project's defaults; visibility from the type; the reporter is the actor; the other
    roles come from the project's policies, the commander is the reporter when none names one. Declared as stable it is
    made stable at once; as closed it is a past incident (`record_past`).

    :raises Invalid: naming the input and the mend. :raises Forbidden: when the actor may not report there.
    """
    project = choosing.project_for(project, actor)
    access.require(actor, Right.REPORT, project)
    if status == Incident.Status.CLOSED:
        return record_past(
            actor=actor, now=now, title=title, description=description, project=project, type=type, severity=severity,
            priority=priority, visibility=visibility, tags=tags, commander=commander, reporter=reporter,
            reported_at=reported_at,
        )  # fmt: skip
    if status not in Incident.Status.values:
        raise Invalid(_("A status is active, stable or closed."), field="status")
    incident = _new(project, title, description, type, severity, priority, visibility, reported_at, now)
    incident.status = Incident.Status.ACTIVE
    chosen_tags = choosing.check_tags(project, tags)
    subjects.give_birth(incident, actor=actor, now=now, tags=chosen_tags)
    _record_birth(incident, chosen_tags, _("Incident created"), actor, now)
    staffing.staff(incident, commander=commander, reporter=reporter, tags=chosen_tags, actor=actor, now=now)
    if status == Incident.Status.STABLE:
        # Whoever may report may also say that the worst is over already.
        return change_status(incident=incident, to=Incident.Status.STABLE, actor=_unlimited(actor), now=now)
    return incident


@transaction.atomic
def record_past(
    *,
    actor: Actor,
    now: datetime,
    title: str,
    project: Project,
    description: str = "",
    type: Type | None = None,
    severity: Severity | None = None,
    priority: Priority | None = None,
    visibility: str | None = None,
    tags: Iterable[Tag] = (),
    commander: Individual | str | None = None,
    reporter: Individual | str | None = None,
    reported_at: datetime | None = None,
    stable_at: datetime | None = None,
    closed_at: datetime | None = None,
    external_key: tuple[str, str] | None = None,
    events: Iterable[dict[str, Any]] = (),
) -> Incident:
    """Record an incident that is over: born closed, a ticket but no channel, no document, nobody told.

    `stable_at` and `closed_at` default to the report's time. `external_key` is (system, key) where it came from;
    `events` are keyword arguments for the timeline (description, happened_at, details).

    :raises Invalid: naming the input; times must follow each other.
    """
    access.require(actor, Right.REPORT, project)
    incident = _new(project, title, description, type, severity, priority, visibility, reported_at, now)
    incident.status = Incident.Status.CLOSED
    incident.stable_at = stable_at or incident.reported_at
    incident.closed_at = closed_at or max(incident.stable_at, incident.reported_at)
    if not incident.reported_at <= incident.stable_at <= incident.closed_at <= now + CLOCK_SKEW:
        raise Invalid(_("Reported, stable and closed must follow each other, and lie behind us."), field="closed_at")
    chosen_tags = choosing.check_tags(project, tags)
    subjects.give_birth(incident, actor=actor, now=now, tags=chosen_tags, past=True)
    if external_key:
        ExternalKey.objects.create(**incident.as_owner, system=external_key[0], key=external_key[1])
    _record_birth(incident, chosen_tags, _("Past incident recorded"), actor, now)
    for event in events:
        record(incident, actor=actor, now=now, **event)
    staffing.staff_past(incident, commander=commander, reporter=reporter, actor=actor, now=now)
    closing = StatusChange.objects.get(incident=incident)
    Role.objects.of(incident).filter(renounced_at=None).update(renounced_at=now, ended_by=closing)
    return incident


def _new(
    project: Project, title: str, description: str, type_: Type | None, severity: Severity | None,
    priority: Priority | None, visibility: str | None, reported_at: datetime | None, now: datetime,
) -> Incident:  # fmt: skip
    kind = choosing.classification_for(project, "type", type_)
    if visibility is not None and visibility not in Visibility.values:
        raise Invalid(_("Visibility is open or restricted."), field="visibility")
    if reported_at is not None and reported_at > now + CLOCK_SKEW:
        raise Invalid(_("This time has not come yet."), field="reported_at")
    return Incident(
        project=project,
        title=choosing.check_title(title),
        description=subjects.check_text(description, "description", choosing.LONGEST_TEXT),
        type=kind,
        severity=choosing.classification_for(project, "severity", severity),
        priority=choosing.classification_for(project, "priority", priority),
        visibility=visibility or kind.visibility,
        reported_at=reported_at or now,
    )


def _record_birth(incident: Incident, tags: Sequence[Tag], sentence: str, actor: Actor, now: datetime) -> None:
    details = {
        "title": incident.title, "description": incident.description, "type": incident.type.name,
        "severity": incident.severity.name, "priority": incident.priority.name, "status": incident.status,
        "visibility": incident.visibility, "tags": sorted(tag.name for tag in tags),
    }  # fmt: skip
    event = record(
        incident, kind=Event.Kind.OTHER, description=sentence, actor=actor, now=now,
        happened_at=incident.reported_at, details=details,
    )  # fmt: skip
    EventPin.objects.create(event=event, pinned_at=now, pinned_by=actor.user)


def _unlimited(actor: Actor) -> Actor:
    return Actor(user=actor.user, face=actor.face, request_id=actor.request_id, token=actor.token, trusted=True)
