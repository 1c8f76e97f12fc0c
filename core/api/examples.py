"""An example for each body that is sent or answered, composed from the document's own schemas.

So none can name a member that is gone, or leave out one that must be there; a test holds each against its schema.
"""

from collections.abc import Iterator
from typing import Any, Final

JSON: Final = "application/json"
METHODS: Final = ("get", "post", "patch", "delete")
# A body shows what must be sent, and so many of the members that may be.
OPTIONAL_SHOWN: Final = 3
# Schemas that hold themselves end here.
DEEPEST: Final = 6
FORMATS: Final = {
    "date-time": "2026-11-25T02:14:00Z", "date": "2026-11-25", "uuid": "0f5b3f3e-6f8a-4c1e-9d55-3a1d6f0c7b42",
    "uri": "https://dispatch.example.com/i/INC-42/", "decimal": "1.50",
}  # fmt: skip
# What has not happened yet in an example, where null may say so.
OPEN: Final = frozenset({"stable_at", "closed_at", "deleted_at", "left_at", "renounced_at", "revoked_at"})
# By the name of the member; whatever is not here is told by its own name.
TEXTS: Final = {
    "action": "ticket.create", "address": "https://dispatch.example.com/i/INC-42/", "asked": "bob@example.com",
    "asked_by": "ada@example.com", "browser": "Firefox on Linux", "capability": "ticket", "closes_at": "17:00:00",
    "colour": "#b3261e", "commander": "ada@example.com", "content_type": "image/png", "currency": "EUR",
    "department": "Operations", "description": "Customers cannot sign in since 02:10.", "email": "ada@example.com",
    "ends_at": "08:00:00", "from_status": "active", "handover_at": "09:00:00", "holiday_country": "DE",
    "holiday_region": "BE", "individual": "ada@example.com", "lead": "Ada", "liaison": "carol@example.com",
    "location": "Berlin", "message": "Name a title.", "mobile_phone": "+49 30 901820", "name": "Database",
    "name_prefix": "INC", "note": "She knows the vendor.", "office_phone": "+49 30 901820", "opens_at": "09:00:00",
    "owner": "bob@example.com", "priority": "High", "project": "Default", "reason": "It stopped by itself.",
    "reporter": "ada@example.com", "resolution": "", "scribe": "sam@example.com", "service": "Database",
    "severity": "High", "sha256": "9f86d081884c7d65" * 4, "slug": "default", "source": "Ada", "starts_at": "18:00:00",
    "status": "active", "subject": "INC-42", "summary": "Sign-in is slow, not down.", "tags": "customer-facing",
    "team": "Platform", "time_zone": "Europe/Berlin", "title": "The login page answers 502", "to": "carol@example.com",
    "to_status": "stable", "type": "Outage", "url": "https://dispatch.example.com/i/INC-42/",
}  # fmt: skip


def add_examples(result: dict[str, Any], **_words: Any) -> dict[str, Any]:
    """Give each JSON body of each operation its example."""
    composer = Composer(result["components"]["schemas"])
    for operation in _operations(result):
        sent = operation.get("requestBody", {}).get("content", {}).get(JSON)
        if sent and "schema" in sent:
            sent["example"] = composer.sent(sent["schema"])
        for code, answer in operation["responses"].items():
            given = answer.get("content", {}).get(JSON)
            if code.startswith("2") and given and "schema" in given:
                given["example"] = composer.answered(given["schema"])
    return result


def _operations(result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in result["paths"].values():
        yield from (item[method] for method in METHODS if method in item)


def _text(name: str, schema: dict[str, Any]) -> str:
    text = TEXTS.get(name, name.replace("_", " ").capitalize() or "Text")
    return text[: schema.get("maxLength", len(text))]


def _name(called: str, members: dict[str, Any]) -> str:
    """What an object is named that another calls its severity, its commander; a subject has a title beside its name."""
    if "title" in members:
        return TEXTS["subject"]
    text = TEXTS.get(called, "")
    return text.partition("@")[0].capitalize() if "@" in text else text


class Composer:
    """Composes values that fit schemas."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self.schemas = schemas

    def sent(self, schema: dict[str, Any]) -> Any:
        """A body that a client sends: what it must hold, and a little of what it may."""
        schema = self._resolved(schema)
        if "properties" not in schema:
            return self._value("", schema, 0)
        members = {name: each for name, each in schema["properties"].items() if not each.get("readOnly")}
        required = [name for name in members if name in schema.get("required", ())]
        optional = [name for name in members if name not in required][:OPTIONAL_SHOWN]
        return {name: self._value(name, members[name], 1) for name in [*required, *optional]}

    def answered(self, schema: dict[str, Any]) -> Any:
        """A body that the server answers: all of it."""
        return self._value("", schema, 0)

    def _value(self, name: str, schema: dict[str, Any], depth: int) -> Any:
        if name in OPEN and "null" in schema.get("type", ()):
            return None
        schema = self._resolved(schema)
        if "example" in schema:
            return schema["example"]
        if "enum" in schema:
            return TEXTS[name] if TEXTS.get(name) in schema["enum"] else schema["enum"][0]
        kind = self._kind(schema)
        if kind == "object":
            return self._object(name, schema, depth)
        if kind == "array":
            return [self._value(name, schema["items"], depth + 1)] if depth < DEEPEST else []
        return self._scalar(name, kind, schema)

    @staticmethod
    def _scalar(name: str, kind: str | None, schema: dict[str, Any]) -> Any:
        if kind == "string":
            return FORMATS.get(schema.get("format", "")) or _text(name, schema)
        if kind == "boolean":
            return bool(schema.get("default", False))
        return max(1, schema.get("minimum", 1)) if kind in {"integer", "number"} else None

    def _object(self, called: str, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        members = schema.get("properties", {})
        if depth >= DEEPEST:
            members = {name: each for name, each in members.items() if name in schema.get("required", ())}
        shown = {name: each for name, each in members.items() if not each.get("writeOnly")}
        value = {name: self._value(name, each, depth + 1) for name, each in shown.items()}
        if isinstance(value.get("name"), str):
            value["name"] = _name(called, members) or value["name"]
            if "email" in value and "@" in TEXTS.get(called, ""):
                value["email"] = TEXTS[called]
        return value

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema itself: references followed, of several ways the first that is more than null."""
        while True:
            if "$ref" in schema:
                schema = self.schemas[schema["$ref"].rpartition("/")[2]]
            elif several := schema.get("oneOf") or schema.get("anyOf") or schema.get("allOf"):
                schema = next(each for each in several if each.get("type") != "null")
            else:
                return schema

    @staticmethod
    def _kind(schema: dict[str, Any]) -> str | None:
        kind = schema.get("type")
        if isinstance(kind, list):
            return next(each for each in kind if each != "null")
        return kind or ("object" if "properties" in schema else None)
