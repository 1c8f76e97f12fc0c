"""Plain pictures of subjects for plugins, taken when an operation is performed."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Prefetch

from core.links import page_url
from integrations.capabilities import PersonSnapshot, SubjectSnapshot
from people.models import Participant, Role


def snapshot(subject: Any) -> SubjectSnapshot:
    """The subject as it is in the database now. A fixed number of queries."""
    row = _fresh(subject)
    people = _people(row)
    return SubjectSnapshot(
        kind=row.kind,
        uuid=str(row.uuid),
        name=row.name,
        title=row.title,
        description=row.description,
        resolution=row.resolution,
        status=row.get_status_display(),
        status_code=row.status,
        restricted=row.is_restricted,
        visibility=row.get_visibility_display(),
        type=row.type.name,
        severity=row.severity.name,
        priority=row.priority.name,
        project=row.project.name,
        organization=row.project.organization.name,
        time_zone=row.project.time_zone,
        url=page_url(row),
        reported_at=row.reported_at,
        stable_at=row.stable_at,
        closed_at=row.closed_at,
        tags=tuple(sorted(tag.name for tag in row.tags.all())),
        lead=_holder(people, row.lead_role),
        reporter=_holder(people, Role.Name.REPORTER),
        people=tuple(_person(participant) for participant in people),
    )


def _fresh(subject: Any) -> Any:
    rows = type(subject)._default_manager.select_related("project__organization", "type", "severity", "priority")
    return rows.prefetch_related("tags").get(pk=subject.pk)


def _people(subject: Any) -> list[Participant]:
    current = Role.objects.filter(renounced_at=None).order_by("pk")
    rows = Participant.objects.of(subject).filter(left_at=None).select_related("individual")
    return list(rows.prefetch_related(Prefetch("roles", current, to_attr="current_roles")).order_by("joined_at", "pk"))


def _holder(people: Iterable[Participant], role: str) -> PersonSnapshot | None:
    return next((_person(one) for one in people if role in {held.role for held in _roles(one)}), None)


def _person(participant: Participant) -> PersonSnapshot:
    person = participant.individual
    roles = tuple(str(role.get_role_display()) for role in _roles(participant))
    return PersonSnapshot(name=str(person), email=person.email, roles=roles)


def _roles(participant: Participant) -> Sequence[Role]:
    return participant.current_roles  # type: ignore[attr-defined]
