"""The words a project classifies its subjects with. Each app makes its own `Type`, `Severity`, `Priority` of these."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from core import access
from core.history import HistoryRow
from core.models.base import Record
from core.validators import valid_colour


class ClassificationQuerySet(models.QuerySet["Classification"]):
    """Named selections."""

    def visible_to(self, user: Any) -> Self:
        """The words of the user's projects."""
        return self.filter(project__in=access.projects_where(user))

    def choosable(self) -> Self:
        """What may be chosen anew; disabled values stay on old subjects only."""
        return self.filter(enabled=True)


class Classification(Record):
    """A named, coloured, ordered value of a project; exactly one is the default."""

    project = models.ForeignKey(
        "core.Project", on_delete=models.CASCADE, related_name="%(app_label)s_%(class)s_set", verbose_name=_("project")
    )
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True)
    colour = models.CharField(_("colour"), max_length=7, default="#9e9e9e", validators=[valid_colour])
    order = models.PositiveIntegerField(_("order"), default=9999, help_text=_("Low numbers first."))
    default = models.BooleanField(_("default"), default=False, help_text=_("Taken when a report names none."))
    enabled = models.BooleanField(_("enabled"), default=True, help_text=_("Disabled values stay on old subjects."))

    objects = ClassificationQuerySet.as_manager()
    history = HistoricalRecords(bases=[HistoryRow], inherit=True)

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="%(app_label)s_%(class)s_name_unique"),
            models.UniqueConstraint(
                fields=["project"], condition=Q(default=True), name="%(app_label)s_%(class)s_one_default"
            ),
            models.CheckConstraint(
                condition=Q(default=False) | Q(enabled=True), name="%(app_label)s_%(class)s_default_enabled"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TypeBase(Classification):
    """What kind of subject it is."""

    visibility = models.CharField(
        _("visibility"),
        max_length=12,
        choices=[("open", _("Open")), ("restricted", _("Restricted"))],
        default="open",
        help_text=_("How subjects of this type begin."),
    )
    exclude_from_metrics = models.BooleanField(_("left out of metrics"), default=False)
    exclude_from_reminders = models.BooleanField(_("no reminders"), default=False)

    class Meta(Classification.Meta):
        abstract = True
        verbose_name = _("type")
        verbose_name_plural = _("types")


class SeverityBase(Classification):
    """How bad it is."""

    class Meta(Classification.Meta):
        abstract = True
        verbose_name = _("severity")
        verbose_name_plural = _("severities")


class PriorityBase(Classification):
    """How fast people must move."""

    class Meta(Classification.Meta):
        abstract = True
        verbose_name = _("priority")
        verbose_name_plural = _("priorities")
