"""What the built-in plugins keep: tickets and mail, read-only, for whoever sees the subject."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.console.addresses import page_of
from core.console.modeladmin import ModelAdmin
from integrations.models import BuiltinTicket, OutgoingMail


class RecordAdmin(ModelAdmin):
    """Rows that Dispatch writes and people read."""

    write_right: ClassVar[Right | None] = None
    drop_right: ClassVar[Right | None] = None
    list_select_related = ["incident", "case"]
    sortable_by: ClassVar[list[str]] = []

    @admin.display(description=_("for"))
    def about(self, obj: Any) -> str:
        """The subject."""
        return format_html('<a href="{}">{}</a>', page_of(obj.subject), obj.subject.name) if obj.subject else "-"


@admin.register(OutgoingMail)
class OutgoingMailAdmin(RecordAdmin):
    """Mail as it was sent."""

    list_display = ["heading", "to", "about", "sent_at"]
    ordering = ["-sent_at", "-pk"]
    fields = ["heading", "to", "about", "sent_at", "text", "message_id"]
    readonly_fields = ["about"]


@admin.register(BuiltinTicket)
class BuiltinTicketAdmin(RecordAdmin):
    """A ticket of the built-in tracker: what its subject was when it was last brought up to date."""

    list_display = ["number", "title", "about", "project", "updated_at"]
    list_select_related = ["incident", "case", "project"]
    list_filter = ["project"]
    ordering = ["-pk"]
    readonly_fields = ["about", "state"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:  # noqa: ARG002
        """The ticket's words."""
        return ["number", "title", "about", "project", "state", "created_at", "updated_at"]

    @admin.display(description=_("as last sent"))
    def state(self, obj: BuiltinTicket) -> str:
        """The fields in words, one a line."""
        return "\n".join(f"{name}: {_words(value)}" for name, value in obj.fields.items() if name != "url")


def _words(value: Any) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
