"""How the API describes itself: what every operation may refuse, its headers, and one stable name each."""

import re
from collections.abc import Iterator
from typing import Any, Final

import uritemplate
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from core.api import etags
from core.api.errors import CONTENT_TYPE, TITLES
from core.api.fields import Text, Whole
from core.api.serializers import Answer
from core.api.views import KEY_HEADER, REPLAYED_HEADER

# Beside every answer, unless nothing is counted (`API_REQUESTS_PER_MINUTE=0`).
RATE_HEADERS: Final = {
    "RateLimit-Limit": "Requests a minute.",
    "RateLimit-Remaining": "Requests left in this minute.",
    "RateLimit-Reset": "Seconds until the next minute begins.",
}
PAGE: Final = re.compile(r"Paginated(\w+)List")
SUMMARIES: Final = {
    "list": "List",
    "create": "Create",
    "retrieve": "Read",
    "partial_update": "Change",
    "destroy": "Delete",
}


def describe_rows(result: dict[str, Any], **_words: Any) -> dict[str, Any]:
    """Give a list's rows a schema without required members: a row leaves some out unless `fields` names them."""
    schemas = result["components"]["schemas"]
    for name in [name for name in schemas if PAGE.fullmatch(name)]:
        one = PAGE.fullmatch(name)[1]  # type: ignore[index]
        row = {key: value for key, value in schemas[one].items() if key != "required"}
        row["description"] = f"{row.get('description', one)} Which members a row has, `fields` says."
        schemas[f"{one}Row"] = row
        schemas[name]["properties"]["results"]["items"] = {"$ref": f"#/components/schemas/{one}Row"}
    return result


class BearerScheme(OpenApiAuthenticationExtension):
    """The token of a machine."""

    target_class = "core.api.authentication.BearerToken"
    name = "bearer"

    def get_security_definition(self, _auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):
    """The console's session."""

    target_class = "core.api.authentication.ConsoleSession"
    name = "session"

    def get_security_definition(self, _auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "apiKey", "in": "cookie", "name": "sessionid",
            "description": "Writes carry `X-CSRFToken` too.",
        }  # fmt: skip


class FieldErrorSerializer(Answer):
    """One input at fault; `field` is empty when it is not one alone."""

    field = Text()
    code = Text()
    message = Text()


class ProblemSerializer(Answer):
    """RFC 9457. Clients switch on `type`; `errors` names the inputs at fault."""

    type = Text(help_text="For example urn:dispatch:problem:invalid.")
    title = Text()
    status = Whole()
    detail = Text()
    errors = FieldErrorSerializer(many=True)  # type: ignore[assignment]


class Schema(AutoSchema):
    """Adds to each operation what every view of ours does alike."""

    view: Any

    def get_operation_id(self) -> str:
        """`incidents_list`, `incidents_events_pin`; the path says it once."""
        tokens = [token.replace("-", "_") for token in self._tokenize_path()]
        verb = self._verb()
        if f"{verb}_".startswith(f"{tokens[-1]}_"):
            # `…/resolve/` with the verb “resolve_many” says it once too.
            tokens[-1] = verb
        elif verb:
            tokens.append(verb)
        return "_".join(tokens)

    def get_summary(self) -> str:
        words = " ".join(self._tokenize_path()).replace("-", " ")
        verb = SUMMARIES.get(self._verb())
        return f"{verb} {words}" if verb else words.capitalize()

    def get_serializer_name(self, serializer: Any, direction: str) -> str:  # noqa: ARG002
        return type(serializer).__name__.removesuffix("Serializer").removesuffix("Body")

    def get_request_serializer(self) -> Any:
        return self.view.body_class()

    def get_response_serializers(self) -> Any:
        answers: dict[Any, Any] = {}
        if self.method == "DELETE":
            answers[204] = OpenApiResponse(description="Done.")
        elif self._verb() in getattr(self.view, "binary", ()):
            answers[200, "application/octet-stream"] = OpenApiTypes.BINARY
        elif files := getattr(self.view, "files", {}).get(self._verb()):
            answers |= files
        else:
            answers[self.view.code()] = self.view.get_serializer_class()
            for status, told in getattr(self.view, "also", {}).get(self._verb() or "create", {}).items():
                answers[status] = OpenApiResponse(self.view.get_serializer_class(), description=told)
            if self.method != "GET" and self.view.may_vanish:
                answers[204] = OpenApiResponse(description="Done, and you do not see it any more.")
        for status in self._refusals():
            answers[status, CONTENT_TYPE] = OpenApiResponse(ProblemSerializer, description=str(TITLES[status]))
        return answers

    def _is_list_view(self, serializer: Any = None) -> bool:
        # What `GET …/cost/` gives is one object, though it has no id in its address.
        is_list: bool = super()._is_list_view(serializer)
        return is_list and (getattr(self.view, "action", "") != "list" or self.view.is_list)

    def get_override_parameters(self) -> list[Any]:
        return [*self._keys(), *self._query(), *self._headers()]

    def _verb(self) -> str:
        action = getattr(self.view, "action", "") or self.method_mapping[self.method.lower()]
        # What can only be posted to is a verb itself: …/join/.
        is_verb = action == "create" and hasattr(self.view, "action") and not hasattr(self.view, "list")
        return "" if is_verb else action

    def _refusals(self) -> Iterator[int]:
        yield from (400, 401, 403)
        if "{" in self.path or self.method == "GET":
            yield 404
        if self.method != "GET":
            yield 409
        if self._is_matched():
            yield 412
        if self.method in {"POST", "PATCH"}:
            yield from (411, 413, 415)
        if self.method == "POST":
            yield 422
        yield 429

    def _keys(self) -> Iterator[OpenApiParameter]:
        for name in uritemplate.variables(self.path):
            named = name == "subject" or hasattr(self.view, "declare")
            yield OpenApiParameter(name, str, "path", description="Id or name." if named else "Id.")

    def _query(self) -> Iterator[OpenApiParameter]:
        if self.method == "GET" and not self._is_file():
            words = "Only these members, with commas between: `id,name`. Then an answer lacks others that it requires."
            yield OpenApiParameter("fields", str, description=words)

    def _headers(self) -> Iterator[OpenApiParameter]:
        header: Final = "header"
        if self.method == "POST":
            yield OpenApiParameter(KEY_HEADER, str, header, description="The same key and body within 24 h: once.")
        if self._is_matched():
            yield OpenApiParameter(etags.HEADER, str, header, description="The ETag you read; 412 if it changed since.")
        if self.method in {"GET", "PATCH"} and not self._is_file():
            yield OpenApiParameter("ETag", str, header, description="For `If-Match`.", response=[200])
        if self.method == "POST":
            told = "`true` when an earlier request with the same key did it."
            yield OpenApiParameter(REPLAYED_HEADER, str, header, description=told, response=[self.view.code()])
        for name, told in RATE_HEADERS.items():
            yield OpenApiParameter(name, int, header, description=told, response=True)
        yield OpenApiParameter("Retry-After", int, header, description="Seconds to wait.", response=[429])

    def _is_file(self) -> bool:
        verb = self._verb()
        return verb in getattr(self.view, "binary", ()) or verb in getattr(self.view, "files", {})

    def _is_matched(self) -> bool:
        action = getattr(self.view, "action", "") or self.method.lower()
        return action in self.view.matched
