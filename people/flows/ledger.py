"""What a merge wrote, step by step, so that it can be taken back to the letter."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.core import serializers
from django.db.models import Model, QuerySet


class Ledger:
    """Writes rows and remembers what was there.

    :ivar steps: what was done, in its order, as plain values: rows pointed elsewhere, rows taken away, values written.
    """

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []

    def point(self, rows: QuerySet[Any], field: str, *, old: Model, new: Model) -> None:
        """Point the rows' foreign key at another row."""
        keys = list(rows.filter(**{field: old}).order_by("pk").values_list("pk", flat=True))
        if keys:
            label = rows.model._meta.label_lower
            self.steps.append(
                {"do": "point", "model": label, "field": field, "old": old.pk, "new": new.pk, "keys": keys}
            )
            rows.model._base_manager.filter(pk__in=keys).update(**{field: new})

    def remove(self, rows: Iterable[Any]) -> None:
        """Take rows away that stand in the way."""
        for row in list(rows):
            (kept,) = serializers.serialize("python", [row])
            fields = {name: _plain(value) for name, value in kept["fields"].items()}
            self.steps.append({"do": "remove", "row": {**kept, "fields": fields}})
            row.delete()

    def change(self, row: Any, **values: Any) -> None:
        """Write single values, by the names of their columns."""
        old = _values(row, values)
        for name, value in values.items():
            setattr(row, name, value)
        type(row)._base_manager.filter(pk=row.pk).update(**values)
        step = {"do": "change", "model": row._meta.label_lower, "pk": row.pk, "old": old, "new": _values(row, values)}
        self.steps.append(step)


def take_back(steps: list[dict[str, Any]]) -> None:
    """Write what was there before, from the last step to the first, wherever nobody wrote since."""
    for step in reversed(steps):
        BACK[step["do"]](step)


def _point_back(step: dict[str, Any]) -> None:
    model: Any = apps.get_model(step["model"])
    field = step["field"]
    model._base_manager.filter(pk__in=step["keys"], **{field: step["new"]}).update(**{field: step["old"]})


def _put_back(step: dict[str, Any]) -> None:
    for row in serializers.deserialize("python", [step["row"]]):
        row.save()


def _change_back(step: dict[str, Any]) -> None:
    model: Any = apps.get_model(step["model"])
    row = model._base_manager.filter(pk=step["pk"]).first()
    if row is None:
        return
    untouched = [name for name, value in _values(row, step["new"]).items() if value == step["new"][name]]
    back = {name: model._meta.get_field(name).to_python(step["old"][name]) for name in untouched}
    model._base_manager.filter(pk=row.pk).update(**back)


BACK = {"point": _point_back, "remove": _put_back, "change": _change_back}


def _values(row: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: _plain(row._meta.get_field(name).value_from_object(row)) for name in names}


def _plain(value: Any) -> Any:
    """A value as JSON holds it."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | list | dict) else str(value)
