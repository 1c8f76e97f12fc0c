"""Pages that renew themselves: the page's script asks for its own address again with the tag of what it shows."""

import hashlib
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Max, Sum
from django.http import HttpRequest, HttpResponse

from core.console.counting import capped
from core.console.once import once
from core.operations.models import Operation
from core.timeline import EventPin

# What depends on the clock alone (overdue, waiting for too long) is looked at anew this often.
CLOCK: Final = 300


def tag_of(request: HttpRequest, subject: Any, now: datetime) -> str:
    """The tag of everything a page shows of a subject to this reader: two small queries.

    Whatever is changed stands on the timeline, but for operations on their way and pins.
    """
    rows = Operation.objects.of(subject).order_by("status").values_list("status")
    work = list(rows.annotate(number=Count("pk"), tries=Sum("attempts")))
    once(subject, "operations", lambda: sum(number for _status, number, _tries in work))
    pins = EventPin.objects.filter(**{f"event__{subject.kind}": subject}).aggregate(last=Max("pk"), number=Count("pk"))
    seen = [
        request.user.pk, subject.pk, subject.version, subject.event_count, work, pins["last"], pins["number"],
        int(now.timestamp()) // CLOCK, request.get_full_path(),
    ]  # fmt: skip
    return hashlib.sha256(str(seen).encode()).hexdigest()[:32]


def operation_count(subject: Any) -> int:
    """How many operations a subject has."""
    return once(subject, "operations", lambda: capped(Operation.objects.of(subject)))


def is_known(request: HttpRequest, tag: str) -> bool:
    """Whether the asking page shows this already."""
    return request.headers.get("If-None-Match", "").strip('"') == tag


def unchanged(tag: str) -> HttpResponse:
    """Nothing new."""
    return HttpResponse(status=304, headers={"ETag": f'"{tag}"'})


def tagged(response: Any, tag: str) -> Any:
    """The page, with its tag."""
    response["ETag"] = f'"{tag}"'
    return response
