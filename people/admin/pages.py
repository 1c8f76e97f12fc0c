"""Pages: the list of what was called, and answering or stopping one on its subject's page."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.console import rights
from core.console.addresses import page_of
from core.console.dialogs import dialog
from core.console.forms import DialogForm
from core.console.modeladmin import ModelAdmin
from people.flows import pages
from people.flows.individuals import of_user
from people.models import Page


class CancelForm(DialogForm):
    """Why nobody is called any more."""

    reason = forms.CharField(label=_("Why"), required=False, max_length=300)


def _answerable(request: HttpRequest, page: Page) -> bool:
    user: Any = request.user
    return page.is_unanswered and pages.may_answer(page, user, rights.on(request, page.subject))


@admin.register(Page)
class PageAdmin(ModelAdmin):
    """Who was called for what, and who answered."""

    write_right: ClassVar[Right | None] = None
    drop_right: ClassVar[Right | None] = None
    list_display: ClassVar[list[Any]] = ["named", "about", "status", "paged_at", "acknowledged_by"]
    list_select_related = ["service", "individual", "acknowledged_by", "incident__project", "case__project"]
    list_filter: ClassVar[list[Any]] = ["status", "service"]
    sortable_by: ClassVar[list[str]] = []
    ordering: ClassVar[list[str]] = ["-paged_at", "-pk"]
    fields: ClassVar[list[str]] = [
        "named", "about", "message", "status", "paged_at", "paged_by", "due_at", "acknowledged_at", "acknowledged_by",
    ]  # fmt: skip
    readonly_fields: ClassVar[list[str]] = ["named", "about"]
    page_dialogs: ClassVar[list[str]] = ["acknowledge", "cancel"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Page]:
        """Pages of subjects the reader sees."""
        rows: QuerySet[Page] = super().get_queryset(request)
        return rows.select_related("service", "individual", "incident__project", "case__project")

    @admin.display(description=_("for"))
    def named(self, page: Page) -> str:
        """What somebody was needed for."""
        return page.named

    @admin.display(description=_("of"))
    def about(self, page: Page) -> str:
        """The subject, at the tab that shows the calls."""
        return format_html('<a href="{}?tab=pages">{}</a>', page_of(page.subject), page.subject.name)

    @dialog(title=_("Acknowledge"), right=Right.SEE, offered=_answerable, at_once=True)
    def acknowledge(self, request: Any, page: Page, form: DialogForm) -> None:  # noqa: ARG002
        """Answer it oneself."""
        now = timezone.now()
        person = of_user(request.user, page.subject.project.organization, now)
        pages.acknowledge(page=page, individual=person, way=Page.Way.CONSOLE, actor=request.actor, now=now)

    @dialog(
        title=_("Stop calling?"), label=_("Stop calling"), submit=_("Stop"), form=CancelForm,
        offered=lambda _request, page: page.is_unanswered,
    )  # fmt: skip
    def cancel(self, request: Any, page: Page, form: CancelForm) -> None:
        """Call nobody any more."""
        pages.cancel(page=page, reason=form.cleaned_data["reason"], actor=request.actor, now=timezone.now())
