"""Rules in the console: their filter as words to choose, and as a sentence to read."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import filters
from core.console.filters import visible

# What most rules go by; everything else is written as an expression.
WORDS: Final = {"type": "in", "severity": "in", "priority": "in", "tags": "any"}
LABELS: Final = {
    "type": gettext_lazy("Type is one of"),
    "severity": gettext_lazy("Severity is one of"),
    "priority": gettext_lazy("Priority is one of"),
    "tags": gettext_lazy("Has one of the tags"),
}


def model_of(kind: str, name: str) -> Any:
    """The model of a word of the kind: its types, severities, priorities, tags."""
    related: Any = filters.kind_of(kind).model._meta.get_field(name).related_model
    return related


def rows_of(kind: str, name: str, user: Any) -> Any:
    """The words the reader may choose, in order."""
    order = ["tag_type__name", "name"] if name == "tags" else ["order", "name"]
    rows = visible(model_of(kind, name), user).select_related("project", *(["tag_type"] if name == "tags" else []))
    return rows.order_by("project__name", *order)


def chosen_in(data: Any) -> dict[str, list[str]] | None:
    """The ids or names by word of a filter that words can show; None when it says more than that."""
    parts = data.get("all") if isinstance(data, dict) and set(data) == {"all"} else ([] if not data else None)
    if not isinstance(parts, list):
        return None
    found: dict[str, list[str]] = {}
    for part in parts:
        name = part.get("field") if isinstance(part, dict) else None
        if name not in WORDS or name in found or part.get("op") != WORDS[name]:
            return None
        found[name] = [str(value) for value in part["value"]]
    return found


def meant(rows: Any, values: list[str]) -> Any:
    """The rows that ids or names mean."""
    ids = [value for value in values if filters.values.read_uuid(value)]
    return rows.filter(Q(uuid__in=ids) | Q(name__in=values))


def filter_of(chosen: Mapping[str, Iterable[Any]]) -> dict[str, Any]:
    """The filter that the chosen rows make; empty when none is chosen."""
    parts = [
        {"field": name, "op": WORDS[name], "value": [str(row.uuid) for row in rows]}
        for name, rows in chosen.items()
        if rows
    ]
    return {"all": parts} if parts else {}


class WordsField(forms.ModelMultipleChoiceField):
    """Words of a project; of a new rule each names its project."""

    project: Any = None

    def label_from_instance(self, row: Any) -> str:
        """The word, a tag with its type."""
        tag_type = getattr(row, "tag_type", None)
        name = f"{tag_type}: {row}" if tag_type else str(row)
        return name if self.project else f"{name} · {row.project}"


def sentence(data: Any, names: dict[str, str]) -> str:
    """A filter in words. `names` maps ids to names; what the form could not have made is shown as it is stored."""
    chosen = chosen_in(data)
    if chosen is None:
        return _("expression: %(json)s") % {"json": str(data)[:120]}
    if not chosen:
        return _("always")
    said = [f"{name}: {_(' or ').join(names.get(value, value) for value in values)}" for name, values in chosen.items()]
    return "; ".join(said)
