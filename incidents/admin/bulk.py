"""Doing one thing with many incidents: the list's dialogs, and the page that tells how it went."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Case, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.console.dialogs import dialog
from core.models import Job, JobRow
from incidents.bulk_forms import CloseManyForm, HandOverManyForm, ManyForm, StableManyForm, TagManyForm
from incidents.flows import bulk, bulk_acts
from incidents.models import Incident

PER_PAGE = 100
PREVIEWED = "incidents/bulk_dialog.html"


class BulkDialogs:
    """Dialogs of the incidents' list."""

    bulk_dialogs = ("hand-over-many", "stable-many", "close-many", "tag-many")

    def get_urls(self: Any) -> list[URLPattern]:
        """The page of one bulk change, before the stock addresses."""
        view = self.admin_site.admin_view(self.bulk_view)
        return [path("bulk/<uuid:job>/", view, name="incidents_incident_bulk"), *super().get_urls()]  # type: ignore[misc]

    @dialog(title=_("Hand over incidents"), label=_("Hand over"), form=HandOverManyForm, submit=_("Hand over"),
            on_list=True, template=PREVIEWED)  # fmt: skip
    def hand_over_many(self, request: Any, form: HandOverManyForm) -> HttpResponse:
        """One new commander."""
        return self._start(request, form)

    @dialog(title=_("Mark incidents stable"), label=_("Mark stable"), form=StableManyForm, submit=_("Mark stable"),
            on_list=True, template=PREVIEWED)  # fmt: skip
    def stable_many(self, request: Any, form: StableManyForm) -> HttpResponse:
        """The worst is over."""
        return self._start(request, form)

    @dialog(title=_("Close incidents"), label=_("Close"), form=CloseManyForm, submit=_("Close them"), on_list=True,
            template=PREVIEWED)  # fmt: skip
    def close_many(self, request: Any, form: CloseManyForm) -> HttpResponse:
        """They are over."""
        return self._start(request, form)

    @dialog(title=_("Tag incidents"), label=_("Tag"), form=TagManyForm, submit=_("Add the tags"), on_list=True,
            template=PREVIEWED)  # fmt: skip
    def tag_many(self, request: Any, form: TagManyForm) -> HttpResponse:
        """More tags."""
        return self._start(request, form)

    def _start(self, request: Any, form: ManyForm) -> HttpResponse:
        key = f"{request.user.pk}:{form.cleaned_data['key']}"
        job = bulk.start(incidents=form.incidents, wish=form.wish(), key=key, actor=request.actor, now=timezone.now())
        url = reverse("admin:incidents_incident_bulk", args=[job.uuid])
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": url})
        return HttpResponseRedirect(url)

    def bulk_view(self: Any, request: Any, job: Any) -> HttpResponse:
        """How far a bulk change of the reader's is, and what became of each incident."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = Job.objects.filter(uuid=job, kind=bulk.KIND, user_id=request.user.pk).first()
        if row is None:
            raise Http404
        context = {**self.admin_site.each_context(request), **told(request, row), "opts": self.opts}
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "incidents/bulk.html", context)


def told(request: HttpRequest, job: Job) -> dict[str, Any]:
    """What the page shows: progress, the tally, and a page of results."""
    tally = bulk.counts(job)
    shown = request.GET.get("show", "")
    shown = shown if shown in bulk.Outcome.values else ""
    # What failed speaks first.
    results = job.rows.order_by(Case(When(status=bulk.Outcome.REFUSED, then=0), default=1), "pk")
    page = Paginator(results.filter(status=shown) if shown else results, PER_PAGE).get_page(request.GET.get("page"))
    act = bulk_acts.ACTS[job.arguments["wish"]["act"]]
    return {
        "title": act.title,
        "job": job,
        "done": sum(tally.values()),
        "goes_on": job.status in {Job.Status.PENDING, Job.Status.RUNNING, Job.Status.RETRYING},
        "tabs": _tabs(tally, shown),
        "page": page,
        "lines": _lines(request, list(page.object_list)),
    }


def _tabs(tally: dict[str, int], shown: str) -> list[dict[str, Any]]:
    titles = {"": gettext("All"), "done": gettext("Done"), "skipped": gettext("Needed nothing"),
              "refused": gettext("Refused")}  # fmt: skip
    counts = {"": sum(tally.values()), **tally}
    return [
        {"title": title, "url": f"?show={name}", "count": counts[name], "here": name == shown}
        for name, title in titles.items()
    ]


def _lines(request: HttpRequest, rows: list[JobRow]) -> list[dict[str, Any]]:
    """The results with their incidents, as far as the reader sees them today."""
    keys = [int(row.key) for row in rows]
    seen = Incident.objects.visible_to(request.user).filter(pk__in=keys).in_bulk()
    return [{"row": row, "incident": seen.get(int(row.key))} for row in rows]
