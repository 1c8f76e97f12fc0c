"""Write the search index anew."""

from typing import Any

from django.core.management.base import BaseCommand

from core.search import indexing


class Command(BaseCommand):
    """May run while people work; running it twice changes nothing."""

    help = "Writes the search index anew from what is stored."

    def add_arguments(self, parser: Any) -> None:
        """Only what is missing, for upgrades."""
        parser.add_argument(
            "--missing", action="store_true", help="Only kinds of which the index holds nothing; `prepare` does so."
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        last: dict[str, int] = {}
        for kind, done in indexing.rebuild(only=indexing.missing() if options["missing"] else None):
            last[kind] = done
            self.stdout.write(f"{kind}: {done}")
        told = ", ".join(f"{done} of kind {kind}" for kind, done in last.items())
        if told or not options["missing"]:
            self.stdout.write(told or "Nothing to index.")
