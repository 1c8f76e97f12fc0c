"""A page as an HTTP POST: to a phone's notification service, a chat, or whatever wakes somebody."""

import ipaddress
import socket
from typing import Any, Final
from urllib.request import getproxies

import httpx2
from django.conf import settings
from django.utils.translation import gettext as _

from core.operations.errors import Permanent, RateLimited, Transient

# Of each phase; a way that takes longer is of no use to a page.
TIMEOUT_SECONDS: Final = 5.0
BUSY: Final = frozenset({408, 425, 429})


def post(address: str, body: dict[str, Any], *, marker: str) -> None:
    """Send the body as JSON. The receiver knows a repetition by the header `Idempotency-Key`.

    :raises OperationError: naming the host only, for the address may hold a key.
    """
    try:
        url = httpx2.URL(address)
    except httpx2.InvalidURL:
        raise Permanent(_("The webhook's address is none.")) from None
    # As certificates and the directory of names spell it.
    host = url.raw_host.decode("ascii")
    headers = {"Idempotency-Key": marker, "Host": url.netloc.decode()}
    try:
        # To the address that was looked at: asked once more, the name might lead elsewhere.
        pinned = url.copy_with(host=_allowed_address(host, url.port))
        with httpx2.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False) as client:
            answer = client.post(pinned, json=body, headers=headers, extensions={"sni_hostname": host})
    except httpx2.HTTPError as error:
        words = {"host": host, "why": type(error).__name__}
        raise Transient(_("%(host)s cannot be reached: %(why)s") % words) from None
    if answer.is_success:
        return
    words = {"host": host, "code": str(answer.status_code)}
    if answer.status_code in BUSY:
        raise RateLimited(_("%(host)s asks to try later (%(code)s).") % words, retry_after=TIMEOUT_SECONDS)
    if answer.status_code >= 500:
        raise Transient(_("%(host)s failed with %(code)s.") % words)
    raise Permanent(_("%(host)s does not take the page (%(code)s).") % words)


def _allowed_address(host: str, port: int | None) -> str:
    """Where the name leads.

    :raises Permanent: into this network, of which a member's webhook must find out nothing.
    :raises Transient: nowhere at the moment.
    """
    if "https" in getproxies():
        # What goes out there decides where the name leads, and we may not even be able to ask.
        return host
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Transient(_("%(host)s has no address now.") % {"host": host}) from None
    addresses = [ipaddress.ip_address(str(each[4][0])) for each in found]
    if not all(map(_is_allowed, addresses)):
        told = _("%(host)s leads into this network, where webhooks may not go (WEBHOOK_PRIVATE_ADDRESSES).")
        raise Permanent(told % {"host": host})
    return str(addresses[0])


def _is_allowed(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    # A cloud tells its secrets at a link-local address.
    if address.is_link_local:
        return False
    return bool(address.is_global or settings.WEBHOOK_PRIVATE_ADDRESSES)
