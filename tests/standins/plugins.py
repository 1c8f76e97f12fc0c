"""Plugins of an invented vendor, for what the built-in ones do not have: secrets, failures, other people's code."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar
from unittest import mock

from pydantic import BaseModel, Field, SecretStr

from core.operations.errors import Permanent, Transient
from integrations import registry
from integrations.capabilities import Capability, ExternalThing, OnCall, OnCallShift, SubjectSnapshot, Ticket
from integrations.plugin import CheckResult, Plugin, PluginConfiguration


class Account(BaseModel):
    user: str = "dispatch"
    password: SecretStr = SecretStr("")


class TrackerConfiguration(PluginConfiguration):
    address: str = Field(title="Address")
    token: SecretStr = Field(title="Token", min_length=8)
    proxy_password: SecretStr | None = Field(default=None, title="Proxy password")
    timeout_seconds: int = Field(default=10, title="Time-out", ge=1, le=30)
    account: Account = Field(default_factory=Account, title="Account")


class Tracker(Plugin, Ticket):
    """Keeps tickets in memory. `down`: every call fails for now; `made` and `updated` are what it was asked for."""

    slug = "tracker"
    title = "Tracker"
    vendor = "Invented"
    capabilities = frozenset({Capability.TICKET})
    Configuration = TrackerConfiguration

    down: ClassVar[bool] = False
    made: ClassVar[dict[str, SubjectSnapshot]] = {}
    updated: ClassVar[list[tuple[str, SubjectSnapshot]]] = []

    def check(self) -> CheckResult:
        if self.down:
            raise Transient("Tracker does not answer.")
        return CheckResult(ok=True, message=f"Tracker at {self.configuration.address} answers.")

    def ensure(self, *, marker: str, subject: SubjectSnapshot) -> ExternalThing:
        if self.down:
            raise Transient("Tracker does not answer.")
        self.made.setdefault(marker, subject)
        number = list(self.made).index(marker) + 1
        return ExternalThing(
            external_id=f"T{number}", label=f"TRK-{number}", url=f"https://tracker.example/TRK-{number}"
        )

    def update(self, *, external_id: str, subject: SubjectSnapshot) -> None:
        if self.down:
            raise Transient("Tracker does not answer.")
        self.updated.append((external_id, subject))


class Roster(Plugin, OnCall):
    """Keeps rotations in memory. `kept` are its shifts by its id of the service; `down` and `asked` as expected."""

    slug = "roster"
    title = "Roster"
    vendor = "Invented"
    capabilities = frozenset({Capability.ON_CALL})

    down: ClassVar[bool] = False
    kept: ClassVar[dict[str, list[OnCallShift]]] = {}
    asked: ClassVar[list[tuple[str, datetime, datetime]]] = []

    def check(self) -> CheckResult:
        return CheckResult(ok=not self.down, message="Roster answers.")

    def shifts(self, *, external_id: str, since: datetime, until: datetime) -> Sequence[OnCallShift]:
        self.asked.append((external_id, since, until))
        if self.down:
            raise Transient("Roster does not answer.")
        if external_id not in self.kept:
            raise Permanent(f"Roster knows no “{external_id}”.")
        return self.kept[external_id]


@contextmanager
def installed(*plugins: Any) -> Iterator[None]:
    """Have the plugins among those that are installed, as if packages had brought them."""
    Tracker.down, Tracker.made, Tracker.updated = False, {}, []
    Roster.down, Roster.kept, Roster.asked = False, {}, []
    there = registry.catalogue()
    more = {**there.plugins, **{plugin.slug: plugin for plugin in plugins}}
    found = registry.Catalogue(plugins=MappingProxyType(more), broken=())
    with mock.patch.object(registry, "catalogue", return_value=found):
        yield
