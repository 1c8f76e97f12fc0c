"""Costs: their types, and what is done with one written item; shown on the subject's page."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.console.dialogs import dialog
from core.console.forms import DialogForm
from core.console.modeladmin import ModelAdmin
from core.console.subjects import DialogsOnly
from reporting.console import CostForm
from reporting.flows.cost_items import edit_item, remove_item
from reporting.models import CostItem, CostType


@admin.register(CostType)
class CostTypeAdmin(ModelAdmin):
    """What written costs are for."""

    list_display = ["name", "project", "category", "description", "enabled"]
    list_select_related = ["project"]
    list_filter = ["project", "category", "enabled"]
    search_fields = ["name"]
    ordering = ["project__name", "name"]
    fields = ["project", "name", "category", "description", "enabled"]


class EditForm(CostForm):
    """A cost as it is; what its type was may stay, though disabled."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def prepare(self) -> None:
        """Begin with what there is."""
        item = self.target
        here = CostType.objects.filter(project=item.subject.project)
        rows = (here.choosable() | here.filter(pk=item.type_id)).order_by("category", "name")
        self.fields["type"].queryset = rows  # type: ignore[attr-defined]
        self.fields["amount"].label = gettext("Amount (%(currency)s)") % {"currency": item.currency}
        names = ("amount", "incurred_on", "note", "version")
        self.initial.update({name: getattr(item, name) for name in names}, type=item.type_id)


class RemoveForm(DialogForm):
    """Removing keeps what was there on the timeline."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def prepare(self) -> None:
        """Remember what the reader saw."""
        self.initial["version"] = self.target.version

    def effects(self) -> list[str]:
        """What will happen."""
        return [gettext("The total becomes less; that the cost was there stays on the timeline.")]


@admin.register(CostItem)
class CostItemAdmin(DialogsOnly):
    """One written cost."""

    panel = "cost"

    def get_queryset(self, request: HttpRequest) -> QuerySet[CostItem]:
        """Costs of subjects the reader sees."""
        rows: QuerySet[CostItem] = super().get_queryset(request)
        return rows.select_related("type", "incident__project", "case__project")

    @dialog(title=_("Change a cost"), label=_("Change"), form=EditForm, submit=_("Save"))
    def edit(self, request: Any, item: CostItem, form: EditForm) -> None:
        """Change it."""
        edit_item(item=item, actor=request.actor, now=timezone.now(), **form.cleaned_data)

    @dialog(
        title=lambda item: gettext("Remove %(cost)s?") % {"cost": item}, label=_("Remove"), submit=_("Remove"),
        form=RemoveForm, danger=True,
    )  # fmt: skip
    def remove(self, request: Any, item: CostItem, form: RemoveForm) -> None:
        """Take it away."""
        remove_item(item=item, version=form.cleaned_data["version"], actor=request.actor, now=timezone.now())
