"""The class every plugin is made of."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.functional import Promise
from pydantic import BaseModel, ConfigDict

from integrations.capabilities import Capability


class PluginConfiguration(BaseModel):
    """What an administrator fills in. Secrets are `SecretStr` fields; a field's title and description are its help."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """What "Test connection" found, in plain words."""

    ok: bool
    message: str


class Plugin(ABC):
    """Offers capabilities of one vendor. One is made for each operation, from the configuration as it is then.

    It keeps nothing between calls. Every request it makes has a time-out; together they stay below the operation's
    lease, which is 60 seconds (mail and checks: 120).

    :cvar slug: its name for good; :cvar capabilities: each needs the class of the same name in `capabilities`.
    """

    slug: ClassVar[str]
    title: ClassVar[str]
    vendor: ClassVar[str]
    description: ClassVar[str | Promise] = ""
    capabilities: ClassVar[frozenset[Capability]]
    Configuration: ClassVar[type[PluginConfiguration]] = PluginConfiguration

    def __init__(self, configuration: Any, *, project_id: int | None) -> None:
        self.configuration = configuration
        self.project_id = project_id

    @abstractmethod
    def check(self) -> CheckResult:
        """Whether it could do its work now, without changing anything; says what is wrong and the mend."""
