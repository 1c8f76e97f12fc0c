"""Optimistic concurrency: a write names the version it was made from."""

from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import Stale


def bump(instance: Any, *, fields: list[str], expected: int | None = None) -> None:
    """Write the named fields where the version still is `expected` (default: the instance's own), and raise it by one.

    :raises Stale: when somebody else wrote meanwhile; nothing is written.
    """
    expected = instance.version if expected is None else expected
    values: dict[str, Any] = {name: getattr(instance, instance._meta.get_field(name).attname) for name in fields}
    attnames = {instance._meta.get_field(name).attname: value for name, value in values.items()}
    written = (
        type(instance)
        ._base_manager.filter(pk=instance.pk, version=expected)
        .update(**attnames, version=F("version") + 1, updated_at=timezone.now())
    )
    if not written:
        raise Stale(
            _("Somebody else changed %(what)s meanwhile. Look at it again, then repeat your change.")
            % {"what": str(instance)}
        )
    instance.version = expected + 1
