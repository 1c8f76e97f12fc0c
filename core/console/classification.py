"""The page of a project's types, severities and priorities, for each kind of subject."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from core.console.modeladmin import ModelAdmin
from core.models.classification import Classification


class ClassificationAdmin(ModelAdmin):
    """Named, coloured, ordered values of a project; one is the default."""

    list_display: ClassVar[list[Any]] = ["name", "square", "project", "order", "default", "enabled"]
    list_select_related = ["project"]
    list_filter = ["project", "enabled"]
    search_fields = ["name"]
    ordering = ["project__name", "order", "name"]
    own_fields: ClassVar[list[str]] = []

    @admin.display(description=_("colour"))
    def square(self, obj: Classification) -> str:
        """The word with its colour."""
        return render_to_string("console/sev.html", {"word": obj.colour, "colour": obj.colour})

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:  # noqa: ARG002
        """What all have, then what differs."""
        return ["project", "name", "description", "colour", "order", "default", "enabled", *self.own_fields]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The browser's own picker for the colour."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "colour":
            field.widget = UnfoldAdminTextInputWidget(attrs={"type": "color", "class": "console-colour"})
        return field
