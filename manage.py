#!/usr/bin/env python
"""Django's command line for Dispatch. `./dispatch manage …` runs it in the project's own environment."""

import os
import re
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError


def main() -> None:
    """Run the command. What cannot be: wrong settings or no database, is one sentence and exit code 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dispatch_project.settings")
    # One connection is all that a command needs, and a pool would try for half a minute before it says what is wrong.
    os.environ.setdefault("DATABASE_POOL", "off")
    try:
        _refuse_a_backup_of_nothing(sys.argv[1:])
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    except OperationalError:
        from core import reaching  # it needs the settings

        why = reaching.why_not()
        if not why:
            raise
        sys.exit(why)


def _refuse_a_backup_of_nothing(words: list[str]) -> None:
    """Reading the settings makes an installation's secrets, and a mistyped home should stay as empty as it was."""
    from dispatch_project.variables import EMBEDDED, HOME, SQLITE  # what cannot be read is told by the caller

    proves_another = re.search(r" --check[ =][^-]", " ".join(words))
    if words[:1] != ["backup"] or {"-h", "--help"} & set(words) or proves_another:
        return
    if EMBEDDED and not SQLITE.exists():
        sys.exit(f"There is no installation in {HOME} that could be backed up; DISPATCH_HOME names another folder.")


if __name__ == "__main__":
    main()
