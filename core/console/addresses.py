"""Where things are shown."""

from typing import Any

from django.urls import reverse


def page_of(row: Any) -> str:
    """The address of the page of a subject, or of any row that has one."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
