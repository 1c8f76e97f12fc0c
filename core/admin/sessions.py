"""Who is signed in where, and what happened with accounts: for their owners and those who administer them."""

from typing import Any, ClassVar

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.console.dialogs import dialog
from core.console.forms import DialogForm
from core.console.modeladmin import ModelAdmin
from core.flows import sessions
from core.models import AccountEvent, AccountSession


class EndForm(DialogForm):
    """Signing one browser out."""

    def effects(self) -> list[str]:
        """What will happen."""
        words = {"name": self.target.user, "browser": self.target}
        return [gettext("%(name)s is signed out in %(browser)s at once; what is being typed there is lost.") % words]


@admin.register(AccountSession)
class SessionAdmin(ModelAdmin):
    """Browsers that are signed in."""

    write_right: ClassVar[Right | None] = None
    drop_right: ClassVar[Right | None] = None
    list_display = ["user", "browser", "address", "created_at", "last_seen_at"]
    list_select_related = ["user"]
    search_fields = ["user__name", "user__email"]
    ordering = ["-last_seen_at", "-pk"]
    fields = ["user", "agent", "address", "created_at", "last_seen_at"]
    page_dialogs = ["end"]

    @admin.display(description=_("browser"))
    def browser(self, obj: AccountSession) -> str:
        """Browser and system in words."""
        return str(obj)

    @dialog(title=_("Sign out"), form=EndForm, right=None, danger=True)
    def end(self, request: Any, session: AccountSession, form: DialogForm) -> None:  # noqa: ARG002
        """End it."""
        sessions.end(session=session, actor=request.actor, now=timezone.now())

    def after_dialog(self, request: Any, obj: AccountSession | None) -> str:  # noqa: ARG002
        """An ended session has no page any more."""
        return super().after_dialog(request, None)


@admin.register(AccountEvent)
class AccountEventAdmin(ModelAdmin):
    """Log-ins, failures, passwords, tokens: a short history."""

    write_right: ClassVar[Right | None] = None
    drop_right: ClassVar[Right | None] = None
    list_display = ["happened_at", "user", "kind", "by", "browser", "address"]
    list_select_related = ["user", "by"]
    list_filter = ["kind"]
    search_fields = ["user__name", "user__email"]
    ordering = ["-happened_at", "-pk"]
    fields = ["happened_at", "user", "kind", "by", "agent", "address"]

    @admin.display(description=_("browser"))
    def browser(self, obj: AccountEvent) -> str:
        """Browser and system in words."""
        return obj.browser or "–"
