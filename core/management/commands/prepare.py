"""What stands between a checkout and a running installation, in one go."""

import io
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """One process instead of four, so that a start takes seconds."""

    help = "Refuses a newer database, migrates, fills a new search, and makes the first owner where there is none."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        call_command("check_database")
        call_command("migrate", interactive=False, verbosity=0, skip_checks=False)
        call_command("rebuild_search", missing=True, stdout=io.StringIO())
        call_command("first_owner", stdout=self.stdout)
