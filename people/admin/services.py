"""Services and who is on call for them: the list, the page of one with its calendar, and its dialogs."""

from datetime import date
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.admin.tokens import show_secret
from core.console import rights
from core.console.dialogs import dialog
from core.console.forms import DialogForm
from core.console.modeladmin import List, ModelAdmin
from people.admin.oncall import FeedForm
from people.admin.oncall_forms import EscalationForm, LayerForm, OverrideForm, ServiceForm
from people.admin.service_page import context_of
from people.admin.swap_forms import SwapForm
from people.flows import oncall
from people.models import Individual, RotationLayer, Service
from people.oncall.coverage import Duty


class ServiceList(List):
    """A page of services, with who is on call for each. Two queries more, however many there are."""

    def get_results(self, request: HttpRequest) -> None:
        """The rows, each with its `duty`."""
        super().get_results(request)
        rows: list[Any] = list(self.result_list)  # type: ignore[has-type]
        found = oncall.duties(rows, timezone.now())
        for row in rows:
            row.duty = found[row.pk]
        self.result_list = rows


def badge(text: str, colour: str = "", title: str = "") -> str:
    """A word in a colour."""
    return render_to_string("console/badge.html", {"text": text, "colour": colour, "title": title})


@admin.register(Service)
class ServiceAdmin(ModelAdmin):
    """What somebody is on call for. Everybody who responds looks; managers set it up."""

    list_display = ["name", "project", "on_call_now", "next_on_call", "coverage", "health", "escalation_minutes"]
    list_display_links = ["name"]
    list_select_related = ["project", "owner", "plugin_instance"]
    list_filter = ["project", "is_active"]
    search_fields = ["name"]
    ordering = ["name", "pk"]
    fields = ["project", "name", "description", "escalation_minutes"]
    next_moves: ClassVar[list[str]] = ["add-override", "ask-swap"]
    more_moves: ClassVar[list[str]] = ["edit", "add-layer", "set-escalation", "make-feed", "refresh"]

    # The list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[List]:  # noqa: ARG002
        """Our list, which knows who is on call."""
        return ServiceList

    @admin.display(description=_("on call now"))
    def on_call_now(self, obj: Service) -> str:
        """Who, or whom to ask instead."""
        return said_of(obj.duty) if obj.is_active else gettext("switched off")  # type: ignore[attr-defined]

    @admin.display(description=_("next"))
    def next_on_call(self, obj: Service) -> str:
        """Whoever else comes first."""
        duty: Duty = obj.duty  # type: ignore[attr-defined]
        return str(duty.next.individual) if duty.next else "-"

    @admin.display(description=_("next two weeks"))
    def coverage(self, obj: Service) -> str:
        """How many gaps there are."""
        count = len(obj.duty.gaps) if obj.is_active else 0  # type: ignore[attr-defined]
        if not count:
            return badge(gettext("Covered"), "green") if obj.is_active else "-"
        return badge(ngettext("%(count)d gap", "%(count)d gaps", count) % {"count": count}, "amber")

    @admin.display(description=_("health"))
    def health(self, obj: Service) -> str:
        """Whether the shifts could be worked out."""
        if obj.refresh_error:
            return badge(gettext("Not up to date"), "red", obj.refresh_error)
        return str(obj.plugin_instance or gettext("built in"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:  # noqa: ARG002
        """A new one needs little; the rest is set on its page."""
        return ["project", "name", "description", "escalation_minutes"]

    def flow_save(self, request: HttpRequest, obj: Service, form: Any) -> None:  # noqa: ARG002
        """Make it."""
        oncall.save_service(obj, actor=request.actor, now=timezone.now())  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: Service, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        """Go to its page, where people are put on call."""
        return HttpResponse(status=302, headers={"Location": reverse(self._url_name("change"), args=[obj.pk])})

    # The page

    def get_queryset(self, request: HttpRequest) -> QuerySet[Service]:
        """Services of the reader's projects, with what their page shows."""
        rows: QuerySet[Service] = super().get_queryset(request)
        return rows.select_related("project__organization", "owner", "plugin_instance")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page: who is on call, four weeks, how it is set up. Every change is a dialog."""
        service = self.get_object(request, object_id)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        moves = self.buttons(request, self.next_moves, service)
        context = {
            **self.admin_site.each_context(request),
            **context_of(request, service, _day(request)),
            "title": service.name,
            "opts": self.opts,
            "original": service,
            "is_fullwidth": "1",
            "next_move": moves[0] if moves else None,
            "moves": moves[1:],
            "more": self.buttons(request, self.more_moves, service),
            "add_layer": self.button(request, "add-layer", service),
            "set_escalation": self.button(request, "set-escalation", service),
            "history_url": reverse(self._url_name("history"), args=[service.pk]),
            "delete_url": self._delete_url(request, service),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "people/service.html", context)

    def _delete_url(self, request: HttpRequest, service: Service) -> str:
        may = self.has_delete_permission(request, service)
        return reverse(self._url_name("delete"), args=[service.pk]) if may else ""

    @dialog(title=_("Settings of the service"), label=_("Settings"), form=ServiceForm, right=Right.CONFIGURE,
            submit=_("Save"))  # fmt: skip
    def edit(self, request: Any, service: Service, form: ServiceForm) -> None:
        """Change what it is."""
        given = dict(form.cleaned_data)
        version = given.pop("version")
        for name, value in given.items():
            setattr(service, name, value)
        oncall.save_service(service, actor=request.actor, now=timezone.now(), version=version)

    @dialog(title=_("Add a layer"), form=LayerForm, right=Right.CONFIGURE, submit=_("Add"))
    def add_layer(self, request: Any, service: Service, form: LayerForm) -> None:
        """Put people on call."""
        values = {name: form.cleaned_data[name] for name in LayerForm.FIELDS}
        oncall.save_layer(
            RotationLayer(service=service, **values), members=form.cleaned_data["members"],
            restrictions=form.cleaned_data["restrictions"], actor=request.actor, now=timezone.now(),
        )  # fmt: skip

    @dialog(title=_("Escalation list"), form=EscalationForm, right=Right.CONFIGURE, submit=_("Save"))
    def set_escalation(self, request: Any, service: Service, form: EscalationForm) -> None:
        """Say who is called after those on call."""
        oncall.set_escalation(service=service, actor=request.actor, now=timezone.now(), **form.cleaned_data)

    @dialog(title=_("Put somebody on call"), form=OverrideForm, right=Right.SEE, submit=_("Put on call"), key="o")
    def add_override(self, request: Any, service: Service, form: OverrideForm) -> None:
        """Add an override."""
        oncall.add_override(service=service, actor=request.actor, now=timezone.now(), **form.cleaned_data)

    @dialog(
        title=_("Ask for a swap"), form=SwapForm, right=Right.SEE, submit=_("Ask"),
        offered=lambda request, service: may_swap(request, service),
    )  # fmt: skip
    def ask_swap(self, request: Any, service: Service, form: SwapForm) -> None:
        """Ask a colleague."""
        oncall.ask_swap(
            service=service, note=form.cleaned_data["note"], actor=request.actor, now=timezone.now(), **form.spans()
        )

    @dialog(title=_("Make a calendar address"), form=FeedForm, right=Right.SEE, submit=_("Make it"))
    def make_feed(self, request: Any, service: Service, form: FeedForm) -> HttpResponse:
        """Make it and show the address, once."""
        _feed, secret = oncall.make_feed(
            organization=service.project.organization, service=service if form.cleaned_data["whose"] == "all" else None,
            actor=request.actor, now=timezone.now(),
        )  # fmt: skip
        return show_secret(self, request, request.build_absolute_uri(reverse("calendar", args=[secret])))

    @dialog(title=_("Work it out again"), form=DialogForm, right=Right.CONFIGURE, at_once=True)
    def refresh(self, request: Any, service: Service, form: DialogForm) -> None:  # noqa: ARG002
        """Bring the shifts up to date, or have the plugin asked."""
        oncall.refresh(service=service, now=timezone.now())


def said_of(duty: Duty) -> str:
    """Who is on call, or whom to ask instead, in words."""
    if duty.now:
        return ", ".join(str(shift.individual) for shift in duty.now)
    if duty.ask:
        return gettext("nobody, ask %(who)s") % {"who": duty.ask}
    return gettext("nobody")


def may_swap(request: HttpRequest, service: Service) -> bool:
    """Whether there is a shift that the reader may give away."""
    coming = service.shifts.filter(ends_at__gt=timezone.now(), individual__is_active=True)
    if Right.CONFIGURE in rights.on(request, service.project):
        return coming.exists()
    mine = Individual.objects.filter(user=request.user.pk or 0)
    return coming.filter(individual__in=mine).exists()


def _day(request: HttpRequest) -> date:
    """The day that the calendar is to show; nonsense gets today."""
    try:
        day = date.fromisoformat(request.GET.get("from", ""))
    except ValueError:
        return timezone.localdate()
    return day if 2000 <= day.year <= 2199 else timezone.localdate()
