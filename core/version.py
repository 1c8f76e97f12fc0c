"""Which version of Dispatch this is: the one place for code; a test holds `pyproject.toml` to it."""

VERSION = "0.2.0.dev0"
