"""What incidents show: the first tab of their page, the home page's cards, the sidebar's count."""

from typing import Any

from django.contrib.admin import site
from django.db.models import Count, Exists, Max, OuterRef, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import panels as core_panels
from core.console import ages, dashboard, navigation, panels
from core.console.counting import FEW, in_words
from core.console.once import once
from core.models.subjects import SubjectLink
from core.timeline import Event
from incidents.listing import count_in, may_report
from incidents.models import Incident
from incidents.rows import Row, commanders_of, costs_of, last_events
from integrations.panels import resources_of
from people.models import Participant, Role
from people.panels.participants import roles_card
from people.panels.tasks import next_card

LIST = "admin:incidents_incident_changelist"
SHOWN = 12


def overview(request: HttpRequest, subject: Incident) -> dict[str, Any]:
    """The one screen: what it is, what just happened, who has it, what belongs to it."""
    admin: Any = site.get_model_admin(Incident)
    first = admin.buttons(request, ["assign-role"], subject)
    facts = admin.buttons(request, ["edit"], subject)
    return {
        **core_panels.timeline(request, subject),
        "roles": roles_card(subject),
        "next": next_card(request, subject),
        "cost": costs_of([subject]).get(subject.pk),
        "assign": first[0] if first else None,
        "edit": facts[0] if facts else None,
        "resources": resources_of(subject),
        "tags": list(subject.tags.select_related("tag_type").order_by("tag_type__name", "name")),
        "links": links_of(request, subject),
        "pins": pinned(subject),
    }


def pinned(subject: Incident) -> list[Event]:
    """The pinned events, newest first; without the first one, which every incident has."""
    rows = Event.objects.of(subject).filter(pin__isnull=False, seq__gt=1).order_by("-happened_at", "-seq")
    return list(rows[:5])


def links_of(request: HttpRequest, subject: Incident) -> list[dict[str, Any]]:
    """Links to other incidents the reader sees, read from this one."""
    ends = ("source_incident", "target_incident", "source_case", "target_case")
    rows = SubjectLink.objects.filter(Q(source_incident=subject) | Q(target_incident=subject)).select_related(*ends)
    others = {row.pk: row.target if row.source_incident_id == subject.pk else row.source for row in rows}
    keys = [other.pk for other in others.values() if isinstance(other, Incident)]
    seen = set(Incident.objects.visible_to(request.user).filter(pk__in=keys).values_list("pk", flat=True))
    admin: Any = site.get_model_admin(SubjectLink)
    return [
        {
            "kind": row.get_kind_display(),
            "outward": row.source_incident_id == subject.pk,
            "other": others[row.pk],
            "buttons": admin.buttons(request, ["unlink"], row) if row.source_incident_id == subject.pk else [],
        }
        for row in rows
        if others[row.pk].pk in seen and isinstance(others[row.pk], Incident)
    ]


def active_now(request: HttpRequest) -> dict[str, Any]:
    """Open incidents by severity, then age."""
    worst, found = [], 0
    for name, count in _by_severity(request):
        if found < SHOWN:
            worst.append(name)
            found += count
    # The worst severities that fill the card, so that not every active incident is put in order.
    rows = Incident.objects.visible_to(request.user).active().filter(severity__name__in=worst)
    keys = list(rows.order_by("-severity__order", "reported_at", "pk").values_list("pk", flat=True)[:SHOWN])
    by_key = Incident.objects.for_list().in_bulk(keys)
    incidents = [by_key[key] for key in keys if key in by_key]
    last, commanders = last_events(incidents), commanders_of(incidents)
    return {
        "title": _("Active now"),
        "rows": [Row(incident=one, last=last.get(one.pk), commander=commanders.get(one.pk)) for one in incidents],
        "url": f"{reverse(LIST)}?tab=active",
        "report": reverse("admin:incidents_incident_add") if may_report(request) else "",
    }


def report_button(request: HttpRequest) -> dict[str, Any]:
    """The way to report."""
    return {"url": reverse("admin:incidents_incident_add") if may_report(request) else ""}


