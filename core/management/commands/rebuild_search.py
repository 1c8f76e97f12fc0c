"""Write the search index anew."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from core.search import indexing


class Command(BaseCommand):
    """May run while people work; running it twice changes nothing."""

    help = "Writes the search index anew from what is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--missing", action="store_true", help="only what was never indexed, as after an upgrade")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        last: dict[str, int] = {}
        for kind, done in indexing.fill() if options["missing"] else indexing.rebuild():
            last[kind] = done
            self.stdout.write(f"{kind}: {done}")
        self.stdout.write(", ".join(f"{done} of kind {kind}" for kind, done in last.items()) or "Nothing to index.")
