"""Back the installation up."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from core.backups import making, restoring
from core.management.ending import tidily
from core.management.refusing import FlowCommand

MEGABYTE = 1_000_000


class Command(FlowCommand):
    """May run while people work. A backup that was never restored is a hope: --check restores it."""

    help = (
        "Writes database and files into one archive, with a manifest of what is in it. The keys (SECRET_KEY,"
        " FIELD_ENCRYPTION_KEYS) are not in it: keep them elsewhere."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, metavar="FILE", help="where to; without it a new file in BACKUP_DIR")
        parser.add_argument(
            "--check",
            nargs="?",
            const="",
            metavar="FILE",
            help="restore FILE (without it the new backup) into a database of its own, compare, and remove that again",
        )
        parser.add_argument("--keep", type=int, metavar="N", help="then remove all but the newest N in BACKUP_DIR")

    @tidily()
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        if options["keep"] is not None and options["keep"] < 1:
            raise CommandError("--keep is a number from 1.")
        named = options["check"]
        source = Path(named) if named else self._make(options["to"])
        broken = self._check(source) if named is not None else ""
        if options["keep"]:
            for path in making.drop_older(options["keep"]):
                self.stdout.write(f"Removed {path}.")
        if broken:
            told = 'The archive itself is whole. What to do: docs/administration.md, "A broken timeline".'
            raise CommandError(f"{broken} {told}")

    def _check(self, source: Path) -> str:
        """Restore it elsewhere. Returns which timelines are broken: old archives go all the same, or the disk fills."""
        proof = restoring.prove(source=source)
        self.stdout.write(proof.said)
        self.stdout.write(f"{source} can be restored.")
        return proof.broken

    def _make(self, to: Path | None) -> Path:
        try:
            made = making.make(to=to, now=timezone.now())
        except OSError as error:
            raise CommandError(f"The backup could not be written: {error.strerror} ({error.filename}).") from None
        self.stdout.write(f"{made} ({made.stat().st_size / MEGABYTE:.1f} MB)")
        return made
