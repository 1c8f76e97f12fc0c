"""Whether the process lives, and whether it can work. No sign-in; reasons name no address, no version and no secret."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

import structlog
from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from core import heartbeats

logger = structlog.get_logger(__name__)
# For all checks together: who asks has little patience, and a database or broker that hangs has none of its own.
PATIENCE_SECONDS = 2.0
# A wrong setting, which no waiting mends.
NOBODY_LISTENS = "in memory, and no worker in this process"


@require_safe
@never_cache
def healthz(_request: HttpRequest) -> HttpResponse:
    """200 while the process answers."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 when this process can serve, else 503; beside each part its reason."""
    asked = {name: _askers[name].submit(_reason, name, check) for name, check in CHECKS.items()}
    living = _askers["database"].submit(_parts)
    deadline = time.monotonic() + PATIENCE_SECONDS
    reasons = {name: _within(deadline, answer) for name, answer in asked.items()}
    ready = not any(_stands_in_the_way(name, reason) for name, reason in reasons.items())
    return JsonResponse(
        {
            "ready": ready,
            "checks": {name: _said(name, reason) for name, reason in reasons.items()},
            "parts": _parts_within(deadline, living),
        },
        status=200 if ready else 503,
    )


def _stands_in_the_way(name: str, reason: str) -> bool:
    """People report and read without a broker: sent away they could do neither."""
    return bool(reason) and (name != "broker" or reason == NOBODY_LISTENS)


def _said(name: str, reason: str) -> str:
    if reason and not _stands_in_the_way(name, reason):
        return f"{reason}; work waits until it is back"
    return reason or "ok"


def _within(deadline: float, answer: "Future[str]") -> str:
    try:
        return answer.result(timeout=max(deadline - time.monotonic(), 0))
    except TimeoutError:
        # One that has not begun never will; one that hangs ends by its own time-out.
        answer.cancel()
        return "does not answer in time"


def _parts_within(deadline: float, answer: "Future[dict[str, str]]") -> dict[str, str]:
    try:
        return answer.result(timeout=max(deadline - time.monotonic(), 0))
    except TimeoutError:
        answer.cancel()
        return {}


def _parts() -> dict[str, str]:
    """Whether workers and beat show life. Told, but no reason to send nobody here: this process serves without them."""
    try:
        return {sign.part: _words(sign) for sign in heartbeats.signs(timezone.now())}
    except (DatabaseError, OSError):
        return {}
    finally:
        connection.close()


def _words(sign: heartbeats.Sign) -> str:
    if sign.beat_at is None:
        return "never seen"
    return f"silent for {int(sign.age_seconds)} s" if sign.is_stale else "ok"


def _reason(name: str, check: Callable[[], str]) -> str:
    try:
        return check()
    except (DatabaseError, OperationalError, OSError) as error:
        logger.warning("A readiness check failed", check=name, error=type(error).__name__)
        return "does not answer"
    finally:
        connection.close()


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def _migrations() -> str:
    applied = MigrationRecorder(connection).applied_migrations()
    return "" if _last_migrations() <= applied.keys() else "not all are applied"


@cache
def _last_migrations() -> frozenset[tuple[str, str]]:
    """The last of each app: the code does not change under a running process."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def _broker() -> str:
    if settings.CELERY_BROKER_URL.startswith("memory"):
        return "" if settings.WORKER_IN_PROCESS else NOBODY_LISTENS
    # Redis heeds no time-out but its transport's own.
    patience = {"socket_connect_timeout": PATIENCE_SECONDS, "socket_timeout": PATIENCE_SECONDS}
    with current_app.connection_for_read(transport_options=patience) as broker:
        broker.ensure_connection(max_retries=0)
    return ""


CHECKS: dict[str, Callable[[], str]] = {"database": _database, "migrations": _migrations, "broker": _broker}
# Threads of its own for each, so that one that hangs does not stand in for the others.
_askers = {name: ThreadPoolExecutor(max_workers=2, thread_name_prefix=f"readiness-{name}") for name in CHECKS}
