"""Keeps addresses that are secrets out of the log: whoever reads one there could use it."""

import re
from collections.abc import MutableMapping
from typing import Any, Final

# The first part of each address whose second part is the secret.
SECRET_BELOW: Final = ("calendar", "page", "handover", "swap", "shift", "password")
_SECRET: Final = re.compile(rf"(/(?:{'|'.join(SECRET_BELOW)})/)[A-Za-z0-9_:.~%-]{{16,}}")


def without_secret_addresses(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor of structlog: the line with each secret part as an ellipsis."""
    for key, value in line.items():
        if isinstance(value, str) and value.count("/") > 1:
            line[key] = _SECRET.sub(r"\1…", value)
    return line
