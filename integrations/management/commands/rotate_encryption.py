"""`manage.py rotate_encryption`: after a new key was put first in FIELD_ENCRYPTION_KEYS, use it everywhere."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import encrypted


class Command(BaseCommand):
    help = "Encrypts all stored secrets with the newest key. Afterwards the older keys may be taken away."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        count, closed = encrypted.rotate()
        self.stdout.write(f"{count} values are encrypted with the newest key.")
        if closed:
            raise CommandError(
                f"No key of FIELD_ENCRYPTION_KEYS opens {', '.join(closed)}. Add the key they were written with, "
                "or enter their secrets again."
            )
