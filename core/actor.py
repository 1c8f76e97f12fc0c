"""Who does something, through which face."""

import contextlib
import contextvars
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from core.models import ApiToken, User


class Face(models.TextChoices):
    """The ways in."""

    CONSOLE = "console", _("Console")
    API = "api", _("API")
    SLACK = "slack", _("Slack")
    SCHEDULE = "schedule", _("Schedule")
    COMMAND = "command", _("Command line")


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A user (none for schedules and commands), the face, the request, and the token if one was used.

    :ivar trusted: acts for the installation itself; `core.access` lets it pass.
    """

    user: "User | None"
    face: str
    request_id: str = ""
    token: "ApiToken | None" = None
    trusted: bool = False

    @classmethod
    def system(cls, face: str = Face.SCHEDULE, request_id: str = "") -> Self:
        """Dispatch itself: scheduled work and the command line."""
        return cls(user=None, face=face, request_id=request_id, trusted=True)

    @property
    def name(self) -> str:
        """How the timeline names the actor."""
        return str(self.user) if self.user else "Dispatch"


_current: contextvars.ContextVar[Actor | None] = contextvars.ContextVar("dispatch_actor", default=None)


def current_actor() -> Actor | None:
    """The actor of the running request or command, for the change history only. Flows take theirs as an argument."""
    return _current.get()


@contextlib.contextmanager
def acting(actor: Actor) -> Iterator[Actor]:
    """Let the change history know who acts within the block."""
    token = _current.set(actor)
    try:
        yield actor
    finally:
        _current.reset(token)