def mine(request: Any) -> dict[str, Any]:
    """Open incidents the reader takes part in."""
    taking_part = Participant.objects.filter(individual__user_id=request.user.pk, left_at=None, incident__isnull=False)
    rows = Incident.objects.visible_to(request.user).filter(pk__in=taking_part.values("incident"))
    commanded = Role.objects.filter(
        incident=OuterRef("pk"), role=Role.Name.COMMANDER, renounced_at=None,
        participant__individual__user_id=request.user.pk,
    )  # fmt: skip
    open_rows = rows.exclude(status=Incident.Status.CLOSED).annotate(commanded=Exists(commanded)).for_list()
    return {
        "rows": list(open_rows.order_by("-commanded", "status", "reported_at", "pk")[:6]),
        "url": f"{reverse(LIST)}?tab=mine",
        "commanded_url": f"{reverse(LIST)}?tab=all&commander=me",
    }


def trends(_request: HttpRequest) -> dict[str, Any]:
    """The charts, which come after the page: adding up takes longer than the rest."""
    return {"url": reverse("admin:incidents_incident_trends")}


def active_figure(request: HttpRequest) -> dict[str, Any]:
    """How many are active, and the worst of them."""
    counts = _by_severity(request)
    total = sum(count for _name, count in counts)
    note = f"{counts[0][1]} {counts[0][0].lower()}" if counts else _("All quiet")
    return {
        "label": _("Active incidents"),
        "figure": in_words(total),
        "note": note,
        "url": f"{reverse(LIST)}?tab=active",
    }


def stable_figure(request: HttpRequest) -> dict[str, Any]:
    """How many wait to be closed."""
    count = count_in(request, "stable")
    note = _("Nothing waits")
    if count:
        rows = Incident.objects.visible_to(request.user).filter(status=Incident.Status.STABLE)
        oldest: Any = rows.order_by("stable_at").values_list("stable_at", flat=True).first()
        note = _("the oldest for %(age)s") % {"age": ages.short(timezone.now() - oldest)}
    figure = in_words(count, FEW)
    return {"label": _("Stable, to close"), "figure": figure, "note": note, "url": f"{reverse(LIST)}?tab=stable"}


def by_severity(request: HttpRequest) -> dict[str, Any] | None:
    """Active incidents by severity, each a link to its list."""
    counts = _by_severity(request)
    most = max((count for _name, count in counts), default=0)
    bars = [{"name": name, "count": count, "share": round(100 * count / most)} for name, count in counts]
    return {"bars": bars, "url": reverse(LIST)} if bars else None


def open_badge(request: HttpRequest) -> tuple[str, str] | None:
    """The sidebar's count of active incidents."""
    count = count_in(request, "active")
    return (in_words(count, FEW), "plain") if count else None


def _by_severity(request: Any) -> list[tuple[str, int]]:
    def count() -> list[tuple[str, int]]:
        rows = Incident.objects.visible_to(request.user).active().values("severity__name")
        grouped = rows.annotate(count=Count("pk"), rank=Max("severity__order")).order_by("-rank", "severity__name")
        return [(row["severity__name"], row["count"]) for row in grouped]

    return once(request, "active by severity", count)


panels.register(
    panels.Panel(
        key="overview", title=gettext_lazy("Overview"), template="incidents/panels/overview.html", context=overview,
        order=0, kinds=frozenset({"incident"}),
    )
)  # fmt: skip
dashboard.register(
    dashboard.Card(key="active", template="console/cards/stat.html", context=active_figure, place="stats", order=10)
)
dashboard.register(
    dashboard.Card(key="stable", template="console/cards/stat.html", context=stable_figure, place="stats", order=20)
)
dashboard.register(
    dashboard.Card(key="report", template="incidents/cards/report.html", context=report_button, place="actions")
)
dashboard.register(dashboard.Card(key="now", template="incidents/cards/active.html", context=active_now, order=10))
dashboard.register(
    dashboard.Card(key="mine", template="incidents/cards/mine.html", context=mine, place="aside", order=10)
)
dashboard.register(
    dashboard.Card(
        key="severity", template="incidents/cards/severity.html", context=by_severity, place="aside", order=20
    )
)
dashboard.register(dashboard.Card(key="trends", template="incidents/cards/trends.html", context=trends, place="below"))
navigation.register_badge("incidents", open_badge)
