"""What stands between a checkout and a running installation, in one go."""

import io
import os
import stat
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

from core.backups import sqlite

OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Command(BaseCommand):
    """One process instead of four, so that a start takes seconds."""

    help = "Refuses a newer database, migrates, fills a new search, and makes the first owner where there is none."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        call_command("check_database")
        if connection.vendor == "sqlite":
            _close(sqlite.place().parent)
        call_command("migrate", interactive=False, verbosity=0, skip_checks=False)
        call_command("rebuild_search", missing=True, stdout=io.StringIO())
        call_command("first_owner", stdout=self.stdout)


def _close(home: Path) -> None:
    """Keep other users of this machine out of incidents and mail. A place that is theirs too stays as it is: a mounted
    volume, a directory as /tmp, or what belongs to somebody else.
    """
    told = home.stat()
    alone = told.st_uid == os.geteuid() and not told.st_mode & stat.S_ISVTX and not home.is_mount()
    if alone and told.st_mode & OTHERS:
        home.chmod(stat.S_IMODE(told.st_mode) & ~OTHERS)
