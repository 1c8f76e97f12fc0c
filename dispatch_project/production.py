"""Gunicorn's configuration in production: several web processes; workers and beat are processes of their own.

gunicorn --config python:dispatch_project.production dispatch_project.wsgi
"""

import atexit
import contextlib
import ctypes
import gc
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from dispatch_project import variables
from dispatch_project.bodies import pre_request  # noqa: F401 (gunicorn's)

bind = os.environ.get("WEB_BIND", "0.0.0.0:8000")
try:
    workers = variables.env.int("WEB_WORKERS", 2)
    threads = variables.env.int("WEB_THREADS", 4)
except ImproperlyConfigured as _refused:
    sys.exit(str(_refused))
worker_class = "gthread"
# A request that takes longer is stuck; the proxy gives up after the same time.
timeout = 60
# At the end running requests get as long; whoever stops the process must wait longer (deploy/compose.yaml: 40 s).
graceful_timeout = 30
keepalive = 5
# Loaded once, so that the processes share most of their memory. Connections are opened, and the threads of the watch
# begun, in each process after the fork. New code needs a new server: a reload (HUP) keeps the old.
preload_app = True
# The sign of life of gunicorn's workers; a disk that is slow would look like a worker that hangs.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 (files without a name)
accesslog = None
loglevel = "warning"
control_socket_disable = True

# Where the processes put their counts together; gone with this server, so that counters begin at nought with it.
# A reload reads this file again and keeps the place.
if not os.environ.get("METRICS_DIR"):
    os.environ["METRICS_DIR"] = tempfile.mkdtemp(prefix="dispatch-metrics-", dir=worker_tmp_dir)

    # Also of a server that never began, on a port that is taken. Its processes end the same way and leave it.
    def _tidy(place: str = os.environ["METRICS_DIR"], maker: int = os.getpid()) -> None:
        if os.getpid() == maker:
            shutil.rmtree(place, ignore_errors=True)

    atexit.register(_tidy)


def when_ready(server: Any) -> None:  # noqa: ARG001
    """Before the processes are forked: load what each would load with its first requests, leave them no connection in
    common, and what they share to no collector.
    """
    # This file is read before the settings.
    from django.db import connections
    from django.urls import reverse

    from dispatch_project.celery import app

    reverse("login")
    app.tasks  # noqa: B018
    connections.close_all()
    if hasattr(connections["default"], "close_pool"):
        connections["default"].close_pool()
    gc.collect()
    # What loading needed and does not need any more, back to the system; the C library keeps some 12 MiB otherwise.
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
    gc.freeze()


def post_worker_init(worker: Any) -> None:  # noqa: ARG001
    """Watch the workers from each web process."""
    from core.watching import watch  # the application is loaded by now; this file is read before it

    watch.begin()


def worker_exit(server: Any, worker: Any) -> None:  # noqa: ARG001
    """Look no more, and leave the last counts to the others."""
    from core.metrics.requests import counts
    from core.watching import watch

    watch.end()
    counts.write()
