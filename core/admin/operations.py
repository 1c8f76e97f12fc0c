"""Operations: what leaves the process, how it went, and what to do when it did not."""

import json
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import access
from core.access import Right
from core.console import operations as wording
from core.console.addresses import page_of
from core.console.dialogs import dialog
from core.console.forms import DialogForm
from core.console.modeladmin import ModelAdmin
from core.operations import flows
from core.operations.models import Operation

Status = Operation.Status


class ReasonForm(DialogForm):
    """Why it is given up."""

    reason = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class RetryForm(DialogForm):
    """Trying again says what that may do."""

    def effects(self) -> list[str]:
        """What will happen."""
        told = [gettext("A worker takes it within seconds.")]
        if self.target.delivery == Operation.Delivery.AT_MOST_ONCE:
            told.append(gettext("It may have gone out already; then it goes out twice."))
        return told


def _link(operation: Operation) -> str:
    """Where what it made is, if it said so."""
    url = str(operation.result.get("url", ""))
    return url if url.startswith(("/", "https://", "http://")) else ""


def _waits(_request: HttpRequest, operation: Operation) -> bool:
    return operation.status in {Status.PENDING, Status.RETRYING}


class ActionFilter(admin.SimpleListFilter):
    """By what an operation does. Asking the table for its actions would read all of it."""

    title = _("what")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        """The actions that have words."""
        return wording.actions()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Operation]) -> QuerySet[Operation]:  # noqa: ARG002
        """Those of the chosen action."""
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(Operation)
class OperationAdmin(ModelAdmin):
    """What is on its way, done and failed."""

    write_right: ClassVar[Right | None] = None
    drop_right: ClassVar[Right | None] = None
    change_form_template = "console/operation.html"
    page_dialogs = ["skip", "cancel"]
    list_display = ["what", "about", "state", "by", "attempts", "again", "problem", "created_at"]
    list_filter: ClassVar[list[Any]] = ["status", ActionFilter, "plugin_instance", "project"]
    list_select_related = ["incident", "case", "project", "plugin_instance", "user"]
    # In the order they were planned: the key is the only index that needs no filter.
    ordering = ["-pk"]
    sortable_by: ClassVar[list[str]] = []
    fields: ClassVar[list[str]] = []

    def get_queryset(self, request: HttpRequest) -> QuerySet[Operation]:
        """Those of visible subjects; those of a project alone for who edits there, of an account for owners."""
        rows = Operation.objects.filter(access.operation_filter(Operation, request.user))
        return rows.order_by("-pk")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, with whom its rows reach."""
        found = super().get_changelist_instance(request)
        reached = wording.whom(found.result_list)
        for row in found.result_list:
            row.reaches = reached.get(row.pk, "")
        return found

    def heading(self, obj: Operation) -> str:
        """What it does, in words."""
        return self.what(obj)

    def page_context(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        """How it stands, what came of it, and what can be done."""
        context = super().page_context(request, object_id)
        operation = self.get_object(request, object_id or "")
        return {
            **context,
            "page_buttons": [],
            "moves": context["page_buttons"],
            "next_move": self.button(request, "retry", operation),
            "about": self.about(operation),
            "stands": wording.stands(operation, timezone.now()),
            "repeating": wording.repeating(operation),
            "again": self.again(operation),
            "link": _link(operation),
            "raw": json.dumps(operation.result, indent=2, ensure_ascii=False) if operation.result else "",
        }

    @admin.display(description=_("what"))
    def what(self, obj: Operation) -> str:
        """What it does, and whom it reaches."""
        reaches = obj.reaches if hasattr(obj, "reaches") else wording.whom([obj]).get(obj.pk, "")
        return wording.does(obj, reaches)

    @admin.display(description=_("for"))
    def about(self, obj: Operation) -> str:
        """Its subject or project, or the account a mail is about."""
        if obj.subject is None:
            return str(obj.project or obj.user or "-")
        return format_html('<a class="nowrap" href="{}">{}</a>', page_of(obj.subject), obj.subject.name)

    @admin.display(description=_("status"))
    def state(self, obj: Operation) -> str:
        """Its status in colour."""
        colours = {"failed": "red", "retrying": "amber", "pending": "amber", "running": "blue", "succeeded": "green"}
        words = {"text": obj.get_status_display(), "colour": colours.get(obj.status, "")}
        return render_to_string("console/badge.html", words)

    @admin.display(description=_("by"))
    def by(self, obj: Operation) -> str:
        """What performs it."""
        return str(obj.plugin_instance or gettext("built in"))

    @admin.display(description=_("next attempt"))
    def again(self, obj: Operation) -> Any:
        """When it is tried next; what is over is not tried again."""
        return obj.next_attempt_at if obj.status in {Status.PENDING, Status.RETRYING} else None

    @admin.display(description=_("what went wrong"))
    def problem(self, obj: Operation) -> str:
        """The other system's answer."""
        return Truncator(obj.error).chars(200) or "-"

    @dialog(
        title=_("Retry"), form=RetryForm, right=Right.EDIT,
        offered=lambda _request, row: row.status in {Status.FAILED, Status.RETRYING, Status.SKIPPED},
    )  # fmt: skip
    def retry(self, request: Any, operation: Operation, form: RetryForm) -> None:  # noqa: ARG002
        """Try it again now."""
        flows.retry(operation=operation, actor=request.actor, now=timezone.now())

    @dialog(
        title=_("Skip"), form=ReasonForm, right=Right.EDIT,
        offered=lambda _request, row: row.status in {Status.FAILED, Status.RETRYING},
    )  # fmt: skip
    def skip(self, request: Any, operation: Operation, form: ReasonForm) -> None:
        """Give it up; what depends on it goes on."""
        reason = form.cleaned_data["reason"]
        flows.skip(operation=operation, actor=request.actor, now=timezone.now(), reason=reason)

    @dialog(title=_("Cancel"), form=ReasonForm, submit=_("Cancel it"), right=Right.EDIT, danger=True, offered=_waits)
    def cancel(self, request: Any, operation: Operation, form: ReasonForm) -> None:
        """Stop it before it happens."""
        reason = form.cleaned_data["reason"]
        flows.cancel(operation=operation, actor=request.actor, now=timezone.now(), reason=reason)
