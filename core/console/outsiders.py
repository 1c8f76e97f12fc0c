"""Where those land who follow a link into the console without its rights: their own pages, and why; never a log-in."""

from typing import Any

from django.apps import apps
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from core.console.filters import visible
from core.links import member_path
from core.members import Logout
from core.models.subjects import Subject

INDEX = "index"
LOGOUT = "logout"


def turned_away(request: HttpRequest) -> HttpResponse:
    """Whoever is not signed in is asked to; a member is led to the subject's page for members, or to the status page.

    :raises PermissionDenied: with the reason, for a page that has nothing like it outside the console.
    """
    name = getattr(request.resolver_match, "url_name", None)
    if name == LOGOUT:
        return Logout.as_view()(request)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    why = _("The console is for responders and above. Ask an admin of your project if you need it.")
    there = reverse("status") if name == INDEX else _page_outside(request)
    if not there or request.method not in {"GET", "HEAD"}:
        raise PermissionDenied(why)
    messages.info(request, why)
    return HttpResponseRedirect(there)


def _page_outside(request: Any) -> str:
    """The members' page of the subject whose page or dialog is asked for; empty when there is none for the reader."""
    match = request.resolver_match
    name, key = match.url_name or "", match.kwargs.get("object_id", "")
    model = next((one for one in _subjects() if name.startswith(f"{one._meta.label_lower.replace('.', '_')}_")), None)
    if model is None or not key.isdecimal() or len(key) > 18:
        return ""
    subject = visible(model, request.user).filter(pk=key).first()
    return member_path(subject) if subject else ""


def _subjects() -> list[Any]:
    return [model for model in apps.get_models() if issubclass(model, Subject)]
