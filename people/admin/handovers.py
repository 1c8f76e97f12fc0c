"""Answering a hand-over, or taking it back; shown on the subject's page and on the home page."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.console import rights
from core.console.dialogs import dialog
from core.console.forms import DialogForm
from core.console.subjects import DialogsOnly
from people.flows import handovers
from people.models import HandOver


class AcceptForm(DialogForm):
    """Accepting shows what one takes over."""

    def effects(self) -> list[str]:
        """What follows."""
        words = {"role": self.target.get_role_display(), "name": self.target.subject.name}
        return [gettext("You are %(role)s of %(name)s from then on.") % words]


class ReasonForm(DialogForm):
    """Why not."""

    reason = forms.CharField(label=_("Why"), required=False, max_length=300)


def _is_mine(request: HttpRequest, row: HandOver) -> bool:
    user: Any = request.user
    return row.status == HandOver.Status.OFFERED and handovers.is_receiver(row, user)


def _may_withdraw(request: HttpRequest, row: HandOver) -> bool:
    user: Any = request.user
    may = handovers.is_giver(row, user) or Right.EDIT in rights.on(request, row.subject)
    return row.status == HandOver.Status.OFFERED and may


@admin.register(HandOver)
class HandOverAdmin(DialogsOnly):
    """One hand-over."""

    panel: ClassVar[str] = "people"

    def get_queryset(self, request: HttpRequest) -> QuerySet[HandOver]:
        """Hand-overs of subjects the reader sees."""
        rows: QuerySet[HandOver] = super().get_queryset(request)
        return rows.select_related("giver__individual", "receiver", "incident__project", "case__project")

    @dialog(
        title=lambda row: gettext("Take %(role)s over?") % {"role": row.get_role_display()}, label=_("Accept"),
        submit=_("Accept"), form=AcceptForm, right=Right.SEE, offered=_is_mine, template="people/accept.html",
    )  # fmt: skip
    def accept(self, request: Any, row: HandOver, form: AcceptForm) -> None:  # noqa: ARG002
        """Take the role."""
        handovers.accept(handover=row, actor=request.actor, now=timezone.now())

    @dialog(
        title=_("Decline it?"), label=_("Decline"), submit=_("Decline"), form=ReasonForm, right=Right.SEE,
        offered=_is_mine,
    )  # fmt: skip
    def decline(self, request: Any, row: HandOver, form: ReasonForm) -> None:
        """Leave it with the giver."""
        handovers.decline(handover=row, reason=form.cleaned_data["reason"], actor=request.actor, now=timezone.now())

    @dialog(
        title=_("Withdraw the offer?"), label=_("Withdraw"), submit=_("Withdraw"), form=ReasonForm, right=Right.SEE,
        offered=_may_withdraw,
    )  # fmt: skip
    def withdraw(self, request: Any, row: HandOver, form: ReasonForm) -> None:
        """Take it back."""
        handovers.withdraw(handover=row, reason=form.cleaned_data["reason"], actor=request.actor, now=timezone.now())
