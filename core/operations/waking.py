"""Waking workers. A message carries nothing and may be lost: the sweep finds what nobody was woken for."""

import time

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

logger = structlog.get_logger(__name__)
# After a failed publish the broker is left alone for this long, so that reports stay fast.
SILENCE_SECONDS = 30.0
LONGEST_COUNTDOWN_SECONDS = 120.0
WORK = "core.tasks.work"
_silent_until = 0.0


def somebody_listens() -> bool:
    """Whether a message of this process can reach a worker: not from a command beside the embedded process, and not
    while the broker is left alone. What nobody is woken for is found by the next sweep.
    """
    in_reach = settings.WORKER_IN_PROCESS or not settings.CELERY_BROKER_URL.startswith("memory")
    return in_reach and time.monotonic() >= _silent_until


def wake_on_commit(delay_seconds: float = 0) -> None:
    """Wake a worker once the running transaction has committed."""
    if delay_seconds <= LONGEST_COUNTDOWN_SECONDS:
        transaction.on_commit(lambda: wake(delay_seconds), robust=True)


def wake(delay_seconds: float = 0) -> bool:
    """Send the message; False when it could not be sent, which is no error."""
    global _silent_until
    if not somebody_listens():
        return False
    try:
        current_app.send_task(WORK, countdown=delay_seconds or None, retry=False, ignore_result=True)
    except (OperationalError, OSError) as error:
        _silent_until = time.monotonic() + SILENCE_SECONDS
        logger.warning("The broker could not be reached; once it is back the sweep will wake workers", error=str(error))
        return False
    return True
