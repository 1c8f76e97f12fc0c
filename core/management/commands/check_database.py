"""Whether this code may work with the database."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from core import reaching


class Command(BaseCommand):
    """Silent when all is well."""

    help = "Refuses a database that does not answer, or that a newer version has migrated."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        why_not = reaching.why_not()
        if why_not:
            raise CommandError(why_not)
        loader = MigrationLoader(connection, ignore_no_migrations=True)
        ours = {app for app, _name in loader.disk_migrations}
        newer = sorted(
            f"{app}.{name}"
            for app, name in loader.applied_migrations
            if app in ours and not loader.disk_migrations.get((app, name))
        )
        # A squashed migration that was replaced is known by its replacement.
        newer = [name for name in newer if not _replaced(loader, *name.split(".", 1))]
        if newer:
            raise CommandError(
                f"The database is newer than this code ({newer[0]}): start the newer version, or restore a backup."
            )


def _replaced(loader: MigrationLoader, app: str, name: str) -> bool:
    return any((app, name) in migration.replaces for migration in loader.disk_migrations.values())
