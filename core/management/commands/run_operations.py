"""Carry out operations and jobs in this process."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count

from core.operations import jobs, queue
from core.operations.models import Operation

WAITS_SECONDS = 1


class Command(BaseCommand):
    """For scripts and cron, and for work that must not wait for the workers."""

    help = "Carries out due operations and jobs. With --once it ends when nothing more is due; otherwise it goes on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="end when nothing more is due")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        try:
            self._carry_out(once=options["once"])
        except KeyboardInterrupt:
            self.stdout.write("Ended; what was running is found by its lease and carried out again.")

    def _carry_out(self, *, once: bool) -> None:
        operations = ran = 0
        while True:
            more, longer = queue.run_due(), jobs.run_due()
            operations, ran = operations + more, ran + longer
            if more or longer:
                self.stdout.write(f"{operations} operations and {ran} jobs so far")
            elif once:
                break
            else:
                time.sleep(WAITS_SECONDS)
        self.stdout.write(f"Carried out {operations} operations and {ran} jobs. {_left()}")


def _left() -> str:
    """What is not done, by status."""
    open_ones = Operation.objects.exclude(status=Operation.Status.SUCCEEDED).exclude(status=Operation.Status.SKIPPED)
    counts = open_ones.order_by("status").values_list("status").annotate(count=Count("pk"))
    told = ", ".join(f"{count} {Operation.Status(status).label.lower()}" for status, count in counts)
    return f"Not done: {told}." if told else "Everything is done."
