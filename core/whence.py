"""Where a request came from: the network address and the browser."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

from core.validators import UNSTORABLE

_LONGEST_AGENT: Final = 300
# The first that fits; the special ones stand before those whose words they carry too.
_BROWSERS: Final = (
    ("Edge", r"Edg\w*/"), ("Opera", r"OPR/"), ("Firefox", r"Firefox/|FxiOS/"), ("Chrome", r"Chrom\w*/|CriOS/"),
    ("Safari", r"Safari/"), ("curl", r"curl/"),
)  # fmt: skip
_SYSTEMS: Final = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
    ("macOS", "Mac OS X|Macintosh"), ("Linux", "Linux"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Whence:
    """A network address (empty: not known) and what the browser calls itself."""

    address: str = ""
    agent: str = ""

    @property
    def network(self) -> str:
        """What is counted as one visitor: an IPv4 address, or the /64 that one IPv6 line has."""
        if not self.address:
            return ""
        address = ipaddress.ip_address(self.address)
        if address.version == 4:
            return str(address)
        return str(ipaddress.ip_network((address, 64), strict=False))


def whence_of(request: Any) -> Whence:
    """Where a request came from. Behind proxies of ours the address is the one that the outermost of them wrote."""
    meta = getattr(request, "META", {})
    agent = UNSTORABLE.sub("", meta.get("HTTP_USER_AGENT", ""))[:_LONGEST_AGENT]
    return Whence(address=_address(meta), agent=agent)


def browser_of(agent: str) -> str:
    """A browser in words: Firefox on Linux."""
    browser = next((name for name, mark in _BROWSERS if re.search(mark, agent)), "")
    system = next((name for name, mark in _SYSTEMS if re.search(mark, agent)), "")
    return " · ".join(word for word in (browser, system) if word) or agent[:40]


def _address(meta: dict[str, Any]) -> str:
    hops = settings.TRUSTED_PROXIES
    text = meta.get("REMOTE_ADDR", "")
    if hops:
        # Whatever a visitor writes into the header stands left of what our own proxies add.
        written = [part.strip() for part in meta.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
        text = written[-hops] if len(written) >= hops else text
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
