"""The reference of the environment, the settings and the documentation say the same."""

import ast
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from core.management.commands.environment import placed

ROOT = Path(__file__).resolve().parents[2]
READERS = [
    *sorted((ROOT / "dispatch_project" / "settings").glob("*.py")),
    ROOT / "dispatch_project" / "production.py",
    ROOT / "dispatch_project" / "variables.py",
    ROOT / "core" / "management" / "commands" / "first_owner.py",
]
COMPUTED = object()


def reads() -> Iterator[tuple[str, Any]]:
    """Each variable that is read, with its default where that is written out."""
    for path in READERS:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {
                "env.str", "env.int", "env.bool", "env.list", "env.db", "os.environ.get", "variables.env.int",
            }:  # fmt: skip
                default = node.args[1] if len(node.args) > 1 else None
                try:
                    value = ast.literal_eval(default) if default else COMPUTED
                except ValueError:
                    value = COMPUTED
                yield ast.literal_eval(node.args[0]), value


DECLARED = {variable.name: variable for group in settings.ENVIRONMENT.values() for variable in group}


def test_every_variable_that_is_read_is_explained_and_no_other():
    assert {name for name, _default in reads()} == set(DECLARED)


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, v in reads() if v is not COMPUTED and v not in ("", "smtp")])
def test_a_default_that_is_written_out_is_the_one_that_is_explained(name, value):
    said = {True: "on", False: "off"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    embedded_only = {"EMAIL_HOST"}  # read a second time for Django, which wants a name

    assert name in embedded_only or said in DECLARED[name].default


def test_the_documentation_holds_the_table_as_the_command_prints_it():
    out = StringIO()
    call_command("environment", stdout=out)
    document = (ROOT / "docs" / "configuration.md").read_text()

    assert "| `METRICS_TOKEN` |" in out.getvalue()
    assert placed(document, out.getvalue().rstrip("\n") + "\n") == document, "run: manage.py environment --write"
