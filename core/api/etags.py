"""ETags made of the version, and what `If-Match` says of them."""

import hashlib
import re
from typing import Any, Final

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.errors import field_error
from core.errors import Stale

HEADER: Final = "If-Match"
TAG: Final = re.compile(r'(W/)?"[^"]*"')


def of(row: Any) -> str:
    """The ETag of a row, empty when it carries no version."""
    version = getattr(row, "version", None)
    return f'"{version}"' if version is not None else ""


def of_content(response: Response) -> None:
    """Give a rendered answer without an ETag one of its content."""
    if response.status_code == 200 and "ETag" not in response:
        response["ETag"] = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'


def expected_version(request: Request, row: Any) -> int | None:
    """The version the caller means to change, for the flow; None when they do not say.

    :raises ValidationError: when the header names no tag. :raises Stale: when the row is none of those named.
    """
    header = request.headers.get(HEADER)
    if header is None or header.strip() == "*":
        return None
    named = [tag.strip() for tag in header.split(",")]
    if not all(TAG.fullmatch(tag) for tag in named):
        raise field_error(HEADER, _('Send the ETag as you read it, with its quotes: "7".'))
    # A proxy that compresses makes the tag weak; the version inside is as good.
    if of(row) not in {tag.removeprefix("W/") for tag in named}:
        raise Stale(_("It changed since you read it. Look at it again, then repeat your change."))
    version: int = row.version
    return version
