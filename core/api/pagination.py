"""Lists in parts: by cursor, which stays right while rows come and go, or with `?page=N` by number and count."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from core.api import ordering
from core.api.errors import field_error
from core.api.ordering import Ordering

PAGE_SIZE: Final = 25
LARGEST_PAGE: Final = 200
# Counting on is what makes a page slow; nobody reads past this.
COUNTED: Final = 10_000
LAST_PAGE: Final = 1_000_000
LARGEST_KEY: Final = 2**63 - 1
PARAMETERS: Final = frozenset({"page", "page_size", "cursor", "ordering"})


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """The row to go on from, and the direction. Encrypted: the keys of rows tell how many there are of what is hidden,
    and its values are the ones we put in.
    """

    backwards: bool
    values: list[Any]

    def encode(self, salt: str) -> str:
        values = [value.isoformat() if isinstance(value, datetime) else value for value in self.values]
        return _cipher(salt).encrypt(json.dumps([self.backwards, values]).encode()).decode("ascii")

    @classmethod
    def decode(cls, text: str, salt: str) -> "Cursor":
        """:raises ValidationError: for one that is not ours, or of another list or ordering."""
        try:
            backwards, values = json.loads(_cipher(salt).decrypt(text.encode()))
        except (InvalidToken, ValueError):
            message = _("This cursor is not of this list and ordering; begin again without it.")
            raise field_error("cursor", message) from None
        return cls(backwards=backwards, values=values)


class Pages(BasePagination):
    """`next` and `previous` links around `results`; with `?page=N` the count too, exact up to 10,000.

    The view says what it can be ordered by: `orderings` (name to `Column`) and `default_ordering`.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.extra: dict[str, Any] = {}
        self.next: str | None = None
        self.previous: str | None = None
        size = _page_size(request)
        by_cursor = "page" not in request.query_params
        text = request.query_params.get("ordering", view.default_ordering)
        order = ordering.parse(text, view.orderings, by_cursor=by_cursor)
        return self._by_cursor(queryset, order, size) if by_cursor else self._by_page(queryset, order, size)

    def get_paginated_response(self, data: Any) -> Response:
        return Response({**self.extra, "next": self.next, "previous": self.previous, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "count": {"type": "integer", "description": "Only with `page`; counted up to 10,000."},
                "count_is_exact": {"type": "boolean", "description": "Only with `page`."},
                "next": link,
                "previous": link,
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        columns = getattr(view, "orderings", {})
        words = f"Any of {', '.join(sorted(columns))}; `-` before one turns it round. Default {view.default_ordering}."
        numbers = {"type": "integer", "minimum": 1}
        return [
            _parameter("cursor", "Where to go on, from `next` or `previous`.", {"type": "string"}),
            _parameter("page", "Page numbers and a count instead of a cursor.", numbers),
            _parameter("page_size", "Rows in a page.", {**numbers, "maximum": LARGEST_PAGE, "default": PAGE_SIZE}),
            _parameter("ordering", words, {"type": "string"}),
        ]

    def _by_page(self, queryset: QuerySet[Any], order: Ordering, size: int) -> list[Any]:
        if "cursor" in self.request.query_params:
            raise field_error("cursor", _("Use a cursor or a page number, not both."))
        number = _positive(self.request, "page")
        start = (number - 1) * size
        rows = _cut(queryset, order, start, size + 1) if number <= LAST_PAGE else []
        if number > 1 and not rows:
            raise NotFound(_("There is no page %(number)d.") % {"number": number})
        self._count(queryset, known=start + len(rows) if len(rows) <= size else None)
        self.next = self._link("page", number + 1) if len(rows) > size else None
        self.previous = self._link("page", number - 1) if number > 1 else None
        return rows[:size]

    def _count(self, queryset: QuerySet[Any], *, known: int | None) -> None:
        """The last page tells the count by itself."""
        count = known if known is not None else queryset.order_by()[: COUNTED + 1].count()
        self.extra = {"count": min(count, COUNTED), "count_is_exact": count <= COUNTED}

    def _by_cursor(self, queryset: QuerySet[Any], order: Ordering, size: int) -> list[Any]:
        cursor = self._cursor(order)
        backwards = cursor is not None and cursor.backwards
        rows = queryset.filter(order.after(cursor.values, backwards=backwards)) if cursor else queryset
        found = list(order.apply(rows, backwards=backwards)[: size + 1])
        more = len(found) > size
        page = found[:size][::-1] if backwards else found[:size]
        if page and (more or backwards):
            self.next = self._cursor_link(order, page[-1], backwards=False)
        if page and cursor and (more or not backwards):
            self.previous = self._cursor_link(order, page[0], backwards=True)
        return page

    def _cursor(self, order: Ordering) -> Cursor | None:
        text = self.request.query_params.get("cursor")
        return Cursor.decode(text, self._salt(order)) if text is not None else None

    def _cursor_link(self, order: Ordering, row: Any, *, backwards: bool) -> str:
        cursor = Cursor(backwards=backwards, values=order.values(row))
        return self._link("cursor", cursor.encode(self._salt(order)))

    def _salt(self, order: Ordering) -> str:
        return f"{self.request.path} {order.text}"

    def _link(self, name: str, value: Any) -> str:
        return replace_query_param(self.request.build_absolute_uri(), name, value)


class ShortList(Pages):
    """A list that is made whole before it is cut into pages; in its own order."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:  # noqa: ARG002
        self.request = request
        size = _page_size(request)
        number = _positive(request, "page") if "page" in request.query_params else 1
        rows = list(queryset)
        page = rows[(number - 1) * size : number * size]
        if number > 1 and not page:
            raise NotFound(_("There is no page %(number)d.") % {"number": number})
        self.extra = {"count": len(rows), "count_is_exact": True} if "page" in request.query_params else {}
        self.next = self._link("page", number + 1) if number * size < len(rows) else None
        self.previous = self._link("page", number - 1) if number > 1 else None
        return page

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        names = {"page", "page_size"}
        return [each for each in super().get_schema_operation_parameters(view) if each["name"] in names]


def _cipher(salt: str) -> MultiFernet:
    """Keys that serve this list in this ordering only; the first one encrypts."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    keys = (salted_hmac(f"cursor {salt}", "", secret=secret, algorithm="sha256").digest() for secret in secrets)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])


def _cut(queryset: QuerySet[Any], order: Ordering, start: int, size: int) -> list[Any]:
    """Rows from `start` on. Empty values last are a second query, so that each of the two walks along an index."""
    if not order.nullable:
        return list(order.apply(queryset)[start : start + size])
    known = order.known(queryset)
    rows = list(known[start : start + size])
    if len(rows) < size:
        passed = 0 if rows or not start else start - known.count()
        rows += order.unknown(queryset)[passed : passed + size - len(rows)]
    return rows


def _page_size(request: Request) -> int:
    if "page_size" not in request.query_params:
        return PAGE_SIZE
    return _positive(request, "page_size", LARGEST_PAGE)


def _positive(request: Request, name: str, largest: int = LARGEST_KEY) -> int:
    text = request.query_params[name]
    # isdigit() would let ² and Arabic digits pass.
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    if not 1 <= number <= largest:
        words = {"largest": largest}
        limits = _("A whole number from 1 to %(largest)d.") % words if largest < LARGEST_KEY else _("A number from 1.")
        raise field_error(name, limits)
    return number


def _parameter(name: str, description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
