"""People: everyone whose address was seen, user of Dispatch or not."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.admin.projects import zone_field
from core.console.modeladmin import ModelAdmin
from people.flows import save_individual
from people.models import Individual

SUGGESTED = 12


@admin.register(Individual)
class IndividualAdmin(ModelAdmin):
    """The people of the reader's organizations."""

    write_right: ClassVar[Right | None] = Right.CONFIGURE
    drop_right: ClassVar[Right | None] = Right.CONFIGURE
    list_display = ["name", "email", "team", "location", "organization", "is_active", "is_external"]
    list_select_related = ["organization"]
    list_filter = ["organization", "is_active", "is_external"]
    search_fields = ["name", "email", "team"]
    ordering = ["name", "pk"]
    fieldsets = [
        (None, {"fields": ["organization", "email", "name", "is_active", "is_external"]}),
        (_("Where"), {"fields": ["title", "department", "team", "company", "location", "time_zone", "mobile_phone"]}),
        (_("More"), {"fields": ["external_id", "notes"]}),
    ]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A zone is chosen from those there are."""
        if db_field.name == "time_zone":
            return zone_field("-")
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_urls(self) -> list[Any]:
        """And the suggestions for an address that is being typed."""
        view = self.admin_site.admin_view(self.suggest)
        return [path("suggest/", view, name="people_individual_suggest"), *super().get_urls()]

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
