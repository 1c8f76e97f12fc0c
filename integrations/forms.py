"""The form of a plugin's settings, made of its schema. Fields are named as the flows name them: configuration.url."""

import enum
import json
import types
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from core.console.forms import dress
from integrations.capabilities import Capability
from integrations.plugin import Plugin

PREFIX = "configuration."
SECRETS = (SecretStr, SecretBytes)


class LinesField(forms.CharField):
    """A list of words, one a line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        """As lines."""
        return "\n".join(str(item) for item in value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        """Back to a list."""
        return [line.strip() for line in (value or "").splitlines() if line.strip()]


def settings_fields(plugin: type[Plugin], public: Mapping[str, Any]) -> dict[str, forms.Field]:
    """A form field for each setting, with what is stored (secrets are never shown) or the default."""
    fields = {}
    for name, info in plugin.Configuration.model_fields.items():
        field = _field(info, public.get(name))
        field.label = info.title or capfirst(name.replace("_", " "))
        field.help_text = " ".join(str(part) for part in (info.description, field.help_text) if part)
        dress(field)
        fields[PREFIX + name] = field
    return fields


def capability_field(plugin: type[Plugin], served: list[str] | None) -> forms.MultipleChoiceField:
    """What the plugin is for in the project."""
    offered = sorted(str(capability) for capability in plugin.capabilities)
    field = forms.MultipleChoiceField(
        label=_("Serves"),
        choices=[(name, Capability(name).label) for name in offered],
        initial=offered if served is None else served,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("One enabled plugin a project serves each; without one the built-in does."),
    )
    dress(field)
    return field


def given_settings(plugin: type[Plugin], cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a valid form as the flow takes them."""
    given: dict[str, Any] = {}
    for name, info in plugin.Configuration.model_fields.items():
        value = cleaned.get(PREFIX + name)
        given[name] = None if value == "" and not _is_secret(info) and not info.is_required() else value
    return given


def _field(info: FieldInfo, stored: Any) -> forms.Field:
    kinds = _kinds(info.annotation)
    required, initial = info.is_required(), _initial(info, stored)
    if _is_secret(info):
        return _secret(required=required, stored=stored)
    choices = _choices(info.annotation)
    if choices:
        return forms.ChoiceField(choices=choices, initial=initial, required=required)
    if bool in kinds:
        return forms.BooleanField(required=False, initial=bool(initial))
    return _plain(kinds, initial, required=required)


def _plain(kinds: list[Any], initial: Any, *, required: bool) -> forms.Field:
    if int in kinds or float in kinds:
        number = forms.IntegerField if int in kinds else forms.FloatField
        return number(required=required, initial=initial)
    origins = {get_origin(kind) or kind for kind in kinds}
    if origins & {list, tuple, set, frozenset}:
        return LinesField(required=required, initial=initial)
    if dict in origins or any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in kinds):
        shown = json.dumps(initial, indent=2) if initial is not None else ""
        return forms.JSONField(
            required=required, initial=initial, widget=forms.Textarea(attrs={"rows": 6, "placeholder": shown})
        )
    return forms.CharField(required=required, initial=initial)


def _secret(*, required: bool, stored: Any) -> forms.Field:
    kept = stored == {"set": True}
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=False)
    text = _("It is set and never shown. Leave it empty to keep it.") if kept else ""
    return forms.CharField(required=required and not kept, widget=widget, help_text=text, strip=False)


def _initial(info: FieldInfo, stored: Any) -> Any:
    if stored is not None:
        return stored
    default = info.get_default(call_default_factory=False)
    if default is PydanticUndefined or default is None:
        return None
    return default.value if isinstance(default, enum.Enum) else default


def _is_secret(info: FieldInfo) -> bool:
    return any(kind in SECRETS for kind in _kinds(info.annotation))


def _kinds(annotation: Any) -> list[Any]:
    """The alternatives of an annotation: `str | None` is both."""
    if get_origin(annotation) in {Union, types.UnionType}:
        return list(get_args(annotation))
    return [annotation]


def _choices(annotation: Any) -> list[tuple[Any, str]]:
    for kind in _kinds(annotation):
        if get_origin(kind) is Literal:
            return [(value, str(value)) for value in get_args(kind)]
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return [(member.value, str(member.value)) for member in kind]
    return []
