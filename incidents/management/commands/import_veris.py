"""Import past incidents from VERIS JSON."""

from argparse import ArgumentParser
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.actor import Actor, Face
from core.models import Project
from incidents import veris
from incidents.flows.importing import Importer, Report


class Command(BaseCommand):
    """Creates each record once; stopping and starting again goes on where it stopped."""

    help = "Imports VERIS JSON files (or zip archives of them) as past incidents. Running it again creates nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--project", help="the project's name (default: the default project)")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        project = self._project(options["project"])
        importer = Importer(project=project, actor=Actor.system(Face.COMMAND), now=timezone.now())
        began = monotonic()
        for path in options["files"]:
            try:
                for report in importer.run(veris.read(path)):
                    self.stdout.write(f"{path.name}: {self._counts(report)}, {monotonic() - began:.0f} s")
            except veris.Unreadable as error:
                raise CommandError(str(error)) from error
        self._summary(importer.report)

    def _project(self, name: str | None) -> Project:
        found = Project.objects.filter(name=name) if name else Project.objects.filter(default=True)
        if len(found) != 1:
            raise CommandError(
                "Name one project with --project." if not name else f"There is no single project “{name}”."
            )
        return found[0]

    def _counts(self, report: Report) -> str:
        return f"{report.created} created, {report.there} there already, {len(report.refused)} refused"

    def _summary(self, report: Report) -> None:
        self.stdout.write(self._counts(report))
        for identifier, times in sorted(report.repeated.items()):
            self.stdout.write(f"identifier {identifier} came {times} times; each is an incident, linked to the first")
        for name, times in report.unmapped.most_common():
            self.stdout.write(f"not mapped, kept on the timeline: {name} ({times})")
        for line in report.refused:
            self.stderr.write(f"refused {line}")
        self.stdout.write("Tickets are made by the workers; `run_operations --once` makes them now.")
