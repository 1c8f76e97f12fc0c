"""Periodic jobs, for owners."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import PeriodicTask

from core.access import Right
from core.console import rights
from core.console.dialogs import dialog
from core.console.forms import DialogForm
from core.console.modeladmin import ModelAdmin
from core.flows import periodic


class EveryForm(DialogForm):
    """A span between two runs."""

    count = forms.IntegerField(label=_("Every"), min_value=1, max_value=10_000)
    unit = forms.ChoiceField(
        label=_("Unit"),
        choices=[("seconds", _("Seconds")), ("minutes", _("Minutes")), ("hours", _("Hours")), ("days", _("Days"))],
    )
    together: ClassVar[list[tuple[str, ...]]] = [("count", "unit")]

    def prepare(self) -> None:
        """Begin with what it is now."""
        if self.target.interval:
            self.initial.update(count=self.target.interval.every, unit=self.target.interval.period)


class AtForm(DialogForm):
    """A time of the day."""

    at = forms.TimeField(label=_("At"), widget=forms.TimeInput(attrs={"type": "time"}), help_text=_("UTC, each day."))


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(ModelAdmin):
    """When Dispatch does what by itself."""

    see_right: ClassVar[Right] = Right.OWN
    write_right: ClassVar[Right | None] = None
    drop_right: ClassVar[Right | None] = None
    list_display = ["name", "when", "enabled", "last_run_at", "total_run_count"]
    list_select_related = ["interval", "crontab"]
    ordering = ["name"]
    fields = ["name", "description", "task", "when", "enabled", "last_run_at", "total_run_count"]
    readonly_fields = ["when"]
    page_dialogs = ["pause", "resume", "run-every", "run-at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PeriodicTask]:
        """All, for owners: jobs belong to the installation."""
        rows = PeriodicTask.objects.select_related("interval", "crontab").order_by("name")
        return rows if Right.OWN in rights.anywhere(request) else rows.none()

    @admin.display(description=_("when"))
    def when(self, obj: PeriodicTask) -> str:
        """Its times in words."""
        if obj.crontab:
            at = obj.crontab
            every = _("each hour") if at.hour == "*" else _("at %(hour)s h") % {"hour": at.hour}
            day = "" if at.day_of_week == "*" else f", {at.day_of_week}"
            return _("%(every)s, minute %(minute)s%(day)s UTC") % {"every": every, "minute": at.minute, "day": day}
        return str(obj.interval or "-")

    @dialog(title=_("Pause"), right=Right.OWN, at_once=True, offered=lambda _request, task: task.enabled)
    def pause(self, request: Any, task: PeriodicTask, form: DialogForm) -> None:  # noqa: ARG002
        """Let it rest."""
        periodic.pause(task=task, actor=request.actor, now=timezone.now())

    @dialog(title=_("Resume"), right=Right.OWN, at_once=True, offered=lambda _request, task: not task.enabled)
    def resume(self, request: Any, task: PeriodicTask, form: DialogForm) -> None:  # noqa: ARG002
        """Let it run."""
        periodic.resume(task=task, actor=request.actor, now=timezone.now())

    @dialog(title=_("Run every…"), form=EveryForm, submit=_("Set"), right=Right.OWN)
    def run_every(self, request: Any, task: PeriodicTask, form: EveryForm) -> None:
        """Set the span."""
        periodic.run_every(task=task, **form.cleaned_data, actor=request.actor, now=timezone.now())

    @dialog(title=_("Run at…"), form=AtForm, submit=_("Set"), right=Right.OWN)
    def run_at(self, request: Any, task: PeriodicTask, form: AtForm) -> None:
        """Set the time of day."""
        at = form.cleaned_data["at"]
        periodic.run_at(task=task, hour=at.hour, minute=at.minute, actor=request.actor, now=timezone.now())
