"""Asks the web process of this machine whether it is ready: for a container's health check, standard library only."""

import os
import sys
import urllib.error
import urllib.request

SECONDS = 4


def main() -> int:
    """0 when it is ready, else 1. What it said is printed, for people who ask."""
    port = os.environ.get("WEB_BIND", "0.0.0.0:8000").rsplit(":", 1)[1]
    # Asked by a name that it answers to; the connection goes to this machine whatever the name is.
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/readyz", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 (an address of ours)
            sys.stdout.write(f"{answer.read().decode(errors='replace')}\n")
            return 0 if answer.status == 200 else 1
    except (urllib.error.URLError, OSError) as error:
        said = error.read().decode(errors="replace") if isinstance(error, urllib.error.HTTPError) else str(error)
        sys.stderr.write(f"{said}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
