"""Deleting one row after a question. There is no deleting in bulk."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from core.errors import FlowError


class Deleting:
    """The delete page: says what it is about, calls the flow, shows why it refuses."""

    def delete_view(
        self: Any, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask, then delete by the flow."""
        obj = self.get_object(request, unquote(object_id))
        if not self.has_delete_permission(request, obj):
            raise PermissionDenied
        refusal = self._try_delete(request, obj) if request.method == "POST" else None
        if request.method == "POST" and refusal is None:
            messages.info(request, _("“%(name)s” is deleted.") % {"name": obj})
            return HttpResponseRedirect(reverse(self._url_name("changelist")))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Delete"),
            "opts": self.opts,
            "original": obj,
            "refusal": refusal,
            "may_disable": hasattr(obj, "enabled") and self.has_change_permission(request, obj),
            "back": reverse(self._url_name("change"), args=[obj.pk]),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "console/delete.html", context)

    def _try_delete(self: Any, request: HttpRequest, obj: Any) -> FlowError | None:
        pk = obj.pk
        try:
            self.flow_delete(request, obj)
        except FlowError as refusal:
            obj.pk = pk
            return refusal
        return None

    def _url_name(self: Any, page: str) -> str:
        return f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{page}"
