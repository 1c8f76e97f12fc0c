"""The templates a new project begins with, in Markdown files beside this one."""

from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent


def default_body(kind: str) -> str:
    """The text of the template for a kind of document."""
    return (_HERE / f"{kind}.md").read_text(encoding="utf-8")
