"""A whole run: grow the database, start the server, measure, grow on; on PostgreSQL or on the embedded database."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from bench.building import grow
from bench.calls import CALLS, EMBEDDED_MS, INCIDENTS, Budget, Call
from bench.measuring import api_client, callers, measure_all, places
from bench.processes import EMBEDDED, PRODUCTION, free_port, serving
from bench.report import Report, Round
from bench.world import World, world

Tell = Callable[[str], None]
# Somebody reports as often while the embedded database is measured, and the worker carries out what each plans.
REPORT_EVERY_SECONDS: Final = 0.5


def run(sizes: Sequence[int], home: Path, tell: Tell) -> Report:
    """Measure at each size what production answers.

    :param sizes: how many incidents, the smallest first. :param home: a directory for this run's files.
    """
    prepare(tell)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            report = Report(database=f"PostgreSQL {cursor.fetchone()[0].split()[0]}")
    else:
        report = Report(database="SQLite")
    call_command("collectstatic", interactive=False, verbosity=0)
    for size in sizes:
        built = build(size, tell)
        port = free_port()
        with serving(PRODUCTION, home, port, STATIC_MANIFEST="1") as server:
            found = world(timezone.now())
            who = callers(found, port, timezone.now())
            figures = measure_all(server, CALLS, who, places(found), _at(size, tell))
            memory = server.memory_bytes()
        report.rounds.append(Round(incidents=size, figures=figures, memory_bytes=memory, built_seconds=built))
    return report


def run_embedded(size: int, home: Path, tell: Tell) -> Report:
    """Measure what the embedded installation answers while its worker writes."""
    prepare(tell)
    built = build(size, tell)
    calls = [_embedded(call) for call in CALLS]
    report = Report(database="SQLite, while a worker writes", calls=calls, memory_budget=None)
    port = free_port()
    with serving(EMBEDDED, home, port, DISPATCH_WORKER_IN_PROCESS="1") as server:
        found = world(timezone.now())
        who = callers(found, port, timezone.now())
        with somebody_reports(found, port):
            figures = measure_all(server, calls, who, places(found), _at(size, tell))
        memory = server.memory_bytes()
    report.rounds.append(Round(incidents=size, figures=figures, memory_bytes=memory, built_seconds=built))
    return report


def prepare(tell: Tell) -> World:
    """The tables and the world, made where they are missing."""
    tell("tables")
    call_command("migrate", interactive=False, verbosity=0)
    return world(timezone.now())


def build(size: int, tell: Tell) -> float:
    """Grow to the size. Returns how many seconds it took."""
    begun = time.monotonic()
    grow(world(timezone.now()), size, timezone.now(), lambda done: tell(f"building {done:,} of {size:,}"))
    # The server's processes open connections of their own.
    connection.close()
    return time.monotonic() - begun


@contextmanager
def somebody_reports(found: World, port: int) -> Iterator[None]:
    """Inside, incidents are reported at a steady pace, so that the worker always has something to carry out."""
    ended, client = threading.Event(), api_client(found.admin, port, timezone.now())

    def report() -> None:
        number = 0
        while not ended.wait(REPORT_EVERY_SECONDS):
            number += 1
            client.post(INCIDENTS, {"title": f"Meanwhile {number}", "description": "While others read"})

    thread = threading.Thread(target=report, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _embedded(call: Call) -> Call:
    """The call with the embedded installation's budget: so many milliseconds for what is read."""
    limit = Budget() if call.writes else Budget(ms=EMBEDDED_MS, queries=call.budget.queries, size=call.budget.size)
    return replace(call, budget=limit)


def _at(size: int, tell: Tell) -> Tell:
    return lambda key: tell(f"measuring at {size:,}: {key}")
