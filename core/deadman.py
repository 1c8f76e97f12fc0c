"""The dead man's switch: a call each minute to another system, which raises the alarm when none comes.

It goes from beat through a worker, so its absence tells of either, of the network and of the machine. It is not sent
while a page waits for too long: a living worker that reaches nobody is as bad as a dead one.
"""

from datetime import datetime, timedelta

import httpx2
import structlog
from django.conf import settings

from core.operations.choosing import due
from core.operations.models import Operation

logger = structlog.get_logger(__name__)
TIMEOUT_SECONDS = 10.0
PATIENCE = timedelta(minutes=5)


def tell(*, now: datetime) -> bool:
    """Call the address, if one is set and pages go out. Returns whether it took the call."""
    if not settings.DEADMAN_URL:
        return False
    if pages_hang(now):
        logger.error("Pages wait for too long; the dead man's switch is not told that all is well")
        return False
    return _call(settings.DEADMAN_URL)


def pages_hang(now: datetime) -> bool:
    """Whether a page has been due for longer than anybody would accept."""
    return due(now - PATIENCE).filter(urgency=Operation.Urgency.PAGE).exists()


def _call(url: str) -> bool:
    try:
        answer = httpx2.get(url, timeout=TIMEOUT_SECONDS)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        # The address is a secret and stands in the error's text.
        logger.warning("The dead man's switch could not be called", error=type(error).__name__)
        return False
    if not answer.is_success:
        logger.warning("The dead man's switch refused the call", status=answer.status_code)
    return answer.is_success
