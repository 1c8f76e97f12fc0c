"""`./dispatch bench`: builds, measures, prints, and says what is over its budget."""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

NAME = "dispatch_bench"
SIZES = "1000,10000,100000"
EMBEDDED_SIZE = 10_000


def main() -> int:
    """0 when all is within its budget, 1 when something is over, 2 when something is missing."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="dispatch-bench-") as home:
        _settle_environment(Path(home), options)
        try:
            report = _measured(options, Path(home))
        except Exception as error:
            if not _is_told(error):
                raise
            print(error, file=sys.stderr)
            return 2
    print("\r\033[K" + report.text())
    if options.json:
        Path(options.json).write_text(json.dumps(report.as_dict(), indent=1), encoding="utf-8")
    over = report.over()
    print("\nOver: " + "; ".join(over) if over else "\nAll within the budgets.")
    return 1 if over else 0


def _options() -> Any:
    parser = argparse.ArgumentParser(prog="dispatch bench", description="How fast Dispatch is beside its budgets.")
    parser.add_argument("--sizes", default=SIZES, help="numbers of incidents, smallest first (default: %(default)s)")
    parser.add_argument("--sqlite", action="store_true", help="10,000 on the embedded database, while a worker writes")
    parser.add_argument("--json", metavar="FILE", help="write the figures for machines too")
    parser.add_argument("--keep", action="store_true", help="begin with the database that is there, and leave it")
    parser.add_argument(
        "--database", default=NAME, help="its name on the server of DATABASE_URL (default: %(default)s)"
    )
    options = parser.parse_args()
    try:
        options.sizes = sorted(int(size) for size in options.sizes.split(","))
    except ValueError:
        parser.error("--sizes takes whole numbers with commas between.")
    return options


def _settle_environment(home: Path, options: Any) -> None:
    """What settings read must be there before they are loaded."""
    os.environ.update(
        DISPATCH_HOME=str(home), DJANGO_SETTINGS_MODULE="bench.settings", LOG_LEVEL="WARNING",
        LOG_LEVEL_REQUESTS="WARNING", STATIC_MANIFEST="" if options.sqlite else "1",
    )  # fmt: skip
    if options.sqlite:
        os.environ.update(DATABASE_URL="", REDIS_URL="", STATIC_MANIFEST="0")


def _measured(options: Any, home: Path) -> Any:
    if options.sqlite:
        return _with_django(lambda running: running.run_embedded(EMBEDDED_SIZE, home, _tell))
    from bench.databases import made  # psycopg is asked for only here

    server = os.environ["DATABASE_URL"]
    with made(server, options.database, keep=options.keep):
        os.environ["DATABASE_URL"] = urlunsplit(urlsplit(server)._replace(path=f"/{options.database}"))
        return _with_django(lambda running: running.run(options.sizes, home, _tell))


def _with_django(run: Any) -> Any:
    import django  # after the environment is settled

    django.setup()
    from bench import running

    try:
        return run(running)
    finally:
        from django.db import connections

        connections.close_all()
        if hasattr(connections["default"], "close_pool"):
            connections["default"].close_pool()


def _is_told(error: Exception) -> bool:
    """Whether the error is a sentence for whoever started this."""
    return type(error).__name__ in {"CannotStart", "Unexpected", "NoDatabase"}


def _tell(what: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{what}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
