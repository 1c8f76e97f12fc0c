"""Reporting, for every member; and what resembles a report while it is typed, for both report forms."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from core.validators import UNSTORABLE
from incidents.listing import may_report
from incidents.models import Incident
from incidents.report import look_alikes, sent

LONGEST_TEXT = 2000


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """The report form. Sent twice, it makes one incident."""
    if any(UNSTORABLE.search(str(value)) for value in request.GET.values()):
        raise PermissionDenied
    if not may_report(request):
        return TemplateResponse(request, "members/nowhere.html", {"title": _("Report"), "here": "report"}, status=403)
    form, made = sent(request)
    if made:
        incident = Incident.objects.visible_to(request.user).filter(pk=made).first()
        # Somebody who may not see what they reported goes where the rest is.
        return HttpResponseRedirect(reverse("responder", args=[incident.name]) if incident else reverse("status"))
    context = {
        "title": _("Report an incident"), "here": "report", "form": form, "project": form.chosen_project,
        "several": form.fields["project"].queryset.count() > 1,  # type: ignore[attr-defined]
    }  # fmt: skip
    return TemplateResponse(request, "members/report.html", context, status=400 if form.errors else 200)


@never_cache
@login_required
@require_POST
def duplicates(request: HttpRequest) -> HttpResponse:
    """What resembles the title and description that are being typed. By POST: what is typed stands in no log."""
    text = f"{request.POST.get('title', '')} {request.POST.get('description', '')}"[:LONGEST_TEXT]
    found = [] if UNSTORABLE.search(text) else look_alikes(request.user, text, timezone.now())
    return TemplateResponse(request, "incidents/similar.html", {"found": found})
