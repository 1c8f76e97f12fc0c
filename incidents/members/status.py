"""What is going on, for everybody in a project: one address to share inside, readable from across the room."""

import hashlib
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.console import live
from core.links import absolute
from incidents.listing import may_report
from incidents.models import Incident
from incidents.rows import Row, commanders_of, last_events

SHOWN = 100


@never_cache
@require_safe
@login_required
def status(request: HttpRequest) -> HttpResponse:
    """Active and stable incidents that the reader sees: the active first, the worst first, the oldest first."""
    rows = _rows(request.user)
    seen = [(one.pk, one.version, one.event_count) for one in rows]
    tag = hashlib.sha256(f"{request.user.pk} {seen}".encode()).hexdigest()[:32]
    if live.is_known(request, tag):
        return live.unchanged(tag)
    last, commanders = last_events(rows), commanders_of(rows)
    board = [Row(incident=one, last=last.get(one.pk), commander=commanders.get(one.pk)) for one in rows]
    context = {
        "title": _("Status"), "here": "status", "rows": board[:SHOWN], "more": len(board) > SHOWN,
        "active": sum(one.status == Incident.Status.ACTIVE for one in rows[:SHOWN]), "now": timezone.now(),
        "stable": sum(one.status == Incident.Status.STABLE for one in rows[:SHOWN]), "tag": tag,
        "address": absolute(request.path), "may_report": may_report(request),
    }  # fmt: skip
    return live.tagged(TemplateResponse(request, "members/status.html", context), tag)


def _rows(user: Any) -> list[Incident]:
    visible = Incident.objects.visible_to(user).filter(status__in=Incident.open_statuses).for_list()
    return list(visible.order_by("status", "-severity__order", "reported_at", "pk")[: SHOWN + 1])
