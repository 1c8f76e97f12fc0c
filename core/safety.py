"""What every answer says to the browser, and how much a request may bring."""

from collections.abc import Callable
from typing import Final

from csp.constants import SELF
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from core.api.errors import API_PATH, CONTENT_TYPE, Problem

Handler = Callable[[HttpRequest], HttpResponse]
# Pages in the theme's frame, whose script needs to evaluate what its templates say (STACK: admin theme).
FRAMED: Final = ("/admin/", "/account/")
# Everything else evaluates nothing.
STRICT: Final = {"script-src": [SELF]}
# The console asks for none of it; whatever is smuggled into a page is not to ask either.
PERMISSIONS: Final = ", ".join(
    f"{name}=()"
    for name in (
        "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer",
        "microphone", "midi", "payment", "usb", "xr-spatial-tracking",
    )
)  # fmt: skip


class SafeAnswers:
    """Headers that the framework does not set, and a stricter content policy outside the console's frame."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", PERMISSIONS)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not request.path.startswith(FRAMED):
            response._csp_replace = {**STRICT, **getattr(response, "_csp_replace", {})}  # type: ignore[attr-defined]
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            # What somebody saw signed in is in no shared cache, and not behind the Back button after a log-out. The API
            # is not asked whether what was kept still holds: its tags stand for versions, not for all that is shown.
            kept = "private, no-store" if request.path.startswith(API_PATH) else "private, no-cache"
            response.setdefault("Cache-Control", kept)
        return response


class BodyLimits:
    """Refuses a body before anything of it is read: 413 when it is too large, 411 when it does not say how large it is,
    415 when it is compressed. As a page, or as a problem.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        limit = self._limit(request)
        if _of_unknown_length(request):
            return _refusal(request, 411, "length_required", _("Send the body with its Content-Length, not in chunks."))
        if request.headers.get("Content-Encoding", "").lower() not in {"", "identity"}:
            plainly = _("Send the body as it is, without Content-Encoding.")
            return _refusal(request, 415, "unsupported_media_type", plainly)
        if _announced(request) <= limit:
            return self.get_response(request)
        said = _("At most %(limit)s can be sent here at once.") % {"limit": _in_words(limit)}
        return _refusal(request, 413, "too_large", said)

    def _limit(self, request: HttpRequest) -> int:
        """Files come in forms of several parts, from somebody who has signed in; everything else is text."""
        known = settings.SESSION_COOKIE_NAME in request.COOKIES or "Authorization" in request.headers
        with_files = known and request.content_type == "multipart/form-data"
        limit: int = settings.MAX_UPLOAD_BYTES if with_files else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return limit


def _refusal(request: HttpRequest, status: int, code: str, said: str) -> HttpResponse:
    if request.path.startswith(API_PATH):
        body = Problem(status=status, code=code, detail=said).body()
        return JsonResponse(body, status=status, content_type=CONTENT_TYPE)
    page = "413.html" if status == 413 else "400.html"
    return TemplateResponse(request, page, {"said": said}, status=status).render()


def _of_unknown_length(request: HttpRequest) -> bool:
    # The framework reads by Content-Length alone: of such a body it would see nothing, and say that all is well.
    return "Transfer-Encoding" in request.headers and not request.META.get("CONTENT_LENGTH")


def _announced(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _in_words(count: int) -> str:
    return f"{count / 1024**2:.1f} MiB".replace(".0 ", " ") if count >= 1024**2 else f"{count} B"
