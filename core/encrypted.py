"""A JSON field encrypted at rest with `FIELD_ENCRYPTION_KEYS` (Fernet; newest key first, older ones still read)."""

import json
from collections.abc import Iterator
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.conf import settings
from django.db import models, transaction


def cipher() -> MultiFernet:
    """The ring of keys; the first one encrypts."""
    return MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])


class EncryptedJSONField(models.TextField):
    """Stores a JSON value as a token. The value never reaches logs, history rows, dumps or `str()` of the model.

    Two tokens of the same value differ, so there is nothing to look up by.

    :raises cryptography.fernet.InvalidToken: when no key of the ring made the token.
    """

    # What django-stubs reads: any JSON value goes in and comes out.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def get_prep_value(self, value: Any) -> str | None:
        if value is None:
            return None
        return cipher().encrypt(json.dumps(value).encode()).decode("ascii")

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        return None if value is None else json.loads(cipher().decrypt(value.encode("ascii")))

    def to_python(self, value: Any) -> Any:
        return self.from_db_value(value) if isinstance(value, str) and value else value

    def value_to_string(self, obj: models.Model) -> Any:
        # Dumps carry the token, and what is loaded from them comes back through `to_python`.
        return self.get_prep_value(self.value_from_object(obj))

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None


def rotate() -> tuple[int, list[str]]:
    """Encrypt every stored value with the newest key. Returns how many, and the rows that no key of the ring opens."""
    count, closed = 0, []
    for model, field in _encrypted_fields():
        for pk in model._base_manager.order_by("pk").values_list("pk", flat=True):
            try:
                count += _rotate_row(model, field, pk)
            except InvalidToken:
                closed.append(f"{model._meta.label} {pk}")
    return count, closed


def _encrypted_fields() -> Iterator[tuple[type[models.Model], str]]:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, EncryptedJSONField) and field.model is model:
                yield model, field.name


@transaction.atomic
def _rotate_row(model: type[models.Model], field: str, pk: Any) -> int:
    """Read and write one value under the row's lock, so that an edit at the same time is not lost."""
    rows = model._base_manager.filter(pk=pk)
    row = rows.select_for_update(of=("self",)).only(field).first()
    return rows.update(**{field: getattr(row, field)}) if row else 0
