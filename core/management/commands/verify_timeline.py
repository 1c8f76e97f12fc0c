"""Check the hash chains of timelines."""

from argparse import ArgumentParser
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError

from core.models.subjects import KINDS, Subject
from core.timeline import chain

LISTED = 5
MODELS = {"incident": "incidents.Incident", "case": "cases.Case"}


class BrokenTimelines(CommandError):
    """Some were changed behind Dispatch's back; the first few are named."""


class Command(BaseCommand):
    """Names the first bad row of each broken timeline; exits with 1 when there is one."""

    help = "Checks that no timeline was changed behind Dispatch's back. Names: INC-42 …; without any, all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        checked, broken = 0, []
        for subject in self._subjects(options["names"]):
            checked += 1
            found = chain.verify(subject)
            if found:
                broken.append(subject.name)
                self.stderr.write(f"{subject.name}: event {found.seq} {found.event_id}: {found.problem}")
        if options["names"] and checked < len(set(options["names"])):
            raise CommandError("There is no subject of some of these names.")
        if broken:
            listed = ", ".join(broken[:LISTED]) + (", …" if len(broken) > LISTED else "")
            raise BrokenTimelines(f"{len(broken)} of {checked} timelines are broken: {listed}.")
        self.stdout.write(f"{checked} timelines are whole.")

    def _subjects(self, names: list[str]) -> Any:
        for kind in KINDS:
            model: type[Subject] = apps.get_model(MODELS[kind])
            rows = model.objects.filter(name__in=names) if names else model.objects.all()
            yield from rows.order_by("pk").iterator(chunk_size=500)
