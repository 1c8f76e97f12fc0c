"""What a subject's page shows of its pages: the notice above the tabs, the tab, the mark beside a role."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import site
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.console import notices, operations, panels
from core.console.notices import Notice
from core.operations.models import Operation
from people.flows import pages
from people.flows.calls import why
from people.models import Page, PageCall, PageDelivery

BUTTONS = ["acknowledge", "cancel"]


@dataclass(frozen=True, kw_only=True)
class Called:
    """A call with why and on which ways."""

    call: PageCall
    why: str
    deliveries: list[PageDelivery]


def waiting(subject: Any) -> list[Page]:
    """The pages that somebody still has to answer, with their calls; asked once for each look at the subject."""
    if not hasattr(subject, "_waiting_pages"):
        subject._waiting_pages = list(
            pages.unanswered(subject).prefetch_related("calls__individual", "calls__deliveries")
        )
    found: list[Page] = subject._waiting_pages
    return found


def waiting_roles(subject: Any) -> set[str]:
    """Roles whose holder has not acknowledged."""
    return {page.role for page in waiting(subject) if page.role}


def paging_notices(request: HttpRequest, subject: Any) -> list[Notice]:
    """Red as soon as something went wrong, amber while somebody is being called."""
    admin: Any = site.get_model_admin(Page)
    return [_notice(admin, request, page) for page in waiting(subject)]


def _notice(admin: Any, request: HttpRequest, page: Page) -> Notice:
    over = page.status == Page.Status.EXHAUSTED
    calls = list(page.calls.all())
    return Notice(
        word=_("Nobody answered") if over else _("Not yet acknowledged"),
        tone="red" if over or any(_went_wrong(call) for call in calls) else "amber",
        said=page.named,
        more="; ".join(_said(call) for call in calls) or _("nobody could be called"),
        url=f"{request.path}?tab=pages",
        buttons=admin.buttons(request, BUTTONS, page),
        order=10,
    )


def _went_wrong(call: PageCall) -> bool:
    failed = any(delivery.status == PageDelivery.Status.FAILED for delivery in call.deliveries.all())
    return failed or call.status in {PageCall.Status.UNANSWERED, PageCall.Status.UNDELIVERABLE}


def _said(call: PageCall) -> str:
    return f"{call.individual}: {call.get_status_display().lower()}"


def pages_panel(request: HttpRequest, subject: Any) -> dict[str, Any]:
    """The subject's pages, newest first, each with its calls and the ways they went."""
    rows = Page.objects.of(subject).select_related(
        "service", "individual", "paged_by", "acknowledged_by", subject.kind, f"{subject.kind}__project"
    )
    calls = "calls__individual", "calls__deliveries"
    page = panels.page_of(request, rows.prefetch_related(*calls).order_by("-paged_at", "-pk"))
    admin: Any = site.get_model_admin(Page)
    subject_admin: Any = site.get_model_admin(type(subject))
    return {
        "page": page,
        "pages": [(row, _called(row), admin.buttons(request, BUTTONS, row)) for row in page.object_list],
        "tools": subject_admin.buttons(request, ["page-somebody"], subject),
    }


def _called(page: Page) -> list[Called]:
    return [
        Called(call=call, why=why(page, call), deliveries=sorted(call.deliveries.all(), key=lambda one: one.position))
        for call in sorted(page.calls.all(), key=lambda one: one.position)
    ]


def count(subject: Any) -> int | None:
    """How many wait; nothing when none does."""
    return len(waiting(subject)) or None


def whom_paged(rows: Sequence[Operation]) -> dict[int, str]:
    """Who is called by each delivery."""
    wanted = {row.pk: row.arguments.get("delivery") for row in rows}
    found = PageDelivery.objects.select_related("call__individual").in_bulk(set(wanted.values()) - {None})
    return {pk: str(found[key].call.individual) for pk, key in wanted.items() if key in found}


notices.register(paging_notices)
panels.register(
    panels.Panel(
        key="pages", title=gettext_lazy("Pages"), template="people/panels/pages.html", context=pages_panel,
        count=count, order=25,
    )
)  # fmt: skip
MISSED = gettext_lazy("A page did not arrive.")
operations.register_words("page.email", does=gettext_lazy("Page somebody by mail"), missed=MISSED, whom=whom_paged)
operations.register_words("page.webhook", does=gettext_lazy("Page somebody by webhook"), missed=MISSED, whom=whom_paged)
operations.register_words(
    "page.advance", does=gettext_lazy("Look after a page"), missed=gettext_lazy("A page was not looked after.")
)
