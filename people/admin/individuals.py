"""People: everyone whose address was seen, user of Dispatch or not."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.admin.projects import zone_field
from core.console import rights
from core.console.modeladmin import ModelAdmin, TabularInline
from people.admin.contacts import ContactDialogs
from people.admin.imports import Imports
from people.admin.leaving import LeavingDialogs
from people.admin.person_page import card
from people.flows import save_individual
from people.flows.contacts import set_external_ids
from people.flows.leaving import delete_individual
from people.models import ExternalIdentity, Individual, Team, TeamMember

SUGGESTED = 12


class TeamFilter(admin.SimpleListFilter):
    """By the team they belong to."""

    title = _("team")
    parameter_name = "member_of"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:  # noqa: ARG002
        """The teams the reader sees."""
        return list(Team.objects.visible_to(request.user).order_by("name", "pk").values_list("pk", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Individual]) -> QuerySet[Individual]:  # noqa: ARG002
        """Its members."""
        value = self.value()
        if not value or not value.isdecimal() or len(value) > 18:
            return queryset
        return queryset.filter(pk__in=TeamMember.objects.filter(team=int(value)).values("individual"))


class IdentityInline(TabularInline):
    """What other systems call the person."""

    model = ExternalIdentity
    fields = ["system", "value"]
    ordering = ["system"]
    write_right: ClassVar[Right] = Right.CONFIGURE

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As the page; rights are held in the organization."""
        return self.write_right in rights.on(request, obj.organization if obj else None)


@admin.register(Individual)
class IndividualAdmin(LeavingDialogs, ContactDialogs, Imports, ModelAdmin):
    """The people of the reader's organizations."""

    write_right: ClassVar[Right | None] = Right.CONFIGURE
    drop_right: ClassVar[Right | None] = Right.CONFIGURE
    list_display = ["name", "email", "team", "department", "location", "organization", "is_active", "is_external"]
    list_select_related = ["organization"]
    list_filter = ["organization", "is_active", TeamFilter, "department", "is_external"]
    search_fields = ["name", "email", "team"]
    ordering = ["name", "pk"]
    fieldsets = [
        (None, {"fields": ["organization", "email", "name", "is_external"]}),
        (_("Where"), {"fields": [
            "title", "department", "team", "company", "location", "time_zone", "mobile_phone", "office_phone",
            "weblink",
        ]}),
        (_("More"), {"fields": ["external_id", "notes"]}),
    ]  # fmt: skip
    inlines = [IdentityInline]
    page_dialogs = ["let-return", "merge", "let-go"]
    change_form_outer_before_template = "people/person.html"

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A zone is chosen from those there are; an address is a safe one unless it says otherwise."""
        if db_field.name == "time_zone":
            return zone_field("-")
        if db_field.name == "weblink":
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_urls(self) -> list[Any]:
        """And the suggestions for an address that is being typed, and the pages of an import."""
        view = self.admin_site.admin_view(self.suggest)
        own = [path("suggest/", view, name="people_individual_suggest"), *self.import_urls()]
        return [*own, *super().get_urls()]

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """A new person is known elsewhere later."""
        return super().get_inlines(request, obj) if obj else []

    def page_context(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        """And what one needs to know of the person now."""
        context = super().page_context(request, object_id)
        shown = self.get_queryset(request).select_related("organization", "merged_into", "user")
        return {**context, "card": card(request, shown.get(pk=object_id))} if object_id else context

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with the way to an import."""
        return super().changelist_view(request, {"page_buttons": self.import_button(request), **(extra_context or {})})

    def suggest(self, request: HttpRequest) -> HttpResponse:
        """People whose name, address or team begins so, as options of a list."""
        text = request.GET.get("q", "").strip()[:100]
        found = self.get_queryset(request).filter(is_active=True)
        if text:
            begins = Q(name__istartswith=text) | Q(email__istartswith=text) | Q(name__icontains=f" {text}")
            found = found.filter(begins | Q(team__istartswith=text))
        return TemplateResponse(
            request, "people/suggestions.html", {"people": found.order_by("name", "pk")[:SUGGESTED]}
        )

    def flow_save(self, request: HttpRequest, obj: Individual, form: Any) -> None:
        """Save by the flow, which normalises the address."""
        version = form.cleaned_data.get("version")
        save_individual(obj, actor=request.actor, now=timezone.now(), version=version)  # type: ignore[attr-defined]

    def flow_delete(self, request: Any, obj: Individual) -> None:
        """Delete by the flow, which keeps who was needed."""
        delete_individual(individual=obj, actor=request.actor, now=timezone.now())

    def save_formset(self, request: Any, form: Any, formset: Any, change: bool) -> None:  # noqa: ARG002
        """The external ids, all at once."""
        kept = [
            each.cleaned_data for each in formset.forms if each.cleaned_data and not each.cleaned_data.get("DELETE")
        ]
        formset.save(commit=False)
        ids = {row["system"]: row["value"] for row in kept if row.get("system")}
        set_external_ids(individual=form.instance, ids=ids, actor=request.actor, now=timezone.now())
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
