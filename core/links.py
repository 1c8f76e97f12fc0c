"""Addresses of console pages, for what is written outside the console (mail, tickets, documents)."""

from typing import Any

from django.conf import settings
from django.db.models import Model
from django.urls import NoReverseMatch, reverse

from core.access import may_use_console


def page_path(instance: Model) -> str:
    """The path of the object's console page; empty when it has none."""
    meta = instance._meta
    try:
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[instance.pk])
    except NoReverseMatch:
        return ""


def member_path(subject: Any) -> str:
    """The path of the subject's page outside the console; empty for a kind that has none."""
    return reverse("responder", args=[subject.name]) if subject.kind == "incident" else ""


def url_for(user: Any, subject: Any) -> str:
    """The whole address of the page of a subject that a person can open: the console's for those who may use it."""
    inside = user is not None and may_use_console(user)
    return page_url(subject) if inside else absolute(member_path(subject) or page_path(subject))


def absolute(path: str) -> str:
    """The address people reach a path of ours under; other addresses stay as they are."""
    return f"{settings.BASE_URL}{path}" if path.startswith("/") else path


def page_url(instance: Any) -> str:
    """The whole address of the object's console page."""
    return absolute(page_path(instance))
