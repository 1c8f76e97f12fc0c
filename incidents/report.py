"""The report as both faces have it: what the form shows, declared once, and what resembles it."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import FlowError, KeyReused
from core.idempotency import once
from core.search.similar import similar
from incidents import flows
from incidents.forms import ReportForm
from incidents.models import Incident

RECENT: Final = timedelta(days=30)
SHOWN: Final = 5


def sent(request: Any) -> tuple[ReportForm, str]:
    """The form, and the id of the incident that it made; empty when it is shown or was refused."""
    form = ReportForm(request.POST if request.method == "POST" else None, request=request)
    if request.method == "POST" and form.is_valid():
        try:
            return form, declared(request, form)
        except KeyReused:
            form.renew(_("You sent this form before. Sent again as it is now, it makes a second incident."))
        except FlowError as refusal:
            form.show_refusal(refusal)
    return form, ""


def declared(request: Any, form: ReportForm) -> str:
    """Declare once per form; the id of what it made."""
    given = dict(form.cleaned_data)
    key, now = given.pop("key"), timezone.now()
    given["visibility"] = given["visibility"] or None
    given["commander"] = given["commander"] or None

    def declare() -> tuple[int, str, Incident]:
        incident = flows.declare(actor=request.actor, now=now, **given)
        return 201, str(incident.pk), incident

    # As it was typed, so that the same form sent twice is known again.
    body = {name: values for name, values in request.POST.lists() if name not in {"csrfmiddlewaretoken", "key"}}
    done = once(actor=request.actor, key=key, method="POST", path=request.path, body=body, now=now, perform=declare)
    return done.object_id


def look_alikes(user: Any, text: str, now: datetime) -> list[Incident]:
    """Incidents that the text may be about already: visible ones that are open or of the last 30 days."""
    rows = Incident.objects.visible_to(user)
    candidates = rows.filter(Q(status__in=Incident.open_statuses) | Q(reported_at__gte=now - RECENT))
    keys = similar(user, "incident", text, candidates.values("pk"), limit=SHOWN)
    found = {one.pk: one for one in rows.for_list().filter(pk__in=keys)}
    return [found[key] for key in keys if key in found]
