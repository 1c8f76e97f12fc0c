"""How often one caller may ask: so many requests a minute for each token, and for each signed-in person.

Counted in the shared cache (Redis), or in the process where there is none; then each process allows the full number.
Every answer says what is left. A cache that is away stops nobody: reports must come through.
"""

import logging
import time
from dataclasses import dataclass
from typing import Any, Final

import redis
from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core.models import ApiToken

logger = logging.getLogger(__name__)

WINDOW_SECONDS: Final = 60
# After the cache failed it is left alone for a while: waiting for it at each request would be worse than not counting.
PAUSE_SECONDS: Final = 10
AWAY: Final = (redis.RedisError, OSError)


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Where a caller stands: how many a minute, how many are left, in how many seconds it begins anew."""

    limit: int
    left: int
    resets_in: int

    def headers(self) -> dict[str, str]:
        """As answers carry it."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.left)),
            "RateLimit-Reset": str(self.resets_in),
        }


class TooManyRequests(Throttled):
    """The caller is to wait; `Retry-After` says how long."""

    default_code = "too_many_requests"

    def __init__(self, rate: Rate) -> None:
        words = {"limit": rate.limit, "seconds": rate.resets_in}
        super().__init__(
            detail=_("More than %(limit)s requests in a minute. Go on in %(seconds)s s (Retry-After).") % words
        )
        self.wait = rate.resets_in


class PerCaller(BaseThrottle):
    """The throttle of every view."""

    paused_until: float = 0

    def allow_request(self, request: Request, _view: Any) -> bool:
        """Count the request.

        :raises TooManyRequests: when there were too many.
        """
        rate = self._counted(request)
        if rate is None:
            return True
        request._request.rate = rate  # type: ignore[attr-defined]
        if rate.left < 0:
            raise TooManyRequests(rate)
        return True

    def _counted(self, request: Request) -> Rate | None:
        limit: int = settings.API_REQUESTS_PER_MINUTE
        now = time.time()
        if limit <= 0 or time.monotonic() < PerCaller.paused_until:
            return None
        window, into = divmod(int(now), WINDOW_SECONDS)
        key = f"api-rate:{_caller(request)}:{window}"
        try:
            cache.add(key, 0, 2 * WINDOW_SECONDS)
            count = cache.incr(key)
        except (*AWAY, ValueError) as error:
            # ValueError: it was dropped between the two.
            logger.warning("Requests are not counted: the cache is away", exc_info=error)
            PerCaller.paused_until = time.monotonic() + PAUSE_SECONDS
            return None
        return Rate(limit=limit, left=limit - count, resets_in=WINDOW_SECONDS - into)


def rate_headers(request: Any) -> dict[str, str]:
    """The headers of an answer; none where nothing was counted."""
    rate: Rate | None = getattr(request, "rate", None)
    return rate.headers() if rate else {}


def _caller(request: Request) -> str:
    if isinstance(request.auth, ApiToken):
        return f"token:{request.auth.uuid}"
    return f"user:{getattr(request.user, 'uuid', '')}"
