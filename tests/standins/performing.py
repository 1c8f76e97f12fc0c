"""Actions that do what a test says, registered for its time only."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.operations import performers
from core.operations.models import Operation
from core.operations.performers import Outcome, performer


class Stage:
    """Registers actions, and remembers what was performed."""

    def __init__(self) -> None:
        self.performed: list[Any] = []

    def action(self, name: str, does: Any = None, delivery: str = Operation.Delivery.ENSURE, **more: Any) -> None:
        """`does` is called with the operation; an exception it holds or returns is raised; an Outcome is answered."""

        def perform(operation: Operation) -> Outcome:
            self.performed.append(operation.arguments.get("n", operation.action))
            answer = does(operation) if callable(does) else does
            if isinstance(answer, Exception):
                raise answer
            return answer if isinstance(answer, Outcome) else Outcome()

        performer(name, capability=more.pop("capability", name.split(".")[0]), delivery=delivery, **more)(perform)


@contextmanager
def stage() -> Iterator[Stage]:
    """A stage; afterwards everything registered meanwhile is gone."""
    before = dict(performers._performers)
    try:
        yield Stage()
    finally:
        performers._performers.clear()
        performers._performers.update(before)
