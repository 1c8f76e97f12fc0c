"""Gunicorn's configuration for the embedded installation: one process hosts the web, the Celery worker and beat."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import django
import structlog
from celery.beat import Service
from celery.signals import task_prerun
from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone
from gunicorn.workers.gthread import ThreadWorker

from dispatch_project.bodies import pre_request  # noqa: F401 (gunicorn's)
from dispatch_project.celery import app

# The queue has models, and gunicorn reads this file before the application.
django.setup()

from core import watching  # noqa: E402
from core.operations import queue, waking  # noqa: E402


class Web(ThreadWorker):
    """Ctrl-C reaches it from the terminal and from gunicorn: its parent's handler deadlocks at the second."""

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """End gracefully, however often it is told."""
        self.handle_exit(sig, frame)


workers = 1
worker_class = Web
threads = 8
timeout = 120
graceful_timeout = 10
accesslog = None
loglevel = "warning"
control_socket_disable = True

QUEUES = ("interactive", "operations", "scheduled", "ai")
# How often beat looks for changed schedules.
BEAT_SECONDS = 5
# Given to running operations when the process ends; what is not done by then is found by its lease.
FAREWELL_SECONDS = 8
# Between the end of a part and the end of the process, so that a part that cannot live does not keep a core busy.
PAUSE_SECONDS = 5
logger = structlog.get_logger(__name__)
_running: dict[str, Any] = {}
_ending = threading.Event()


def when_ready(server: Any) -> None:  # noqa: ARG001
    """Say where Dispatch is."""
    print(f"Dispatch runs at {os.environ.get('BASE_URL', '')}/ (Ctrl-C ends it)", flush=True)  # noqa: T201


def post_worker_init(worker: Any) -> None:  # noqa: ARG001
    """Start the Celery worker and beat as threads of the web process; they share its in-memory broker."""
    # Nobody else works on this database: what an earlier process left running has no worker any more.
    queue.orphan_all(timezone.now())
    task_prerun.connect(close_old_connections)
    controller = app.WorkController(
        pool="threads",
        concurrency=settings.WORKER_THREADS,
        queues=",".join(QUEUES),
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        loglevel="WARNING",
    )
    clock = Service(app, max_interval=BEAT_SECONDS, scheduler_cls=settings.CELERY_BEAT_SCHEDULER)
    _running.update(controller=controller, clock=clock)
    for name, start in (("worker", controller.start), ("beat", clock.start)):
        threading.Thread(target=_live, args=(name, start), name=name, daemon=True).start()
    watching.watch.begin()
    waking.wake()


def _live(part: str, start: Callable[[], object]) -> None:
    """Run a part. Should it end before the process does, end the process: gunicorn starts one with all parts."""
    try:
        start()
    except Exception:
        logger.exception("A part of the embedded installation failed", part=part)
    if not _ending.wait(PAUSE_SECONDS):
        os.kill(os.getpid(), signal.SIGTERM)


def worker_exit(server: Any, worker: Any) -> None:  # noqa: ARG001
    """End beat and the worker; running operations get a moment."""
    if not _running:
        return
    _ending.set()
    watching.watch.end()
    _running["clock"].stop()
    farewell = threading.Thread(target=_running["controller"].stop, daemon=True)
    farewell.start()
    farewell.join(FAREWELL_SECONDS)
    sys.stdout.flush()
    # Python would wait without end for an operation that hangs; its lease tells the next process.
    os._exit(0)
