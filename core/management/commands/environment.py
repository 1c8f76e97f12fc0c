"""The reference of the environment's variables."""

import re
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

PLACE = Path("docs") / "configuration.md"
BETWEEN = re.compile(r"(<!-- environment: [^\n]*-->\n).*?(<!-- end of environment -->)", re.DOTALL)


class Command(BaseCommand):
    """The documentation's table is written by it, so that it cannot fall behind."""

    help = "Prints which variables configure Dispatch, their defaults and meanings, as Markdown."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--write", action="store_true", help=f"write it into {PLACE}")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        table = "\n".join(lines())
        if not options["write"]:
            self.stdout.write(table)
            return
        path = settings.BASE_DIR / PLACE
        path.write_text(placed(path.read_text("utf-8"), table), "utf-8")


def lines() -> Iterator[str]:
    """The tables, one a group."""
    for group, variables in settings.ENVIRONMENT.items():
        yield f"### {group}\n"
        yield "| variable | default | meaning |"
        yield "| --- | --- | --- |"
        for variable in variables:
            yield f"| `{variable.name}` | {variable.default} | {variable.meaning} |"
        yield ""


def placed(text: str, table: str) -> str:
    """The document with the table between its marks."""
    return BETWEEN.sub(lambda found: f"{found[1]}{table}{found[2]}", text)
