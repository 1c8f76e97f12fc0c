"""Restore a backup."""

from argparse import SUPPRESS, ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from core.backups import restoring
from core.management.commands.verify_timeline import BrokenTimelines
from core.management.ending import tidily
from core.management.refusing import FlowCommand


class Command(FlowCommand):
    """Works on an empty installation, and on another with --over; the embedded one keeps what it replaces."""

    help = (
        "Puts a backup in the place of this installation's database and files, brings it to this version, and checks"
        " rows and timelines. Dispatch must not run."
    )
    # There may be nothing yet that could be checked.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--over", action="store_true", help="replace an installation that is there")
        parser.add_argument(
            "--skip-waiting", action="store_true", help="call off what waited to be carried out (mails, pages, tickets)"
        )
        # For `backup --check`: another exit code tells broken timelines from an archive that cannot be restored.
        parser.add_argument("--trial", action="store_true", help=SUPPRESS)

    @tidily()
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        try:
            for sentence in restoring.restore(
                source=options["file"],
                over=options["over"],
                skip_waiting=options["skip_waiting"],
                now=timezone.now(),
            ):
                self.stdout.write(sentence)
        except BrokenTimelines as error:
            raise CommandError(str(error), returncode=restoring.BROKEN if options["trial"] else 1) from None
        except OSError as error:
            raise CommandError(f"The backup could not be restored: {error.strerror} ({error.filename}).") from None
