"""What apps forget once a night, when it has had its time. They register it in their `receivers.py`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

Forget = Callable[[datetime], Any]
_rooms: list[Forget] = []


def register(forget: Forget) -> None:
    """`forget(now)` deletes what nobody needs any more."""
    _rooms.append(forget)


def forget_all(now: datetime) -> None:
    """Let every app forget."""
    for forget in _rooms:
        forget(now)
