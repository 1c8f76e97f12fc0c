"""Somebody who asks over HTTP: with a token, or signed in to the console like a browser."""

import http.client
import json
import time
from dataclasses import dataclass
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from bench.counting import HEADER


class Unexpected(Exception):
    """An answer that no figure can be made of."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer, and what it took."""

    status: int
    body: bytes
    seconds: float
    queries: int
    headers: dict[str, str]

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Client:
    """Asks one server. Each request is a connection of its own, so that the web processes take turns."""

    def __init__(self, port: int, **headers: str) -> None:
        self.port, self.headers, self.cookies = port, headers, SimpleCookie()

    def get(self, path: str) -> Answer:
        """A page or a list."""
        return self._ask("GET", path, None, {})

    def post(self, path: str, body: Any) -> Answer:
        """JSON to the API."""
        return self._ask("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def send(self, path: str, fields: list[tuple[str, str]]) -> Answer:
        """A filled form."""
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Referer": f"http://127.0.0.1:{self.port}{path}"}
        return self._ask("POST", path, urlencode(fields).encode(), kind)

    def form(self, path: str, **filled: str) -> list[tuple[str, str]]:
        """The fields of the page's forms as they stand, some filled in."""
        fields = read_form(self.get(path).body.decode())
        return [(name, value) for name, value in fields if name not in filled] + list(filled.items())

    def sign_in(self, email: str, password: str) -> None:
        """Through the log-in page."""
        self.send("/login/", self.form("/login/", username=email, password=password))
        if "sessionid" not in self.cookies:
            raise Unexpected(f"{email} could not sign in.")

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        cookies = "; ".join(f"{name}={one.value}" for name, one in self.cookies.items())
        sent = {**self.headers, **headers, **({"Cookie": cookies} if cookies else {})}
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        begun = time.perf_counter()
        try:
            link.request(method, path, body, sent)
            response = link.getresponse()
            content = response.read()
        finally:
            link.close()
        took = time.perf_counter() - begun
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                self.cookies.load(value)
        if response.status >= 400:
            raise Unexpected(f"{method} {path} answered {response.status}: {content[:300]!r}")
        return Answer(
            status=response.status, body=content, seconds=took, queries=int(response.headers.get(HEADER, 0)),
            headers=dict(response.getheaders()),
        )  # fmt: skip


def read_form(html: str) -> list[tuple[str, str]]:
    """What the browser would send of the page's posting forms."""
    reader = _FormReader()
    reader.feed(html)
    return reader.fields


class _FormReader(HTMLParser):
    """Collects inputs and chosen options within forms that post."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.inside = False
        self.select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            # Signing out stands on every page.
            self.inside = given.get("method", "get") == "post" and "logout" not in (given.get("action") or "")
        if not self.inside:
            return
        name, value = given.get("name"), given.get("value") or ""
        if tag == "input" and name and given.get("type") not in {"submit", "checkbox", "radio", "file"}:
            self.fields.append((name, value))
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and "selected" in given and value:
            self.fields.append((self.select, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "select":
            self.select = None
