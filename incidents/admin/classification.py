"""The words a project classifies its incidents with."""

from typing import Any, ClassVar

from django.contrib import admin

from core.console.classification import ClassificationAdmin
from incidents.models import Priority, Severity, Type


@admin.register(Type)
class TypeAdmin(ClassificationAdmin):
    """What kind of incident."""

    list_display: ClassVar[list[Any]] = ["name", "project", "visibility", "exclude_from_review", "default", "enabled"]
    own_fields: ClassVar[list[str]] = [
        "visibility", "exclude_from_metrics", "exclude_from_reminders", "exclude_from_review", "incident_template",
        "review_template",
    ]  # fmt: skip


@admin.register(Severity)
class SeverityAdmin(ClassificationAdmin):
    """How bad."""

    own_fields: ClassVar[list[str]] = ["allowed_for_stable"]


@admin.register(Priority)
class PriorityAdmin(ClassificationAdmin):
    """How fast."""

    own_fields: ClassVar[list[str]] = [
        "page_commander",
        "for_stable",
        "tactical_report_hours",
        "executive_report_hours",
    ]
