"""Reading the environment: each variable may also be given as a file, `NAME_FILE=/run/secrets/name`."""

import os
from pathlib import Path
from typing import Final

import environ

BASE_DIR: Final = Path(__file__).resolve().parent.parent.parent
env = environ.FileAwareEnv()

# Where the embedded installation keeps database, files, outgoing mail and generated secrets.
HOME: Final = Path(os.environ.get("DISPATCH_HOME", BASE_DIR / "var")).resolve()
EMBEDDED: Final = not env.str("DATABASE_URL", "")
