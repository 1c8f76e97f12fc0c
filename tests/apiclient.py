"""A caller of the API: a token, and JSON in and out over Django's test client."""

import json
from typing import Any

from django.test import Client
from django.utils import timezone

from core.actor import Actor
from core.flows import tokens
from core.models import User

BASE = "/api/v1"


class Api:
    """Sends requests as a user with a token of its own. Answers are Django's, with `.json()`."""

    def __init__(self, user: User | None, scopes: tuple[str, ...] = ("read", "write")) -> None:
        # A 500 is an answer to look at here, not an exception.
        self.client = Client(raise_request_exception=True)
        self.headers: dict[str, str] = {}
        if user is not None:
            _row, secret = tokens.issue(
                user=user, name="test", scopes=list(scopes), actor=Actor.system(), now=timezone.now()
            )
            self.headers["Authorization"] = f"Bearer {secret}"

    def get(self, path: str, headers: dict[str, str] | None = None, **parameters: Any) -> Any:
        url = path if path.startswith("http") else BASE + path
        return self.client.get(url, parameters or None, headers={**self.headers, **(headers or {})})

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._send("post", path, body, headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._send("patch", path, body, headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._send("put", path, body, headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self._send("delete", path, None, headers)

    def raw(self, path: str, body: bytes | str, content_type: str = "application/json") -> Any:
        return self.client.post(BASE + path, body, content_type=content_type, headers=self.headers)

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = "" if body is None else json.dumps(body)
        send = getattr(self.client, method)
        return send(BASE + path, data, content_type="application/json", headers=sent)


def problem(response: Any) -> dict[str, Any]:
    """The problem of a refused request."""
    assert response["Content-Type"] == "application/problem+json", response.content
    body = response.json()
    assert body["status"] == response.status_code
    assert {"type", "title", "status", "detail", "errors"} <= set(body)
    return body


def at_fault(response: Any) -> set[str]:
    """The fields a 400 names."""
    return {error["field"] for error in problem(response)["errors"]}
