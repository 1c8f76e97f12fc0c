"""Every address there is, found in the URL configuration, so that later pages are walked without being named."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.urls import get_resolver

PARAMETER = re.compile(r"<(?:(?P<converter>\w+):)?(?P<name>\w+)>|\(\?P<(?P<named>\w+)>(?:[^()]|\([^)]*\))*\)")
ADMIN = re.compile(r"^admin/(?P<app>\w+)/(?P<model>\w+)/")
# What belongs to the visitor alone, or to nobody.
LEFT_OUT = ("admin/login/", "admin/logout/", "admin/password_change/", "static/")


@dataclass(frozen=True)
class Address:
    """A pattern with its parameters, and the model of the object that its `object_id` or `id` names (None: unknown)."""

    template: str
    parameters: tuple[str, ...]
    model: Any

    def path(self, **values: Any) -> str:
        """The address with its parameters filled in."""

        def fill(match: re.Match[str]) -> str:
            return str(values[match["name"] or match["named"]])

        return "/" + PARAMETER.sub(fill, self.template).replace("^", "").replace("$", "")


def addresses(prefix: str) -> list[Address]:
    """The addresses below a prefix, catch-alls left out."""
    found = []
    for template, pattern in _patterns(get_resolver()):
        catches_all = ".*" in template or ".+" in template
        if not template.startswith(prefix) or template.startswith(LEFT_OUT) or catches_all:
            continue
        names = tuple(match["name"] or match["named"] for match in PARAMETER.finditer(template))
        found.append(Address(template, names, _model(template, pattern)))
    return found


def _patterns(resolver: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in resolver.url_patterns:
        template = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from _patterns(pattern, template)
        else:
            yield template, pattern


def _model(template: str, pattern: Any) -> Any:
    match = ADMIN.match(template)
    if match:
        try:
            return apps.get_model(match["app"], match["model"])
        except LookupError:
            return None
    view = getattr(pattern.callback, "cls", None)
    queryset = getattr(view, "queryset", None)
    return getattr(view, "model", None) or getattr(queryset, "model", None)
