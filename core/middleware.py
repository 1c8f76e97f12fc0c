"""What each request carries: the reader's time zone and the actor for the change history."""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from structlog.contextvars import get_contextvars

from core.actor import Actor, Face, acting
from core.flows import sessions
from core.known_browsers import remember
from core.whence import whence_of

Handler = Callable[[HttpRequest], HttpResponse]
# The console's script keeps the browser's zone in this cookie.
ZONE_COOKIE = "time_zone"


class ReaderTimeZone:
    """Activates the reader's zone: their own setting, else the browser's, else UTC."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = getattr(request.user, "time_zone", "") or request.COOKIES.get(ZONE_COOKIE, "")
        with timezone.override(_zone(name)):
            return self.get_response(request)


class RequestActor:
    """Puts `request.actor` together for console requests, and tells the change history."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user if request.user.is_authenticated else None
        actor = Actor(user=user, face=Face.CONSOLE, request_id=request_id())
        request.actor = actor  # type: ignore[attr-defined]
        with acting(actor):
            return self.get_response(request)


class SessionSeen:
    """Notes that a session is in use, at most once a minute; after a log-in the browser is known."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.session.session_key
        if key and request.user.is_authenticated:
            sessions.note_seen(
                user=request.user,
                session_key=key, whence=whence_of(request), now=timezone.now(),
            )  # fmt: skip
        response = self.get_response(request)
        signed_in = getattr(request, "signed_in", None)
        if signed_in is not None:
            remember(response, signed_in)
        return response


def request_id() -> str:
    """The id that the logs carry for the running request, or nothing outside one."""
    return str(get_contextvars().get("request_id", ""))


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return zoneinfo.ZoneInfo("UTC")
