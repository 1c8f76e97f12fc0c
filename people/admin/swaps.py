"""Swaps: who asked whom for what, and the answer."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.console import ages, rights
from core.console.dialogs import dialog
from core.console.forms import DialogForm
from core.console.modeladmin import ModelAdmin
from people.admin.services import badge
from people.flows import oncall
from people.models import Swap

COLOURS = {Swap.Status.ASKED: "amber", Swap.Status.ACCEPTED: "green"}


def span_said(starts_at: Any, ends_at: Any) -> str:
    """A span on the reader's clock."""
    pattern = "D j M Y, H:i"
    return f"{ages.local(starts_at, pattern)} – {ages.local(ends_at, pattern)}" if starts_at and ends_at else ""


def may_decide(request: HttpRequest, swap: Swap) -> bool:
    """The asked person and admins decide while it is open."""
    if swap.status != Swap.Status.ASKED:
        return False
    return swap.asked.user_id == request.user.pk or Right.ADMINISTER in rights.on(request, swap.service.project)


def may_withdraw(request: HttpRequest, swap: Swap) -> bool:
    """Whoever asked, and managers, take it back while it is open."""
    if swap.status != Swap.Status.ASKED:
        return False
    return swap.asked_by.user_id == request.user.pk or Right.CONFIGURE in rights.on(request, swap.service.project)


class AcceptForm(DialogForm):
    """Accepting says who is on call then."""

    def effects(self) -> list[str]:
        """What will happen."""
        swap = self.target
        words = {"asked": swap.asked, "by": swap.asked_by, "span": span_said(swap.starts_at, swap.ends_at)}
        told = [gettext("%(asked)s is on call %(span)s, instead of %(by)s.") % words]
        if swap.return_starts_at:
            words["span"] = span_said(swap.return_starts_at, swap.return_ends_at)
            told.append(gettext("%(by)s is on call %(span)s, instead of %(asked)s.") % words)
        return told


@admin.register(Swap)
class SwapAdmin(ModelAdmin):
    """Swaps of the services the reader sees."""

    write_right: ClassVar[Right | None] = None
    drop_right: ClassVar[Right | None] = None
    list_display = ["what", "service", "given", "returned", "state", "created_at"]
    list_select_related = ["service__project", "asked", "asked_by"]
    list_filter = ["service"]
    ordering = ["-pk"]
    sortable_by: ClassVar[list[str]] = []
    fields = ["asked_by", "asked", "service", "given", "returned", "note", "state", "created_at", "decided_at"]
    readonly_fields = ["what", "given", "returned", "state", "created_at"]
    page_dialogs = ["accept", "decline", "withdraw"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Swap]:
        """With what its page and dialogs show."""
        rows: QuerySet[Swap] = super().get_queryset(request)
        return rows.select_related("service__project__organization", "asked", "asked_by")

    def target(self, obj: Swap) -> Any:
        """Rights are held on the service's project."""
        return obj.service.project

    @admin.display(description=_("swap"))
    def what(self, obj: Swap) -> str:
        """Who asked whom."""
        return gettext("%(by)s asks %(asked)s") % {"by": obj.asked_by, "asked": obj.asked}

    @admin.display(description=_("to take"))
    def given(self, obj: Swap) -> str:
        """The span, on the reader's clock."""
        return span_said(obj.starts_at, obj.ends_at)

    @admin.display(description=_("in return"))
    def returned(self, obj: Swap) -> str:
        """What comes back."""
        return span_said(obj.return_starts_at, obj.return_ends_at) or "-"

    @admin.display(description=_("status"))
    def state(self, obj: Swap) -> str:
        """Its status in colour."""
        return badge(obj.get_status_display(), COLOURS.get(Swap.Status(obj.status), ""))

    @dialog(title=_("Accept the swap"), label=_("Accept"), submit=_("Accept"), form=AcceptForm, right=Right.SEE,
            offered=may_decide)  # fmt: skip
    def accept(self, request: Any, swap: Swap, form: DialogForm) -> None:  # noqa: ARG002
        """Take it."""
        oncall.accept_swap(swap=swap, actor=request.actor, now=timezone.now())

    @dialog(title=_("Decline the swap"), label=_("Decline"), submit=_("Decline"), right=Right.SEE, offered=may_decide)
    def decline(self, request: Any, swap: Swap, form: DialogForm) -> None:  # noqa: ARG002
        """Say no."""
        oncall.decline_swap(swap=swap, actor=request.actor, now=timezone.now())

    @dialog(title=_("Withdraw the swap"), label=_("Withdraw"), submit=_("Withdraw"), right=Right.SEE,
            offered=may_withdraw)  # fmt: skip
    def withdraw(self, request: Any, swap: Swap, form: DialogForm) -> None:  # noqa: ARG002
        """Take the question back."""
        oncall.withdraw_swap(swap=swap, actor=request.actor, now=timezone.now())
