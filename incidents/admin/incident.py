"""The incident's pages: the list, the report, the incident itself with its dialogs."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.console import ages, rights
from core.console.dialogs import dialog
from core.console.forms import DialogForm
from core.console.subjects import Step, SubjectAdmin
from core.flows.subjects import find_by_name
from incidents import flows, report
from incidents.admin.bulk import BulkDialogs
from incidents.admin.trends import TrendPages
from incidents.admin.views import ListDialogs
from incidents.forms import CloseForm, FactsForm, ReopenForm, StableForm
from incidents.listing import Listing, may_report
from incidents.models import Incident
from integrations.panels import resources_of
from people.dialogs.handovers import HandOverDialogs
from people.dialogs.pages import PagingDialogs
from people.dialogs.participants import PeopleDialogs
from people.dialogs.tasks import TaskDialogs
from people.models import Role
from reporting.console import CostDialogs

Status = Incident.Status


@admin.register(Incident)
class IncidentAdmin(
    ListDialogs,
    BulkDialogs,
    TrendPages,
    CostDialogs,
    TaskDialogs,
    HandOverDialogs,
    PagingDialogs,
    PeopleDialogs,
    SubjectAdmin,
):
    """Security incidents, from the report to closed."""

    next_moves: ClassVar[list[str]] = ["mark-stable", "close", "reopen"]
    shown_moves: ClassVar[list[str]] = ["join", "page-somebody", "assign-role", "edit"]
    more_moves: ClassVar[list[str]] = [
        "back-to-stable",
        "back-to-active",
        "add-task",
        "offer-role",
        "offer-shift",
        "add-participant",
        "link",
        "leave",
        "put-away",
    ]

    # The list and the report

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Every member of a project reports."""
        return Right.REPORT in rights.anywhere(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list of incidents."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        listing = Listing(request)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Incidents"),
            "opts": self.opts,
            "is_fullwidth": "1",
            **listing.words(),
            "may_report": may_report(request),
            "view_buttons": self.view_buttons(request, listing),
            "bulk_buttons": [] if listing.tab == "deleted" else self.buttons(request, self.bulk_dialogs),
            "restore": self._restorable(request, listing) if listing.tab == "deleted" else {},
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "incidents/list.html", context)

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",  # noqa: ARG002
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The report. Sent twice, it makes one incident."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form, made = report.sent(request)
        if made:
            return HttpResponseRedirect(reverse("admin:incidents_incident_change", args=[made]))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Report an incident"),
            "opts": self.opts,
            "form": form,
            "project": form.chosen_project,
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "incidents/report.html", context)

    # The page

    def get_queryset(self, request: HttpRequest) -> Any:
        """Visible incidents with what their page shows."""
        return super().get_queryset(request).for_list().select_related("project__organization")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """By key or by name, old names included: /admin/incidents/incident/INC-42/change/ works."""
        named = None if object_id.isdecimal() else find_by_name(Incident, object_id.upper()[:64])
        return super().get_object(request, str(named.pk) if named else object_id, from_field)

    def page(self, request: HttpRequest, subject: Incident) -> dict[str, Any]:
        """What stands above the tabs."""
        reporter = Role.objects.of(subject).filter(role=Role.Name.REPORTER).select_related("participant__individual")
        first = reporter.order_by("assumed_at", "pk").first()
        return {
            **super().page(request, subject),
            "facts_template": "incidents/facts.html",
            "reporter": first.participant.individual if first else None,
            "resource_links": [one for one in resources_of(subject) if one.url][:5],
        }

    def steps(self, subject: Incident) -> list[Step]:
        """Reported, active, stable, closed."""
        return steps_of(subject)

    # The moves

    @dialog(
        title=_("Mark stable"), form=StableForm, key="s",
        offered=lambda _request, incident: incident.status == Status.ACTIVE,
    )  # fmt: skip
    def mark_stable(self, request: Any, incident: Incident, form: StableForm) -> None:
        """The worst is over."""
        given, now = form.cleaned_data, timezone.now()
        version = given["version"]
        if given["severity"] != incident.severity:
            incident = flows.edit(
                incident=incident, severity=given["severity"], actor=request.actor, now=now, version=version
            )
            version = incident.version
        self._move(request, incident, Status.STABLE, given["reason"], version)

    @dialog(
        title=_("Close"), form=CloseForm, key="c", offered=lambda _request, incident: incident.status != Status.CLOSED
    )
    def close(self, request: Any, incident: Incident, form: CloseForm) -> None:
        """It is over."""
        self._move(request, incident, Status.CLOSED, form.cleaned_data["reason"], form.cleaned_data["version"])

    @dialog(
        title=_("Reopen"), form=ReopenForm, key="o", offered=lambda _request, incident: incident.status == Status.CLOSED
    )
    def reopen(self, request: Any, incident: Incident, form: ReopenForm) -> None:
        """It is not over after all."""
        self._move(request, incident, Status.ACTIVE, form.cleaned_data["reason"], form.cleaned_data["version"])

    @dialog(
        title=_("Back to stable"), form=ReopenForm, offered=lambda _request, incident: incident.status == Status.CLOSED
    )
    def back_to_stable(self, request: Any, incident: Incident, form: ReopenForm) -> None:
        """Closed too early."""
        self._move(request, incident, Status.STABLE, form.cleaned_data["reason"], form.cleaned_data["version"])

    @dialog(
        title=_("Back to active"), form=ReopenForm, offered=lambda _request, incident: incident.status == Status.STABLE
    )
    def back_to_active(self, request: Any, incident: Incident, form: ReopenForm) -> None:
        """It flared up."""
        self._move(request, incident, Status.ACTIVE, form.cleaned_data["reason"], form.cleaned_data["version"])

    def _move(self, request: Any, incident: Incident, to: str, reason: str, version: int | None) -> None:
        flows.change_status(
            incident=incident, to=to, reason=reason, version=version, actor=request.actor, now=timezone.now()
        )

    @dialog(title=_("Edit"), form=FactsForm, submit=_("Save"), key="e")
    def edit(self, request: Any, incident: Incident, form: FactsForm) -> None:
        """Change what differs from what the form showed."""
        version = form.cleaned_data["version"]
        flows.edit(incident=incident, actor=request.actor, now=timezone.now(), version=version, **form.changes())

    # The deleted ones

    def _restorable(self, request: HttpRequest, listing: Listing) -> dict[int, Any]:
        return {row.incident.pk: self.button(request, "restore", row.incident) for row in listing.rows}

    @dialog(title=_("Restore"), right=Right.DELETE, form=DialogForm, load="get_deleted")
    def restore(self, request: Any, incident: Incident, form: DialogForm) -> None:  # noqa: ARG002
        """Bring it back as it was."""
        flows.restore_subject(subject=incident, actor=request.actor, now=timezone.now())

    def get_deleted(self, request: HttpRequest, object_id: str) -> Incident:
        """A deleted incident that the reader may restore.

        :raises Http404: otherwise.
        """
        key = int(object_id) if object_id.isdecimal() and len(object_id) < 18 else 0
        found: Incident = get_object_or_404(Incident.objects.deleted_visible_to(request.user), pk=key)
        return found


def steps_of(incident: Incident) -> list[Step]:
    """The life of an incident with times, and what the next steps do."""
    closed, stable = incident.status == Status.CLOSED, incident.status == Status.STABLE
    review = gettext("no review") if incident.type.exclude_from_review else gettext("review document is made here")
    return [
        Step(title=gettext("Reported"), state="done", moment=incident.reported_at),
        Step(
            title=gettext("Active"),
            state="now" if incident.status == Status.ACTIVE else "done",
            moment=None if stable or closed else incident.reported_at,
            note=_lasted(incident.reported_at, incident.stable_at),
        ),
        Step(
            title=gettext("Stable"),
            state="now" if stable else "done" if closed else "",
            moment=incident.stable_at,
            note="" if incident.stable_at else review,
        ),
        Step(
            title=gettext("Closed"),
            state="now" if closed else "",
            moment=incident.closed_at,
            note="" if closed else gettext("roles end here"),
        ),
    ]


def _lasted(start: Any, end: Any) -> str:
    if end is None:
        return ""
    return ages.short(end - start) if (end - start).total_seconds() >= ages.MINUTE else gettext("under a minute")
