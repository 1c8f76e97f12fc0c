"""Gunicorn as production has it: what only development installs is not there."""

import sys

from gunicorn.app.wsgiapp import run

# `structlog` and `rest_framework` take these where they are; requirements.txt has neither.
DEVELOPMENT = ("rich", "pygments")

if __name__ == "__main__":
    sys.modules.update(dict.fromkeys(DEVELOPMENT))  # type: ignore[arg-type]
    sys.exit(run())
