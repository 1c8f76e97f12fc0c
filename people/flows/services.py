"""Services, their rotation layers and escalation lists. Each change brings the shifts up to date at once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core import access, search, versions
from core.access import Right
from core.actor import Actor
from core.errors import Invalid
from core.flows import configuration
from people.flows.rotas import locked, refresh
from people.models import EscalationStep, Individual, LayerRestriction, RotationLayer, RotationMember, Service
from people.oncall.rota import layer_of
from people.oncall.rotation import Layer, Window, holder, turn_at

EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)
MOST_MEMBERS = 100
MOST_WINDOWS = 50
MOST_STEPS = 20


@transaction.atomic
def save_service(service: Service, *, actor: Actor, now: datetime, version: int | None = None) -> Service:
    """Create or change a service.

    :raises Invalid: the owner belongs to another organization, or a plugin keeps the rotation and the id there is
        missing; and as `configuration.save`.
    """
    if service.owner is not None:
        _check_person(service.owner, service, "owner")
    if service.plugin_instance_id and not service.external_id.strip():
        raise Invalid(_("Say what the service is called there."), field="external_id")
    saved: Service = configuration.save(service, actor=actor, now=now, version=version)
    search.index(saved)
    refresh(service=saved, now=now)
    return saved


@transaction.atomic
def save_layer(
    layer: RotationLayer,
    *,
    members: Sequence[Individual] | None = None,
    restrictions: Sequence[Window] | None = None,
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> RotationLayer:
    """Create or change a layer with its members in their order and its restrictions; None leaves those as they are.

    Whoever has the running turn keeps it: the list is turned round (its order stays) until it is theirs. When they were
    taken off it goes to the next of the old list who stays.

    :raises Invalid: a member of another organization, inactive or twice, a restriction twice, a day out of bounds;
        and as `configuration.save`.
    """
    access.require(actor, Right.CONFIGURE, layer.service.project)
    locked(layer.service)
    before = _stored(layer)
    if before and not layer.service.layers.filter(pk=layer.pk).exists():
        raise Invalid(_("It stays where it is; make a new one there."), field="service")
    _check_times(layer)
    people = _members(layer) if members is None else list(members)
    known = {one.individual for one in before.members} if before else set()
    _check_members(people, layer.service, known)
    parts_change = before is not None and not _same_parts(before, layer, members, restrictions)
    configuration.save(layer, actor=actor, now=now, version=version, parts_change=parts_change)
    if restrictions is not None:
        _write_restrictions(layer, restrictions)
    _write_members(layer, _turned(people, layer, before, now))
    refresh(service=layer.service, now=now)
    return layer


@transaction.atomic
def delete_layer(layer: RotationLayer, *, actor: Actor, now: datetime) -> None:
    """Delete a layer; what was worked from it stays as it was."""
    service = layer.service
    access.require(actor, Right.CONFIGURE, service.project)
    locked(service)
    configuration.delete(layer, actor=actor)
    refresh(service=service, now=now)


@transaction.atomic
def set_escalation(
    *,
    service: Service,
    steps: Sequence[Individual | Service],
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> Service:
    """Say who is called after those on call, in this order: people, or whoever is on call for another service.

    :raises Invalid: a step of another organization or project, twice, or the service itself.
    :raises Stale: the service was changed meanwhile.
    """
    access.require(actor, Right.CONFIGURE, service.project)
    service = locked(service)
    _check_steps(service, steps)
    versions.bump(service, fields=[], expected=version)
    service.escalation.all().delete()
    for position, step in enumerate(steps):
        key = "individual" if isinstance(step, Individual) else "target"
        EscalationStep.objects.create(service=service, position=position, **{key: step})
    return service


def _check_person(person: Individual, service: Service, field: str) -> None:
    if person.organization_id != service.project.organization_id:
        raise Invalid(_("“%(name)s” belongs to another organization.") % {"name": person}, field=field)


def _check_times(layer: RotationLayer) -> None:
    for field in ("starts_on", "ends_on"):
        day = getattr(layer, field)
        if isinstance(day, date) and not EARLIEST <= day <= LATEST:
            words = {"first": EARLIEST.year, "last": LATEST.year}
            raise Invalid(_("Choose a day between %(first)d and %(last)d.") % words, field=field)
    if layer.ends_on and layer.starts_on and layer.ends_on < layer.starts_on:
        raise Invalid(_("The last day must not come before the first."), field="ends_on")
    if layer.cadence == RotationLayer.Cadence.CUSTOM and not layer.turn_hours:
        raise Invalid(_("Say how many hours a turn has."), field="turn_hours")


def _check_members(people: Sequence[Individual], service: Service, known: set[int]) -> None:
    if len(people) > MOST_MEMBERS:
        raise Invalid(_("At most %(most)d people take turns.") % {"most": MOST_MEMBERS}, field="members")
    if len({person.pk for person in people}) < len(people):
        raise Invalid(_("Somebody is on the list twice."), field="members")
    for person in people:
        _check_person(person, service, "members")
        # Whoever is on the list already may stay until somebody puts it in order.
        if not person.is_active and person.pk not in known:
            raise Invalid(_("%(who)s is not active.") % {"who": person}, field="members")


def _check_steps(service: Service, steps: Sequence[Individual | Service]) -> None:
    if len(steps) > MOST_STEPS:
        raise Invalid(_("At most %(most)d steps.") % {"most": MOST_STEPS}, field="steps")
    if len({(type(step), step.pk) for step in steps}) < len(steps):
        raise Invalid(_("A step is on the list twice."), field="steps")
    for step in steps:
        if isinstance(step, Individual):
            _check_person(step, service, "steps")
            continue
        if step.pk == service.pk:
            raise Invalid(_("A service does not escalate to itself; name another, or a person."), field="steps")
        if step.project_id != service.project_id:
            raise Invalid(_("“%(name)s” belongs to another project.") % {"name": step}, field="steps")


def _write_restrictions(layer: RotationLayer, windows: Sequence[Window]) -> None:
    if len(windows) > MOST_WINDOWS:
        raise Invalid(_("At most %(most)d restrictions.") % {"most": MOST_WINDOWS}, field="restrictions")
    if len({(window.weekday, window.starts_at) for window in windows}) < len(windows):
        raise Invalid(_("Two restrictions begin at the same time."), field="restrictions")
    layer.restrictions.all().delete()
    LayerRestriction.objects.bulk_create(
        LayerRestriction(layer=layer, weekday=one.weekday, starts_at=one.starts_at, ends_at=one.ends_at)
        for one in windows
    )


def _write_members(layer: RotationLayer, people: Sequence[Individual]) -> None:
    if [person.pk for person in _members(layer)] == [person.pk for person in people]:
        return
    layer.members.all().delete()
    RotationMember.objects.bulk_create(
        RotationMember(layer=layer, individual=person, position=position) for position, person in enumerate(people)
    )


def _stored(layer: RotationLayer) -> Layer | None:
    """The layer as the database has it."""
    row = RotationLayer.objects.filter(pk=layer.pk).first() if layer.pk else None
    return layer_of(row, _rows(row)) if row else None


def _same_parts(
    before: Layer, layer: RotationLayer, members: Sequence[Individual] | None, restrictions: Sequence[Window] | None
) -> bool:
    """Whether people and hours, where they are given, are those there are."""
    same_people = members is None or [person.pk for person in members] == [person.pk for person in _members(layer)]
    return same_people and (restrictions is None or set(restrictions) == set(before.windows))


def _rows(layer: RotationLayer) -> list[RotationMember]:
    return list(layer.members.select_related("individual").order_by("position"))


def _members(layer: RotationLayer) -> list[Individual]:
    return [row.individual for row in _rows(layer)] if layer.pk else []


def _turned(
    people: Sequence[Individual], layer: RotationLayer, before: Layer | None, now: datetime
) -> Sequence[Individual]:
    """The list turned round so that the running turn stays with whoever has it."""
    after = layer_of(layer, [RotationMember(layer=layer, individual=person) for person in people])
    keeper = _keeper(before, {person.pk for person in people if person.is_active}, now) if before else None
    turn = turn_at(after, now)
    for first in range(len(people) if keeper else 0):
        turned = replace(after, members=(*after.members[first:], *after.members[:first]))
        if holder(turned, turn) == keeper:
            return [*people[first:], *people[:first]]
    return people


def _keeper(before: Layer, staying: set[int], now: datetime) -> int | None:
    """Who has the running turn, or would have next of those who stay."""
    running = holder(before, turn_at(before, now))
    order: list[Any] = [member.individual for member in before.members]
    if running is None:
        return None
    place = order.index(running)
    return next((one for one in (*order[place:], *order[:place]) if one in staying), None)
