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
from people.models import Role

SAME_REPORT: Final = timedelta(hours=1)
RECENT: Final = timedelta(days=30)
SHOWN: Final = 5


class ReportedBefore(FlowError):
    """The same person reported the same of late; `params` hold the incident's name."""


def sent(request: Any) -> tuple[ReportForm, str]:
    """The form, and the id of the incident that it made; empty when it is shown or was refused."""
    form = ReportForm(request.POST if request.method == "POST" else None, request=request)
    if request.method == "POST" and form.is_valid():
        try:
            return form, declared(request, form)
        except KeyReused:
            form.renew(_("You sent this form before. Sent again as it is now, it makes a second incident."))
        except ReportedBefore as refusal:
            form.renew(refusal.message, besides=refusal.params["name"])
        except FlowError as refusal:
            form.show_refusal(refusal)
    form.point_at_errors()
    return form, ""


def declared(request: Any, form: ReportForm) -> str:
    """Declare once per form; the id of what it made."""
    given = dict(form.cleaned_data)
    key, besides, now = given.pop("key"), given.pop("besides"), timezone.now()
    given["visibility"] = given["visibility"] or None
    given["commander"] = given["commander"] or None

    def declare() -> tuple[int, str, Incident]:
        _refuse_twins(request.user, besides, given, now)
        incident = flows.declare(actor=request.actor, now=now, **given)
        return 201, str(incident.pk), incident

    # As it was typed, so that the same form sent twice is known again.
    body = {name: values for name, values in request.POST.lists() if name not in {"csrfmiddlewaretoken", "key"}}
    done = once(actor=request.actor, key=key, method="POST", path=request.path, body=body, now=now, perform=declare)
    return done.object_id


def _refuse_twins(user: Any, besides: str, given: dict[str, Any], now: datetime) -> None:
    """Back brings a form that was sent with all its words and a new key: whoever sends it again is asked.

    :raises ReportedBefore: naming what the user reported of late in the same words, once.
    """
    roles = Role.objects.filter(
        role=Role.Name.REPORTER, participant__individual__user=user, incident__project=given["project"],
        incident__title=given["title"], incident__description=given["description"],
        incident__created_at__gt=now - SAME_REPORT, incident__deleted_at=None,
    )  # fmt: skip
    twin = roles.order_by("-incident__created_at").values_list("incident__name", flat=True).first()
    if twin and twin != besides:
        raise ReportedBefore(
            _("You reported this in the same words a short while ago: %(name)s. Sent again, it makes another incident.")
            % {"name": twin},
            name=twin,
        )


def look_alikes(user: Any, text: str, now: datetime) -> list[Incident]:
    """Incidents that the text may be about already: visible ones that are open or of the last 30 days."""
    rows = Incident.objects.visible_to(user)
    candidates = rows.filter(Q(status__in=Incident.open_statuses) | Q(reported_at__gte=now - RECENT))
    keys = similar(user, "incident", text, candidates.values("pk"), limit=SHOWN)
    found = {one.pk: one for one in rows.for_list().filter(pk__in=keys)}
    return [found[key] for key in keys if key in found]
