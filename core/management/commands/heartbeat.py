"""Whether a part shows life: for a container's health check."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core import heartbeats
from core.heartbeats import Part


class Command(BaseCommand):
    """Exit code 0 while it does."""

    help = "Says when workers or beat last showed life; exits with 1 when that is more than two minutes ago."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("part", choices=Part.values)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        sign = next(sign for sign in heartbeats.signs(timezone.now()) if sign.part == options["part"])
        if sign.beat_at is None:
            raise CommandError(f"{sign.part} has never shown life.")
        said = f"{sign.part} showed life {int(sign.age_seconds)} s ago."
        if sign.is_stale:
            raise CommandError(said)
        self.stdout.write(said)
