"""The words a project classifies its cases with. The pages of cases come with case management."""

from typing import Any, ClassVar

from django.contrib import admin

from cases.models import Priority, Severity, Type
from core.console.classification import ClassificationAdmin


@admin.register(Type)
class TypeAdmin(ClassificationAdmin):
    """What kind of case."""

    list_display: ClassVar[list[Any]] = ["name", "project", "visibility", "default", "enabled"]
    own_fields: ClassVar[list[str]] = ["visibility", "exclude_from_metrics", "exclude_from_reminders"]


@admin.register(Severity)
class SeverityAdmin(ClassificationAdmin):
    """How bad."""


@admin.register(Priority)
class PriorityAdmin(ClassificationAdmin):
    """How fast."""

    own_fields: ClassVar[list[str]] = ["page_assignee"]
