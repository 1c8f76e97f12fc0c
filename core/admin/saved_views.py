"""The views of lists that one keeps, and those shared with one."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import listings
from core.access import Right
from core.console import rights
from core.console.dialogs import dialog
from core.console.forms import DialogForm
from core.console.modeladmin import ModelAdmin
from core.console.sharing import SharingForm
from core.flows import views
from core.models import SavedView


class RenameForm(DialogForm):
    """Another name."""

    name = forms.CharField(label=_("Name"), max_length=views.LONGEST_NAME)

    def prepare(self) -> None:
        """Begin with the present one."""
        self.initial["name"] = self.target.name


class ShareForm(SharingForm):
    """Who sees it from now on."""

    def prepare(self) -> None:
        """Begin with who does."""
        super().prepare()
        self.initial["project"] = self.target.project_id


def _is_own(request: HttpRequest, view: SavedView) -> bool:
    return views.is_own(request.user, view)


def _is_deletable(request: HttpRequest, view: SavedView) -> bool:
    return views.may_delete(request.user, view, rights.on(request, view.project))


@admin.register(SavedView)
class SavedViewAdmin(ModelAdmin):
    """Saved views. They are made on the list itself."""

    see_right: ClassVar[Right] = Right.SEE
    write_right: ClassVar[Right | None] = None
    drop_right: ClassVar[Right | None] = None
    list_display = ["name", "of_list", "shared_in", "user", "updated_at", "opened"]
    list_select_related = ["project", "user"]
    search_fields = ["name"]
    ordering = ["name", "pk"]
    fields = ["name", "of_list", "asks", "shared_in", "user", "updated_at", "opened"]
    readonly_fields = ["of_list", "asks", "shared_in", "opened"]
    page_dialogs = ["rename", "share", "drop"]

    @admin.display(description=_("list"))
    def of_list(self, obj: SavedView) -> str:
        """Which list it is of."""
        return str(listings.title_of(obj.listing))

    @admin.display(description=_("asks"))
    def asks(self, obj: SavedView) -> str:
        """Its question in a line."""
        return " · ".join(f"{name}: {', '.join(values)}" for name, values in obj.query.items()) or "–"

    @admin.display(description=_("shared in"))
    def shared_in(self, obj: SavedView) -> str:
        """The project, or that it is for oneself."""
        return str(obj.project) if obj.project_id else gettext("me alone")

    @admin.display(description=_("open"))
    def opened(self, obj: SavedView) -> str:
        """A link to the list as it asks."""
        address = listings.address_of(obj)
        return format_html('<a class="link" href="{}">{}</a>', address, gettext("Open")) if address else "–"

    @dialog(title=_("Rename"), form=RenameForm, right=None, offered=_is_own)
    def rename(self, request: Any, view: SavedView, form: RenameForm) -> None:
        """Give it another name."""
        views.change_view(view=view, name=form.cleaned_data["name"], actor=request.actor, now=timezone.now())

    @dialog(title=_("Share"), form=ShareForm, right=None, offered=_is_own)
    def share(self, request: Any, view: SavedView, form: ShareForm) -> None:
        """Show it to a project, or take it back."""
        views.change_view(view=view, project=form.cleaned_data["project"], actor=request.actor, now=timezone.now())

    @dialog(title=_("Delete this view"), label=_("Delete"), submit=_("Delete"), right=None, danger=True,
            offered=_is_deletable)  # fmt: skip
    def drop(self, request: Any, view: SavedView, form: DialogForm) -> HttpResponse:  # noqa: ARG002
        """Drop it."""
        views.delete_view(view=view, actor=request.actor, now=timezone.now())
        return self.go_to_list(request)
