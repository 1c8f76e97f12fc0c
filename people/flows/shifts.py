"""Taking somebody off call at once, and having the shifts of services worked out again."""

import importlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from types import ModuleType

from core.actor import Actor
from people.models import Individual, RotationLayer, RotationMember, Service, Shift


def take_off_call(individual: Individual, *, now: datetime) -> list[Service]:
    """Remove the person's stored shifts from now on, and end the one that runs. Returns the services concerned.

    What is over stays as it was.
    """
    coming = Shift.objects.filter(individual=individual, ends_at__gt=now)
    services = list(Service.objects.filter(pk__in=coming.values("service")).order_by("pk"))
    coming.filter(starts_at__gte=now).delete()
    coming.update(ends_at=now)
    return services


def refresh(services: Iterable[Service], *, now: datetime) -> None:
    """Work out who is on call for the services, from what their rotations say now."""
    oncall = _rotation()
    if oncall is not None:
        for service in services:
            oncall.refresh(service=service, now=now)


def set_turns(layer: RotationLayer, people: Sequence[Individual], *, actor: Actor, now: datetime) -> None:
    """Let just these people, who are on the list, take the layer's turns in this order."""
    oncall = _rotation()
    if oncall is not None:
        # It keeps the running turn with whoever has it, though the list becomes shorter.
        oncall.save_layer(layer, members=people, actor=actor, now=now)
        return
    layer.members.all().delete()
    RotationMember.objects.bulk_create(
        RotationMember(layer=layer, individual=person, position=position) for position, person in enumerate(people)
    )


def _rotation() -> ModuleType | None:
    """The flows of rotations. Without them stored shifts stay as they are until somebody works them out."""
    try:
        return importlib.import_module("people.flows.oncall")
    except ModuleNotFoundError:
        return None
