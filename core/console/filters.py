"""Filters of lists that offer only what the reader may see."""

from typing import Any

from django.contrib.admin import RelatedFieldListFilter
from django.http import HttpRequest


class VisibleRelatedFilter(RelatedFieldListFilter):
    """Django's filter by a related row, without the rows of others."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        """The related rows the reader may see."""
        rows = visible(field.remote_field.model, request.user)
        ordering = self.field_admin_ordering(field, request, model_admin) or ("pk",)
        return [(row.pk, str(row)) for row in rows.order_by(*ordering)[:200]]


def visible(model: Any, user: Any) -> Any:
    """The rows of a model that a user may see.

    :raises TypeError: for a model that has no `visible_to`; the console shows nothing of such a one.
    """
    rows = model._default_manager.all()
    if not hasattr(rows, "visible_to"):
        raise TypeError(f"{model.__name__} has no visible_to(user); the console cannot tell whose its rows are.")
    return rows.visible_to(user)
