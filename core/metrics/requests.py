"""Counting requests: by view, method and status, and how long they took.

Each process counts for itself. Where a web server has several, each writes its counts to a file of its own in a common
directory (in memory, of this machine), and whichever of them is asked adds them up.
"""

import contextlib
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from core.metrics.exposition import Family

# Seconds; the budgets are 0.2 to 0.5, and gunicorn gives up after a minute.
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
WRITE_AFTER_SECONDS = 0.5
UNCOUNTED = frozenset({"healthz", "readyz", "metrics"})
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SEPARATOR = "\x1f"


class Counts:
    """What a process has counted: a number a key, the key being kind and labels."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: Counter[str] = Counter()
        self._writes_soon = False

    def add(self, view: str, method: str, status: int, seconds: float) -> None:
        """Count one request."""
        bucket = next((str(limit) for limit in BUCKETS if seconds <= limit), "+Inf")
        with self._lock:
            self._numbers[SEPARATOR.join(("requests", view, method, str(status)))] += 1
            self._numbers[SEPARATOR.join(("bucket", view, bucket))] += 1
            self._numbers[SEPARATOR.join(("seconds", view))] += seconds  # type: ignore[assignment]
            self._write_soon()

    def all_of_this_server(self) -> Counter[str]:
        """The sum over this and the other processes, the ended ones too, so that no counter ever falls."""
        with self._lock:
            total = Counter(self._numbers)
        own = _own_file()
        for path in own.parent.glob("requests-*.json") if own else ():
            if path != own:
                with contextlib.suppress(OSError, ValueError):
                    total.update(json.loads(path.read_text(encoding="utf-8")))
        return total

    def clear(self) -> None:
        """Begin anew."""
        with self._lock:
            self._numbers.clear()

    def write(self) -> None:
        """Write this process's file. Whoever reads sees the old one or the new one."""
        with self._lock:
            self._writes_soon = False
            text = json.dumps(self._numbers)
        own = _own_file()
        if own is None:
            return
        # A full disk costs figures, never an answer.
        with contextlib.suppress(OSError):
            new = own.with_suffix(".new")
            new.write_text(text, encoding="utf-8")
            new.replace(own)

    def _write_soon(self) -> None:
        if self._writes_soon or not settings.METRICS_DIR:
            return
        # In a thread, so that no request waits for it; one for all requests of the next moment.
        self._writes_soon = True
        timer = threading.Timer(WRITE_AFTER_SECONDS, self.write)
        timer.daemon = True
        timer.start()


counts = Counts()


class CountRequests:
    """Outermost, so that the time is the whole time and a refusal by another middleware is counted too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = self.get_response(request)
        view = _view(request)
        if view not in UNCOUNTED:
            method = request.method if request.method in METHODS else "other"
            counts.add(view, str(method), response.status_code, time.perf_counter() - begun)
        return response


def families() -> list[Family]:
    """Requests and their durations."""
    total = counts.all_of_this_server()
    rows = sorted((key.split(SEPARATOR), value) for key, value in total.items())
    requests = [("", _labels(parts), value) for parts, value in rows if parts[0] == "requests"]
    return [
        Family(name="dispatch_requests_total", kind="counter", told="Requests answered.", samples=requests),
        Family(
            name="dispatch_request_seconds", kind="histogram", told="How long answers took.", samples=_histogram(total)
        ),
    ]


def _labels(parts: list[str]) -> dict[str, str]:
    return {"view": parts[1], "method": parts[2], "status": parts[3]}


def _histogram(total: Counter[str]) -> list[tuple[str, dict[str, str], float]]:
    samples: list[tuple[str, dict[str, str], float]] = []
    views = sorted({key.split(SEPARATOR)[1] for key in total if key.startswith("bucket")})
    for view in views:
        so_far = 0
        for limit in (*map(str, BUCKETS), "+Inf"):
            so_far += total[SEPARATOR.join(("bucket", view, limit))]
            samples.append(("_bucket", {"view": view, "le": limit}, so_far))
        samples.append(("_sum", {"view": view}, total[SEPARATOR.join(("seconds", view))]))
        samples.append(("_count", {"view": view}, so_far))
    return samples


def _view(request: HttpRequest) -> str:
    """The name of the address, never the address: that would be a series for each incident."""
    match: Any = request.resolver_match
    if match is None:
        return "none"
    return match.view_name or getattr(match.func, "__name__", "unnamed")


def _own_file() -> Path | None:
    return Path(settings.METRICS_DIR) / f"requests-{os.getpid()}.json" if settings.METRICS_DIR else None
