"""A page as an HTTP POST: to a phone's notification service, a chat, or whatever wakes somebody."""

from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
from django.utils.translation import gettext as _

from core.operations.errors import Permanent, RateLimited, Transient

# Of each phase; a way that takes longer is of no use to a page.
TIMEOUT_SECONDS: Final = 5.0
BUSY: Final = frozenset({408, 425, 429})


def post(address: str, body: dict[str, Any], *, marker: str) -> None:
    """Send the body as JSON. The receiver knows a repetition by the header `Idempotency-Key`.

    :raises OperationError: naming the host only, for the address may hold a key.
    """
    host = urlsplit(address).hostname or "?"
    try:
        answer = httpx2.post(
            address, json=body, headers={"Idempotency-Key": marker}, timeout=TIMEOUT_SECONDS, follow_redirects=False
        )
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
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
