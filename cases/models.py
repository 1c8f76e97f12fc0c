"""Cases and their classification. Their flows and faces come with case management."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models.classification import PriorityBase, SeverityBase, TypeBase
from core.models.subjects import Subject


class Type(TypeBase):
    """What kind of case it is."""

    class Meta(TypeBase.Meta):
        verbose_name = _("case type")
        verbose_name_plural = _("case types")


class Severity(SeverityBase):
    """How bad it is."""

    class Meta(SeverityBase.Meta):
        verbose_name = _("case severity")
        verbose_name_plural = _("case severities")


class Priority(PriorityBase):
    """How fast people must move."""

    page_assignee = models.BooleanField(_("page the assignee"), default=False)

    class Meta(PriorityBase.Meta):
        verbose_name = _("case priority")
        verbose_name_plural = _("case priorities")


class Case(Subject):
    """A suspicion under examination, before or beside an incident."""

    class Status(models.TextChoices):
        NEW = "new", _("New")
        TRIAGE = "triage", _("Triage")
        ESCALATED = "escalated", _("Escalated")
        STABLE = "stable", _("Stable")
        CLOSED = "closed", _("Closed")

    kind = "case"
    lead_role = "assignee"
    open_statuses = frozenset({Status.NEW, Status.TRIAGE, Status.ESCALATED, Status.STABLE})

    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.NEW)

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
