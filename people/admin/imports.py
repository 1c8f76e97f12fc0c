"""Importing people in the console: upload, look, say yes, watch."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from core import access
from core.access import Right
from core.console import rights
from core.console.dialogs import Button
from core.console.forms import RefusableForm, dress
from core.errors import FlowError
from core.models import Organization
from core.operations.models import Job, JobRow
from people import csv_people
from people.flows import importing

PER_PAGE = 100
WATCHED_EVERY_SECONDS = "3"


class UploadForm(RefusableForm, forms.Form):
    """A file of people."""

    organization = forms.ModelChoiceField(
        label=_("Organization"), queryset=Organization.objects.none(), empty_label=None
    )
    file = forms.FileField(
        label=_("CSV file"), help_text=_("UTF-8, at most 5 MB and 10,000 lines. The first line names the columns."),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,text/csv"}),
    )  # fmt: skip

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        managed = access.organizations_where(request.user, Right.CONFIGURE)
        organizations: Any = self.fields["organization"]
        organizations.queryset = Organization.objects.filter(pk__in=managed).order_by("name")
        for field in self.fields.values():
            dress(field)


class Imports:
    """The pages of an import, below the list of people."""

    def import_urls(self: Any) -> list[Any]:
        """Their addresses."""
        view = self.admin_site.admin_view
        return [
            path("import/", view(self.import_upload), name="people_individual_import"),
            path("import/<uuid:job>/", view(self.import_page), name="people_individual_import_page"),
        ]

    def import_button(self: Any, request: HttpRequest) -> list[Button]:
        """The button that leads there, for managers."""
        if Right.CONFIGURE not in rights.anywhere(request):
            return []
        url = reverse(f"{self.admin_site.name}:people_individual_import")
        return [Button(title=gettext("Import…"), url=url, plain=True)]

    def import_upload(self: Any, request: Any) -> HttpResponse:
        """Take a file, and go on to what it would do."""
        if Right.CONFIGURE not in rights.anywhere(request):
            raise PermissionDenied
        posted = request.method == "POST"
        form = UploadForm(request.POST if posted else None, request.FILES if posted else None, request=request)
        if posted and form.is_valid():
            try:
                job = importing.upload(
                    organization=form.cleaned_data["organization"], actor=request.actor, now=timezone.now(),
                    content=form.cleaned_data["file"].read(csv_people.LARGEST + 1),
                )  # fmt: skip
            except FlowError as refusal:
                form.show_refusal(refusal)
            else:
                return HttpResponseRedirect(self._import_url(job))
        words = {"form": form, "columns": csv_people.COLUMNS, "title": gettext("Import people")}
        return self._import_answer(request, "people/import.html", words)

    def import_page(self: Any, request: Any, job: Any) -> HttpResponse:
        """What the file would do, with the yes; afterwards how far it is and what came of each line."""
        row = self._import_of(request, job)
        if request.method == "POST":
            try:
                importing.confirm(job=row, actor=request.actor, now=timezone.now())
            except FlowError as refusal:
                raise Http404(refusal.message) from refusal
            return HttpResponseRedirect(self._import_url(row))
        if row.status == importing.DRAFT:
            return self._import_answer(request, "people/import_preview.html", _previewed(request, row))
        answer: HttpResponse = self._import_answer(request, "people/import_result.html", _result(request, row))
        if row.status in {*Job.WAITING, Job.Status.RUNNING}:
            answer["Refresh"] = WATCHED_EVERY_SECONDS
        return answer

    def _import_of(self, request: Any, key: Any) -> Job:
        """The import, if the reader manages its people; one that waits for the yes is its uploader's."""
        managed = access.organizations_where(request.user, Right.CONFIGURE)
        rows = Job.objects.filter(kind=importing.KIND, organization__in=managed, uuid=key)
        row = rows.select_related("organization", "user").first()
        if row is None or (row.status == importing.DRAFT and row.user_id != request.user.pk):
            raise Http404(gettext("There is no such page."))
        return row

    def _import_url(self: Any, job: Job) -> str:
        return reverse(f"{self.admin_site.name}:people_individual_import_page", args=[job.uuid])

    def _import_answer(self: Any, request: Any, template: str, words: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name
        context = {**self.admin_site.each_context(request), "opts": self.opts, "is_fullwidth": "1", **words}
        return TemplateResponse(request, template, context)


def _previewed(request: Any, row: Job) -> dict[str, Any]:
    content = row.arguments["text"].encode()
    organization: Any = row.organization
    found = importing.preview(organization=organization, content=content, actor=request.actor, now=timezone.now())
    # What needs a look comes first; what changes nothing last.
    order = [importing.What.REFUSED, importing.What.CHANGED, importing.What.NEW, importing.What.UNCHANGED]
    outcomes = sorted(found.outcomes, key=lambda outcome: (order.index(importing.What(outcome.what)), outcome.line))
    counts = [(importing.What(what).label, found.counts[what]) for what in importing.What.values]
    willing = sum(found.counts.values()) - found.counts[importing.What.REFUSED]
    page = Paginator(outcomes, PER_PAGE).get_page(request.GET.get("page"))
    return {
        "job": row, "found": found, "counts": counts, "page": page, "willing": willing,
        "title": gettext("Import people: what will happen"),
    }  # fmt: skip


def _result(request: Any, row: Job) -> dict[str, Any]:
    results = JobRow.objects.filter(job=row).order_by("-status", "pk")
    page = Paginator(results, PER_PAGE).get_page(request.GET.get("page"))
    counts = [(importing.What(what).label, number) for what, number in row.result.get("counts", {}).items()]
    return {"job": row, "page": page, "counts": counts, "title": gettext("Import people")}
