#!/usr/bin/env python
"""Django's command line for Dispatch. `./dispatch manage …` runs it in the project's own environment."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dispatch_project.settings")
    execute_from_command_line(sys.argv)
