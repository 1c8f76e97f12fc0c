"""One shape for everything refused: RFC 9457 `application/problem+json`, whoever refused it.

`type` is `urn:dispatch:problem:<code>`; clients switch on it. `errors` names the inputs at fault.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.defaults import server_error as html_server_error
from rest_framework import exceptions
from rest_framework.response import Response

from core.errors import FlowError

logger = logging.getLogger(__name__)

CONTENT_TYPE: Final = "application/problem+json"
API_PATH: Final = "/api/"
TITLES: Final[Mapping[int, Any]] = {
    400: gettext_lazy("The request is not valid"),
    401: gettext_lazy("Sign in first"),
    403: gettext_lazy("Not allowed"),
    404: gettext_lazy("Not found"),
    405: gettext_lazy("Not with this method"),
    406: gettext_lazy("Not in this format"),
    409: gettext_lazy("Refused by the state of things"),
    411: gettext_lazy("Its length is missing"),
    412: gettext_lazy("Changed meanwhile"),
    413: gettext_lazy("Too large"),
    415: gettext_lazy("Not of this kind"),
    422: gettext_lazy("The key was used for something else"),
    429: gettext_lazy("Too many requests"),
    500: gettext_lazy("Our mistake"),
}
CODES: Final[Mapping[type[Exception], str]] = {
    exceptions.NotAuthenticated: "not_signed_in",
    exceptions.AuthenticationFailed: "not_signed_in",
    exceptions.PermissionDenied: "forbidden",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.ParseError: "unreadable",
}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is wrong, before it is written as JSON. `more` are members beside the standard ones."""

    status: int
    code: str
    detail: str
    errors: list[dict[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        return {
            **self.more,
            "type": f"urn:dispatch:problem:{self.code}",
            "title": str(TITLES.get(self.status, "")),
            "status": self.status,
            "detail": self.detail,
            "errors": self.errors,
        }


def problem(error: Exception, _context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler. None for the unexpected: it rises, is logged, and `server_error` answers."""
    for kind, translate in _TRANSLATIONS:
        if isinstance(error, kind):
            return _response(translate(error))
    return None


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`: a problem for the API, the usual page elsewhere. Says nothing of what went wrong."""
    if not request.path.startswith(API_PATH):
        return html_server_error(request)
    body = Problem(status=500, code="internal", detail=_("Something went wrong here. It was logged.")).body()
    return JsonResponse(body, status=500, content_type=CONTENT_TYPE)


def field_error(name: str, message: str, code: str = "invalid") -> exceptions.ValidationError:
    """A refusal of one input."""
    return exceptions.ValidationError({name: exceptions.ErrorDetail(message, code)})


def _response(found: Problem) -> Response:
    return Response(_sendable(found.body()), found.status, headers=found.headers, content_type=CONTENT_TYPE)


def _from_flow(error: FlowError) -> Problem:
    errors = [_error(error.field, error.code, error.message)] if error.field else []
    return Problem(status=error.status, code=error.code, detail=error.message, errors=errors, more=error.params)


def _from_validation(error: exceptions.ValidationError) -> Problem:
    errors = list(_flat(error.detail))
    return Problem(status=400, code="invalid", detail=_summary(errors), errors=errors)


def _from_django_validation(error: ValidationError) -> Problem:
    if hasattr(error, "error_dict"):
        pairs = [(name, each) for name, some in error.error_dict.items() for each in some]
    else:
        pairs = [("", each) for each in error.error_list]
    named = [("" if name == "__all__" else name, each) for name, each in pairs]
    errors = [_error(name, each.code or "invalid", each.messages[0]) for name, each in named]
    return Problem(status=400, code="invalid", detail=_summary(errors), errors=errors)


def _from_api(error: exceptions.APIException) -> Problem:
    code = CODES.get(type(error), str(getattr(error.detail, "code", error.default_code)))
    return Problem(
        status=error.status_code, code=code, detail=str(error.detail), headers=_headers(error),
        errors=getattr(error, "errors", []),
    )  # fmt: skip


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = dict(getattr(error, "headers", {}))
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait))  # type: ignore[attr-defined]
    return headers


def _from_race(error: IntegrityError) -> Problem:
    # Flows check first and say whom they found; only two requests at the same moment come this far.
    logger.warning("A write met a constraint", exc_info=error)
    return Problem(status=409, code="conflict", detail=_("Somebody wrote the same at the same moment. Look again."))


def _fixed(status: int, code: str, detail: Any) -> Callable[[Exception], Problem]:
    return lambda _error: Problem(status=status, code=code, detail=str(detail))


_TRANSLATIONS: Final[tuple[tuple[type[Exception], Callable[[Any], Problem]], ...]] = (
    (FlowError, _from_flow),
    (exceptions.ValidationError, _from_validation),
    (exceptions.APIException, _from_api),
    (ValidationError, _from_django_validation),
    (Http404, _fixed(404, "not_found", gettext_lazy("There is no such thing, or you may not see it."))),
    (PermissionDenied, _fixed(403, "forbidden", gettext_lazy("You may not do this."))),
    (RequestDataTooBig, _fixed(413, "too_large", gettext_lazy("The body is too large."))),
    (SuspiciousOperation, _fixed(400, "unreadable", gettext_lazy("The request cannot be read."))),
    (BadRequest, _fixed(400, "unreadable", gettext_lazy("The request cannot be read."))),
    (IntegrityError, _from_race),
)


def _flat(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested details as a flat list, `tags.2` for the third of a list."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = "" if name == "non_field_errors" else str(name)
            yield from _flat(inner, ".".join(part for part in (path, own) if part))
    elif isinstance(detail, list | tuple):
        for number, inner in enumerate(detail):
            # A list of messages belongs to the field; only structures inside a list have a place in it.
            own = str(number) if isinstance(inner, Mapping | list) else ""
            yield from _flat(inner, ".".join(part for part in (path, own) if part))
    else:
        yield _error(path, str(getattr(detail, "code", None) or "invalid"), str(detail))


def _error(name: str, code: str, message: str) -> dict[str, str]:
    return {"field": name, "code": code, "message": message}


def _summary(errors: list[dict[str, str]]) -> str:
    said = [f"{each['field']}: {each['message']}" if each["field"] else each["message"] for each in errors[:5]]
    return " ".join(said)


def _sendable(value: Any) -> Any:
    """The value with half characters replaced: a refusal that quotes the input must be writable as UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {_sendable(name): _sendable(inner) for name, inner in value.items()}
    return [_sendable(inner) for inner in value] if isinstance(value, list | tuple) else value
