"""The page of trends; the home page shows its charts too."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext

from incidents.trends import Trends


class TrendPages:
    """Gives the incidents' admin `trends/`."""

    def get_urls(self: Any) -> list[URLPattern]:
        """The page, before the stock addresses."""
        view = self.admin_site.admin_view(self.trends_view)
        return [path("trends/", view, name="incidents_incident_trends"), *super().get_urls()]  # type: ignore[misc]

    def trends_view(self: Any, request: HttpRequest) -> HttpResponse:
        """The charts, with their filters."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Trends"),
            "opts": self.opts,
            "is_fullwidth": "1",
            **Trends(request).words(),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "incidents/trends.html", context)
