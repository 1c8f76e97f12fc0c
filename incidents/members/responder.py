"""One incident for whoever takes part without the console: read on a phone, answer, write, do what is to be done."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core.console import live
from core.errors import FlowError, NotVisible
from core.flows import subjects
from core.flows.subjects import find_by_name
from core.validators import UNSTORABLE
from incidents.members.contents import contents
from incidents.members.verbs import VERBS
from incidents.models import Incident


@never_cache
@require_safe
@login_required
def page(request: HttpRequest, name: str) -> HttpResponse:
    """The page; asked again with its tag it answers only when something changed."""
    incident = _find(request, name)
    tag = live.tag_of(request, incident, timezone.now())
    if live.is_known(request, tag):
        return live.unchanged(tag)
    return live.tagged(_shown(request, incident, tag=tag), tag)


@never_cache
@require_POST
@login_required
def act(request: HttpRequest, name: str, verb: str, key: Any = None) -> HttpResponse:
    """One verb; what the flow refuses is said on the page, with what was typed kept."""
    incident = _find(request, name)
    if verb not in VERBS:
        raise Http404
    try:
        VERBS[verb](request, incident, key)
    except NotVisible as refusal:
        raise Http404 from refusal
    except FlowError as refusal:
        typed = request.POST.get("description", "")
        return _shown(request, _find(request, name), status=refusal.status, refusal=refusal.message, typed=typed)
    return HttpResponseRedirect(f"{reverse('responder', args=[incident.name])}{'#timeline' if verb == 'entry' else ''}")


def _find(request: Any, name: str) -> Incident:
    """The incident by name, old names included; who does not see it hears that it is not there."""
    if UNSTORABLE.search(name) or any(UNSTORABLE.search(value) for value in request.GET.values()):
        raise Http404
    named = find_by_name(Incident, name.upper()[:64])
    rows = Incident.objects.visible_to(request.user).for_list().select_related("project__organization")
    found: Incident | None = rows.filter(pk=named.pk).first() if named else None
    if found is None:
        raise Http404
    return found


def _shown(request: Any, incident: Incident, *, status: int = 200, **words: Any) -> TemplateResponse:
    subjects.note_read(subject=incident, actor=request.actor, now=timezone.now())
    context = {**contents(request, incident), **words}
    return TemplateResponse(request, "members/responder.html", context, status=status)
