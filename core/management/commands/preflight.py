"""Whether an upgrade may begin."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.backups import making, restoring
from core.errors import FlowError
from core.preflight.findings import WARNING
from core.preflight.running import findings


class Command(BaseCommand):
    """Changes nothing. Run it with the new version's code, before its migrations, while the old version still runs."""

    help = "Says what stands in the way of an upgrade; exits with 1 when something stops it."
    # Its own findings say them, in plain sentences.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--rehearse", action="store_true", help="restore the newest backup elsewhere and upgrade it there"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        stops = warnings = 0
        for finding in findings():
            stops += finding.stops
            warnings += finding.word == WARNING
            self.stdout.write(f"{finding.word:5} {finding.said}")
        if options["rehearse"]:
            stops += not self._rehearse()
        if stops:
            raise CommandError(f"The upgrade must wait: {stops} to mend.")
        self.stdout.write(f"The upgrade may begin; {warnings} to look into." if warnings else "The upgrade may begin.")

    def _rehearse(self) -> bool:
        newest = making.newest()
        if newest is None:
            self.stdout.write("STOP  There is no backup to rehearse with.")
            return False
        try:
            proof = restoring.prove(source=newest)
        except FlowError as error:
            self.stdout.write(f"STOP  The rehearsal failed: {error.message}")
            return False
        self.stdout.write(f"ok    {newest.name} was restored and upgraded in a database of its own.")
        if proof.broken:
            self.stdout.write(f"{WARNING:5} {proof.broken} It was restored as it is.")
        return True
