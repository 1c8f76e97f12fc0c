"""Who carries which action out. Apps register in their `performers.py`; planning an unknown action raises."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from core.operations.models import Operation

Store = Callable[[Operation], None]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it: plain values to show, and what to write in the transaction that completes the operation."""

    result: dict[str, Any] = field(default_factory=dict)
    store: Store | None = None


Perform = Callable[[Operation], Outcome]


@dataclass(frozen=True, kw_only=True)
class Performer:
    """A registered action. `lease_seconds` exceeds the sum of its time-outs."""

    action: str
    capability: str
    delivery: str
    lease_seconds: int
    perform: Perform


@dataclass(frozen=True, kw_only=True)
class Route:
    """The plugin instance that serves a capability in a project (none: built in), and its lane."""

    instance_id: int | None
    lane: str


Router = Callable[[int | None, str], Route]


class UnknownAction(LookupError):
    """Nobody performs the action: a mistake in the code, not of a user."""


_performers: dict[str, Performer] = {}
_routers: list[Router] = []


def performer(action: str, *, capability: str, delivery: str, lease_seconds: int = 60) -> Callable[[Perform], Perform]:
    """Register the decorated function for the action."""

    def register(perform: Perform) -> Perform:
        _performers[action] = Performer(
            action=action, capability=str(capability), delivery=delivery, lease_seconds=lease_seconds, perform=perform
        )
        return perform

    return register


def performer_of(action: str) -> Performer:
    """The registered performer.

    :raises UnknownAction: when there is none.
    """
    try:
        return _performers[action]
    except KeyError:
        raise UnknownAction(f"Nobody performs “{action}”.") from None


def set_router(router: Router) -> None:
    """Say who knows the plugin instances."""
    _routers[:] = [router]


def route(project_id: int | None, capability: str) -> Route:
    """Where an operation of the project goes."""
    if _routers and project_id is not None:
        return _routers[0](project_id, capability)
    return Route(instance_id=None, lane=f"builtin:{capability}")
