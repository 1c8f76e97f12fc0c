"""The web server under measure, and what it and the database use of the machine (from Linux's /proc)."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.db import connection

TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS = 60
PROC = Path("/proc")
# How production's server and the embedded one are started.
PRODUCTION, EMBEDDED = "dispatch_project.production", "dispatch_project.embedded"


class CannotStart(Exception):
    """The web server did not answer; with what it said."""


class Server:
    """A running gunicorn and its web processes."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.process, self.port = process, port

    def workers(self) -> list[int]:
        """The web processes."""
        children = PROC / str(self.process.pid) / "task" / str(self.process.pid) / "children"
        return [int(pid) for pid in children.read_text().split()]

    def cpu_seconds(self) -> float:
        """What the web processes have used so far."""
        return sum(map(cpu_seconds, self.workers()))

    def memory_bytes(self) -> int:
        """What the web processes hold in memory, and the one that they were forked from; a page that several share
        counts for each in part.
        """
        return sum(map(_proportional_bytes, [self.process.pid, *self.workers()]))


@contextmanager
def serving(config: str, home: Path, port: int, **environment: str) -> Iterator[Server]:
    """Gunicorn on a port of this machine, ended when the block ends.

    :raises CannotStart: when it does not answer within a minute.
    """
    address = f"127.0.0.1:{port}"
    variables = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "bench.settings", "WEB_BIND": address, "BASE_URL": f"http://{address}",
        "LOG_FORMAT": "json", "API_REQUESTS_PER_MINUTE": "1000000", **environment,
    }  # fmt: skip
    # Settings were read with the commands' home; the server gets its own counts.
    variables.pop("METRICS_DIR", None)
    command = [sys.executable, "-m", "bench.serve", "--config", f"python:{config}", "--bind", address]
    with (home / "web.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 (our own server)
            [*command, "dispatch_project.wsgi"], env=variables, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait(process, port, home / "web.log")
            yield Server(process, port)
        finally:
            process.terminate()
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def database_cpu_seconds() -> float | None:
    """What the database's processes for this database have used; None where it runs elsewhere or in our process."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        pids = [row[0] for row in cursor.fetchall()]
    if pids and not (PROC / str(pids[0])).exists():
        return None
    return sum(map(cpu_seconds, pids))


def cpu_seconds(pid: int) -> float:
    """User and system time of a process; nothing for one that is gone."""
    with suppress(OSError):
        # The name in parentheses may hold blanks; user and system time are the 14th and 15th field.
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS
    return 0.0


def _proportional_bytes(pid: int) -> int:
    with suppress(OSError):
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return 0


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    for _try in range(START_SECONDS * 5):
        with suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
            return
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise CannotStart(f"The web server did not start: {log.read_text(errors='replace')[-500:]}")
