"""Write the search index anew."""

from typing import Any

from django.core.management.base import BaseCommand

from core.search import indexing


class Command(BaseCommand):
    """May run while people work; running it twice changes nothing."""

    help = "Writes the search index anew from what is stored."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        last: dict[str, int] = {}
        for kind, done in indexing.rebuild():
            last[kind] = done
            self.stdout.write(f"{kind}: {done}")
        self.stdout.write(", ".join(f"{done} of kind {kind}" for kind, done in last.items()) or "Nothing to index.")
