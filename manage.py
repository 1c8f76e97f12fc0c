#!/usr/bin/env python
"""Django's command line for Dispatch. `./dispatch manage …` runs it in the project's own environment."""

import os
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
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    except OperationalError:
        from core import reaching  # it needs the settings

        why = reaching.why_not()
        if not why:
            raise
        sys.exit(why)


if __name__ == "__main__":
    main()
