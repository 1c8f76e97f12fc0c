"""Organizations and projects with their business hours."""

import zoneinfo
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import INPUT_CLASSES, UnfoldAdminSelectWidget

from core import access
from core.access import Right
from core.console import rights
from core.console.forms import ConfigurationForm
from core.console.modeladmin import ModelAdmin, TabularInline
from core.flows import organizations
from core.models import BusinessHours, Organization, Project
from core.public_holidays import countries, regions

ZONES = sorted(zoneinfo.available_timezones())


def zone_field(empty: str) -> forms.ChoiceField:
    """A time zone from those there are, or none."""
    choices = [("", empty), *((zone, zone) for zone in ZONES)]
    return forms.ChoiceField(label=_("Time zone"), choices=choices, required=False, widget=UnfoldAdminSelectWidget)


def became(obj: Any, made: Any) -> None:
    """Let the instance that the admin goes on with be the row the flow made."""
    obj.__dict__.update(made.__dict__)


@admin.register(Organization)
class OrganizationAdmin(ModelAdmin):
    """The organizations the reader belongs to; owners change them."""

    write_right: ClassVar[Right | None] = Right.OWN
    drop_right: ClassVar[Right | None] = Right.OWN
    list_display = ["name", "slug", "description"]
    ordering = ["name"]
    search_fields = ["name"]

    def target(self, obj: Organization) -> Organization:
        """Rights are held on the organization itself."""
        return obj

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:  # noqa: ARG002
        """A new one needs its name only."""
        return ["name", "slug", "description"] if obj else ["name"]

    def flow_save(self, request: HttpRequest, obj: Organization, form: Any) -> None:
        """Make it with its first owner, or save it."""
        if obj.pk:
            super().flow_save(request, obj, form)
        else:
            became(obj, organizations.create_organization(name=obj.name, actor=request.actor, now=timezone.now()))  # type: ignore[attr-defined]


class BusinessHoursInline(TabularInline):
    """When a project's people work."""

    model = BusinessHours
    fields = ["weekday", "opens_at", "closes_at"]
    ordering = ["weekday", "opens_at"]
    hide_title = True

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The browser's own time fields."""
        if db_field.name in {"opens_at", "closes_at"}:
            widget = forms.TimeInput(attrs={"type": "time", "class": " ".join(INPUT_CLASSES)}, format="%H:%M")
            widget.attrs["aria-label"] = db_field.verbose_name
            return forms.TimeField(widget=widget, label=db_field.verbose_name)
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class ProjectForm(ConfigurationForm):
    """A project's settings."""

    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=[(zone, zone) for zone in ZONES], initial="UTC", widget=UnfoldAdminSelectWidget
    )
    holiday_country = forms.ChoiceField(label=_("Holidays of"), required=False, widget=UnfoldAdminSelectWidget)
    holiday_region = forms.ChoiceField(
        label=_("Region"), required=False, widget=UnfoldAdminSelectWidget,
        help_text=_("Once a country is saved, its parts with holidays of their own are offered here."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "holiday_country" in self.fields:
            self._offer("holiday_country", countries())
            self._offer("holiday_region", regions(str(self["holiday_country"].value() or "")))

    def _offer(self, name: str, known: list[tuple[str, str]]) -> None:
        """The known places, and what is there already or was sent: whether that fits is the model's to say."""
        codes = {code for code, _name in known}
        others = {value for value in (self.initial.get(name), self[name].value()) if value and value not in codes}
        kept = [(value, str(value)) for value in sorted(map(str, others))]
        field: Any = self.fields[name]
        field.choices = [("", _("None")), *known, *kept]


@admin.register(Project)
class ProjectAdmin(ModelAdmin):
    """Where subjects live. Owners make projects, admins keep their settings."""

    form = ProjectForm
    write_right: ClassVar[Right | None] = Right.ADMINISTER
    drop_right: ClassVar[Right | None] = Right.OWN
    list_display = ["name", "organization", "enabled", "default", "name_prefix", "time_zone", "currency"]
    list_select_related = ["organization"]
    list_filter = ["organization", "enabled"]
    search_fields = ["name"]
    ordering = ["name"]
    inlines = [BusinessHoursInline]
    fieldsets = [
        (None, {"fields": ["organization", "name", "description", "enabled", "default"]}),
        (_("Names"), {"fields": ["name_prefix"], "description": _("What stands before the number of an incident.")}),
        (
            _("Time"),
            {
                "fields": ["time_zone", "holiday_country", "holiday_region"],
                "description": _(
                    "Tasks fall due, and reminders go out, on working days only: by the hours below, in this zone, "
                    "without these holidays."
                ),
            },
        ),
        (
            _("Cost"),
            {
                "fields": ["currency", "annual_employee_cost", "business_year_hours", "paid_hours_per_day"],
                "description": _("What an hour of somebody's work on an incident is counted with."),
            },
        ),
        (
            _("Taking part"),
            {
                "fields": ["allow_self_join", "past_participants_may_read"],
                "description": _("For open incidents. Restricted ones are for those who were brought in."),
            },
        ),
        (
            _("Reporting"),
            {
                "fields": ["report_instructions", "title_hint", "description_hint"],
                "description": _("What whoever reports is told on the form, here and at /report/."),
            },
        ),
    ]

    def target(self, obj: Project) -> Project:
        """Rights are held on the project itself."""
        return obj

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Owners make projects."""
        return Right.OWN in rights.anywhere(request)

    def choices_of(self, db_field: Any, request: HttpRequest) -> Any:
        """A project is made in an organization that the reader owns."""
        rows = super().choices_of(db_field, request)
        if db_field.name == "organization":
            return rows.filter(pk__in=access.organizations_where(request.user, Right.OWN))
        return rows

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """A new project gets its hours from the flow."""
        return super().get_inlines(request, obj) if obj else []

    def flow_save(self, request: HttpRequest, obj: Project, form: Any) -> None:
        """Make it with what a project needs, or save its settings."""
        actor, now = request.actor, timezone.now()  # type: ignore[attr-defined]
        if obj.pk:
            organizations.save_project(obj, actor=actor, now=now, version=form.cleaned_data.get("version"))
            return
        names = {name for name in form.cleaned_data if name not in {"organization", "name", "version"}}
        settings = {name: form.cleaned_data[name] for name in names}
        if not settings["name_prefix"]:
            del settings["name_prefix"]
        made = organizations.create_project(
            organization=obj.organization, name=obj.name, actor=actor, now=now, **settings
        )
        became(obj, made)
