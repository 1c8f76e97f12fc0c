"""Merges, and undoing them."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import access
from core.access import Right
from core.console.dialogs import dialog
from core.console.forms import DialogForm
from core.console.modeladmin import ModelAdmin
from people.flows.merging import UNDOABLE_FOR, undo_merge
from people.models import Merge


class UndoForm(DialogForm):
    """Undoing says what goes back."""

    def effects(self) -> list[str]:
        """What will happen."""
        words = {"kept": self.target.kept, "gone": self.target.gone}
        return [
            gettext("What went over from %(gone)s goes back; what came since stays with %(kept)s.") % words,
            gettext("What somebody changed since stays as it is."),
        ]


@admin.register(Merge)
class MergeAdmin(ModelAdmin):
    """Who was merged into whom, in the organizations whose people the reader manages."""

    see_right: ClassVar[Right] = Right.CONFIGURE
    write_right: ClassVar[Right | None] = None
    drop_right: ClassVar[Right | None] = None
    list_display = ["gone", "kept", "organization", "merged_at", "merged_by", "undone_at"]
    list_select_related = ["gone", "kept", "organization", "merged_by"]
    list_filter = ["organization"]
    search_fields = ["gone__name", "gone__email", "kept__name", "kept__email"]
    ordering = ["-merged_at", "-pk"]
    fields = ["gone", "kept", "organization", "merged_at", "merged_by", "undone_at", "undone_by"]
    page_dialogs = ["undo"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Merge]:
        """Of the organizations the reader manages."""
        rows: QuerySet[Merge] = super().get_queryset(request)
        return rows.filter(organization__in=access.organizations_where(request.user, Right.CONFIGURE))

    @dialog(
        title=_("Make two people of them again?"), label=_("Undo…"), submit=_("Undo"), form=UndoForm,
        right=Right.CONFIGURE, danger=True,
        offered=lambda _request, row: row.undone_at is None and timezone.now() - row.merged_at <= UNDOABLE_FOR,
    )  # fmt: skip
    def undo(self, request: Any, row: Merge, form: DialogForm) -> None:  # noqa: ARG002
        """Undo it."""
        undo_merge(merge=row, actor=request.actor, now=timezone.now())
