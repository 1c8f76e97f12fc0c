"""One settings package by topic; environments differ by variables only. docs/configuration.md lists them all."""

from .apps import *  # noqa: F403
from .data import *  # noqa: F403
from .environment import *  # noqa: F403
from .faces import *  # noqa: F403
from .logs import *  # noqa: F403
from .running import *  # noqa: F403
from .security import *  # noqa: F403
from .work import *  # noqa: F403
