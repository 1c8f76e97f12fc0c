"""What must hold before the embedded installation serves: a database of this version, migrated, with an owner.

`./dispatch up` runs it in a process of its own, so that the server is forked without an open connection.
"""

import os
import sys

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command


def main() -> None:
    """Make the database ready and print what the first owner must know; end with the reason when it cannot be done."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dispatch_project.settings")
    try:
        django.setup()
        call_command("prepare")
    except (CommandError, ImproperlyConfigured) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
