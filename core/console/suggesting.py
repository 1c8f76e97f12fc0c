"""Inputs that offer what is known while one types: people, subjects."""

from typing import Any
from uuid import UUID

from django import forms
from django.urls import reverse

from core import search
from core.models.subjects import Subject

SUGGESTED = 8


class Suggested(forms.Widget):
    """Mixed into an input, gives it a list that the script fills.

    :ivar suggests: the address that answers what was typed (`?q=`) with options.
    """

    template_name = "console/widgets/suggested.html"
    suggests: Any = ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Name the list."""
        context = super().get_context(name, value, {**(attrs or {}), "autocomplete": "off"})
        given = context["widget"]["attrs"]
        given["list"] = f"{given.get('id', name)}-known"
        context["widget"]["suggests"] = self.suggests
        return context


class SubjectInput(Suggested, forms.TextInput):
    """The name of a subject."""


class SubjectField(forms.CharField):
    """A subject by its name, of the kind that the dialog is about; old names and words of its title are suggested."""

    widget = SubjectInput

    def serve(self, _request: Any, target: Subject) -> None:
        """Know where suggestions come from."""
        widget: Any = self.widget
        widget.suggests = suggestions_of(type(target), but=target)


def suggestions_of(model: type[Subject], but: Subject) -> str:
    """The address that suggests subjects of a kind, all but one."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_suggest")
    return f"{address}?but={but.uuid}"


def suggest(model: type[Subject], user: Any, text: str, but: UUID | None) -> list[Any]:
    """Subjects that the user sees and that are meant by the text, best first; without a text the newest open ones."""
    manager: Any = model._default_manager
    visible = manager.visible_to(user).exclude(uuid=but)
    if not text:
        return list(visible.filter(status__in=model.open_statuses).order_by("-reported_at", "-pk")[:SUGGESTED])
    keys = [hit.object_id for hit in search.search(user, text, kinds=[model.kind], limit=SUGGESTED + 1)]
    found = visible.in_bulk(keys)
    return [found[key] for key in keys if key in found][:SUGGESTED]
