"""The list as somebody keeps it: saved views, columns, and the export."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.console import rights
from core.console.counting import capped
from core.console.dialogs import Button, dialog
from core.console.forms import DialogForm
from core.console.sharing import SharingForm
from core.errors import Invalid
from core.exporting import FORMATS
from core.flows import views
from core.listings import query_of
from incidents import columns, exporting
from incidents.finding import PARAMETERS, Finding
from incidents.listing import NAME, Listing


class SaveViewForm(SharingForm):
    """A name, and who sees it."""

    name = forms.CharField(label=_("Name"), max_length=views.LONGEST_NAME)
    field_order = ["name", "project"]

    def query(self) -> dict[str, list[str]]:
        """What the list asks."""
        kept = PARAMETERS - {"incident"}
        return {name: values for name, values in self.request.GET.lists() if name in kept and any(values)}

    def effects(self) -> list[str]:
        """What is kept."""
        return [gettext("Kept are the tab, the filters, the search, the order and your columns. Your own view of the "
                        "same name is replaced.")]  # fmt: skip


class ColumnsForm(DialogForm):
    """Which columns the list shows."""

    columns = forms.MultipleChoiceField(
        label=_("Columns"), choices=list(columns.SHOWN.items()), widget=forms.CheckboxSelectMultiple, required=False,
        help_text=_("Name and title always stand first. None chosen: the usual ones."),
    )  # fmt: skip

    def prepare(self) -> None:
        """Begin with those shown now."""
        self.initial["columns"] = Listing(self.request).columns


class ListDialogs:
    """What a reader does with the list itself."""

    def get_urls(self: Any) -> list[URLPattern]:
        """The export's page and file, before the stock addresses."""
        wrap = self.admin_site.admin_view
        return [
            path("export/", wrap(self.export_view), name="incidents_incident_export"),
            path("export/file/", wrap(self.export_file), name="incidents_incident_export_file"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    @dialog(title=_("Save this view"), label=_("Save view"), form=SaveViewForm, submit=_("Save"), right=Right.SEE,
            on_list=True)  # fmt: skip
    def save_view(self, request: Any, form: SaveViewForm) -> HttpResponse:
        """Keep what the list asks."""
        view = views.save_view(
            listing=NAME, name=form.cleaned_data["name"], project=form.cleaned_data["project"], query=form.query(),
            columns=Listing(request).columns, actor=request.actor, now=timezone.now(),
        )  # fmt: skip
        return self._to_list(request, query_of(view))

    @dialog(title=_("Delete this view"), label=_("Delete view"), submit=_("Delete"), right=Right.SEE, on_list=True,
            danger=True)  # fmt: skip
    def drop_view(self, request: Any, form: DialogForm) -> HttpResponse:  # noqa: ARG002
        """Drop the open one."""
        view = Listing(request).view
        if view is None:
            raise Invalid(gettext("This view is gone already."))
        views.delete_view(view=view, actor=request.actor, now=timezone.now())
        return self._to_list(request, "")

    @dialog(title=_("Columns of the list"), label=_("Columns"), form=ColumnsForm, submit=_("Show"), right=Right.SEE,
            on_list=True)  # fmt: skip
    def choose_columns(self, request: Any, form: ColumnsForm) -> None:
        """Show these."""
        chosen = form.cleaned_data["columns"]
        views.choose_columns(listing=NAME, columns=chosen, actor=request.actor, now=timezone.now())

    def view_buttons(self: Any, request: HttpRequest, listing: Listing) -> list[Any]:
        """The dialogs for the list as it is asked; they get its parameters."""
        query = listing.link(page=None)
        names = ["save-view", "choose-columns"]
        view = listing.view
        if view and views.may_delete(request.user, view, rights.on(request, view.project)):
            names.append("drop-view")
        buttons = [self.button(request, name, query=query) for name in names]
        if listing.views:
            url = reverse("admin:core_savedview_changelist")
            buttons.append(Button(title=gettext("All views"), url=url, plain=True))
        return [button for button in buttons if button]

    def _to_list(self, request: HttpRequest, query: str) -> HttpResponse:
        url = reverse("admin:incidents_incident_changelist") + query
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": url})
        return HttpResponseRedirect(url)

    # The export

    def export_view(self: Any, request: HttpRequest) -> HttpResponse:
        """Choose format and columns, after the count."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._export_page(request)

    def _export_page(self: Any, request: Any, sentence: str = "") -> HttpResponse:
        finding, asked = Finding(request), request.GET
        chosen = asked.getlist("column") if "format" in asked else columns.EXPORTED_USUALLY
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Export incidents"),
            "opts": self.opts,
            "sentence": sentence,
            "chosen_format": asked.get("format") if asked.get("format") in FORMATS else next(iter(FORMATS)),
            "count": capped(finding.exported_rows()),
            "ticked": finding.is_ticked,
            "kept": _kept(finding),
            "formats": FORMATS,
            "columns": [(name, column.title, name in chosen) for name, column in columns.EXPORTED.items()],
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "incidents/export.html", context, status=400 if sentence else 200)

    def export_file(self: Any, request: Any) -> HttpResponseBase:
        """The file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = request.GET
        try:
            exporting.check(asked.getlist("column"), asked.get("format", ""))
            keys = exporting.keys_of(Finding(request).exported_rows())
        except Invalid as refusal:
            return self._export_page(request, refusal.message)
        return exporting.respond(
            keys=keys, names=asked.getlist("column"), form=asked["format"], actor=request.actor, now=timezone.now()
        )


def _kept(finding: Finding) -> list[tuple[str, str]]:
    """The parameters for the file's form."""
    names = PARAMETERS if finding.is_ticked else PARAMETERS - {"incident"}
    return [(name, value) for name, values in finding.asked.lists() for value in values if name in names]
