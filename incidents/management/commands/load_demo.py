"""Load the demo organization."""

import secrets
from argparse import ArgumentParser
from time import monotonic
from typing import Any

from django.utils import timezone

from core.management.refusing import FlowCommand
from incidents.demo.loading import USUAL_SIZE, Loaded, NotEmpty, load
from incidents.demo.setting import owners_of


class Command(FlowCommand):
    """Tells a year of incidents into an empty installation, and who can sign in."""

    help = "Loads a lived-in organization into an empty installation: people, services, rules, a year of incidents."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--size", type=int, default=USUAL_SIZE, help="how many incidents (default: %(default)s)")
        parser.add_argument("--if-empty", action="store_true", help="where there are incidents, say so and end well")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        password, began = secrets.token_urlsafe(9), monotonic()
        try:
            loaded = load(now=timezone.now(), password=password, say=self._progress, size=options["size"])
        except NotEmpty as refusal:
            if not options["if_empty"]:
                raise
            self.stdout.write(refusal.message)
            return
        self._tell(loaded, password, monotonic() - began)

    def _progress(self, done: int, total: int) -> None:
        live = self.stdout.isatty()
        if live or done % 10 == 0 or done == total:
            self.stdout.write(f"Demo: {done} of {total} incidents", ending="\r" if live and done < total else "\n")
            self.stdout.flush()

    def _tell(self, loaded: Loaded, password: str, seconds: float) -> None:
        people = loaded.setting.people.values()
        owners = ", ".join(user.email for user in owners_of(loaded.setting.organization)) or "made by first_owner"
        self.stdout.write(f"Loaded in {seconds:.0f} s: {len(loaded.incidents)} incidents, {len(people)} people.")
        self.stdout.write(f"Sign in as the owner ({owners}) as usual, or with the password {password} as:")
        for person in people:
            if person.character.signs_in:
                self.stdout.write(f"  {person.character.email:32}{person.character.title} ({person.character.role})")
