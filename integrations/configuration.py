"""A plugin's configuration: checked against its schema; masked secrets stay as they are, and none is shown."""

import functools
from collections.abc import Mapping
from typing import Any, Final, get_args

from django.utils.translation import gettext as _
from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from core.errors import Invalid
from integrations.plugin import Plugin, PluginConfiguration

SET: Final = {"set": True}
UNSET: Final = {"set": False}
_SECRETS: Final = (SecretStr, SecretBytes)
# What faces and browsers put in a secret's place.
_MASK_CHARACTERS: Final = frozenset("*•●")


def parse(plugin: type[Plugin], stored: Mapping[str, Any]) -> PluginConfiguration:
    """The stored configuration as the plugin's own class.

    :raises Invalid: naming the first field at fault.
    """
    try:
        return plugin.Configuration.model_validate(dict(stored))
    except ValidationError as error:
        raise _invalid(plugin, error) from None


def merged(plugin: type[Plugin], given: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration to store: `given` over `stored`, checked, with secrets in the clear (the field encrypts).

    A secret left out, blank or masked keeps its stored value; `{"set": false}` takes it away. Null takes any other
    value away.

    :raises Invalid: naming the first field at fault.
    """
    values = _merge(plugin.Configuration, given, stored)
    configuration = parse(plugin, values)
    return {name: _storable(name, value) for name, value in _fields(configuration).items()}


def public(plugin: type[Plugin] | None, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration for faces: secrets as `{"set": true}` or `{"set": false}`, all else as stored.

    Of one that no installed plugin understands, only the names are shown: nobody knows which of them are secrets.
    """
    if plugin is not None:
        try:
            return {name: _masked(value) for name, value in _fields(parse(plugin, stored)).items()}
        except Invalid:
            return {name: _masked_raw(plugin, name, value) for name, value in stored.items()}
    return dict.fromkeys(stored, SET)


def secret_fields(plugin: type[Plugin]) -> frozenset[str]:
    """The names of the top-level secrets."""
    return frozenset(name for name, field in plugin.Configuration.model_fields.items() if _holds(field, _SECRETS))


def _merge(model: type[BaseModel], given: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    values = {**stored}
    for name, value in given.items():
        field = model.model_fields.get(name)
        nested = _nested(field)
        if nested and isinstance(value, Mapping):
            inner = stored.get(name)
            values[name] = _merge(nested, value, inner if isinstance(inner, Mapping) else {})
        elif field is not None and _holds(field, _SECRETS):
            _merge_secret(values, name, value)
        elif value is None:
            values.pop(name, None)
        else:
            values[name] = value
    return values


def _merge_secret(values: dict[str, Any], name: str, value: Any) -> None:
    if value == UNSET:
        values.pop(name, None)
    elif not _is_kept(value):
        values[name] = value


def _is_kept(value: Any) -> bool:
    """Whether what came for a secret means "as it is"."""
    if isinstance(value, str):
        return not value.strip() or set(value.strip()) <= _MASK_CHARACTERS
    return value is None or value == SET


def _fields(configuration: BaseModel) -> dict[str, Any]:
    return {name: getattr(configuration, name) for name in type(configuration).model_fields}


def _storable(name: str, value: Any) -> Any:
    if not isinstance(value, _SECRETS):
        return _walk(value, functools.partial(_storable, name))
    secret = value.get_secret_value()
    plain = secret.decode() if isinstance(secret, bytes) else secret
    if plain and set(plain) <= _MASK_CHARACTERS:
        # Only one inside a list comes this far: nothing says which stored secret it stands for.
        raise Invalid(_("Type this secret again; a mask is not one."), field=f"configuration.{name}")
    return plain


def _masked(value: Any) -> Any:
    if isinstance(value, _SECRETS):
        return SET if value.get_secret_value() else UNSET
    return _walk(value, _masked)


def _masked_raw(plugin: type[Plugin], name: str, value: Any) -> Any:
    field = plugin.Configuration.model_fields.get(name)
    is_plain = field is not None and not _holds(field, _SECRETS) and isinstance(value, str | int | float | bool | None)
    return value if is_plain else SET


def _walk(value: Any, step: Any) -> Any:
    if isinstance(value, BaseModel):
        return {name: step(inner) for name, inner in _fields(value).items()}
    if isinstance(value, Mapping):
        return {str(name): step(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [step(inner) for inner in value]
    return to_jsonable_python(value)


def _holds(field: FieldInfo, wanted: tuple[type, ...]) -> bool:
    return any(part in wanted for part in _parts(field.annotation))


def _nested(field: FieldInfo | None) -> type[BaseModel] | None:
    parts = _parts(field.annotation) if field else []
    return next((part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)), None)


def _parts(annotation: Any) -> list[Any]:
    """The types an annotation is put together of: `SecretStr | None` is both."""
    return [annotation, *(part for argument in get_args(annotation) for part in _parts(argument))]


def _invalid(plugin: type[Plugin], error: ValidationError) -> Invalid:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = ".".join(str(part) for part in first["loc"])
    field = plugin.Configuration.model_fields.get(str(first["loc"][0])) if first["loc"] else None
    words = {"field": (field.title if field else None) or path or plugin.title, "why": first["msg"]}
    message = _("there is no such setting") if first["type"] == "extra_forbidden" else first["msg"]
    return Invalid(_("%(field)s: %(why)s.") % {**words, "why": message}, field=f"configuration.{path}".rstrip("."))
