"""The address of a file for whoever is signed in, in the console or not."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from core.attachments import serving
from core.attachments.models import Attachment
from core.flows import subjects


@require_safe
@login_required
def attachment(request: HttpRequest, key: Any) -> HttpResponse:
    """A file of a subject that the reader sees; reading of a restricted one is noted."""
    found = get_object_or_404(Attachment.objects.visible_to(request.user).select_related("incident", "case"), uuid=key)
    subjects.note_read(subject=found.subject, actor=request.actor, now=timezone.now())  # type: ignore[attr-defined]
    try:
        answer: HttpResponse = serving.answer(found, saved="save" in request.GET)
    except FileNotFoundError:
        raise Http404 from None
    return answer
