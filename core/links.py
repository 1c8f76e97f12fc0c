"""Addresses of console pages, for what is written outside the console (mail, tickets, documents)."""

from typing import Any

from django.conf import settings
from django.db.models import Model
from django.urls import NoReverseMatch, reverse


def page_path(instance: Model) -> str:
    """The path of the object's console page; empty when it has none."""
    meta = instance._meta
    try:
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[instance.pk])
    except NoReverseMatch:
        return ""


def absolute(path: str) -> str:
    """The address people reach a path of ours under; other addresses stay as they are."""
    return f"{settings.BASE_URL}{path}" if path.startswith("/") else path


def page_url(instance: Any) -> str:
    """The whole address of the object's console page."""
    return absolute(page_path(instance))
