"""Incidents and the words a project classifies them with."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models.classification import PriorityBase, SeverityBase, TypeBase
from core.models.subjects import Subject, SubjectQuerySet


class Type(TypeBase):
    """What kind of incident it is, and which documents it gets."""

    exclude_from_review = models.BooleanField(_("no review"), default=False, help_text=_("No review document is made."))
    incident_template = models.ForeignKey(
        "knowledge.Template", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    review_template = models.ForeignKey(
        "knowledge.Template", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta(TypeBase.Meta):
        verbose_name = _("incident type")
        verbose_name_plural = _("incident types")


class Severity(SeverityBase):
    """How bad it is."""

    allowed_for_stable = models.BooleanField(_("offered when marking stable"), default=True)

    class Meta(SeverityBase.Meta):
        verbose_name = _("incident severity")
        verbose_name_plural = _("incident severities")


class Priority(PriorityBase):
    """How fast people must move."""

    page_commander = models.BooleanField(_("page the commander"), default=False)
    tactical_report_hours = models.PositiveIntegerField(_("tactical report every (hours)"), default=24)
    executive_report_hours = models.PositiveIntegerField(_("executive report every (hours)"), default=24)
    for_stable = models.BooleanField(
        _("given to stable incidents"), default=False, help_text=_("Marking stable sets this priority.")
    )

    class Meta(PriorityBase.Meta):
        verbose_name = _("incident priority")
        verbose_name_plural = _("incident priorities")
        constraints = [
            *PriorityBase.Meta.constraints,
            models.UniqueConstraint(
                fields=["project"], condition=Q(for_stable=True), name="incidents_priority_one_for_stable"
            ),
        ]


class IncidentQuerySet(SubjectQuerySet):
    """Named selections of incidents."""

    def active(self) -> "IncidentQuerySet":
        return self.filter(status=Incident.Status.ACTIVE)

    def for_list(self) -> "IncidentQuerySet":
        """With what each row of a list shows."""
        return self.select_related("project", "type", "severity", "priority")


class Incident(Subject):
    """A security incident, from the report to closed."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        STABLE = "stable", _("Stable")
        CLOSED = "closed", _("Closed")

    # All six moves are allowed; a move to the same state does nothing (lifecycle I4).
    MOVES = {
        Status.ACTIVE: frozenset({Status.STABLE, Status.CLOSED}),
        Status.STABLE: frozenset({Status.ACTIVE, Status.CLOSED}),
        Status.CLOSED: frozenset({Status.ACTIVE, Status.STABLE}),
    }

    kind = "incident"
    lead_role = "incident_commander"
    open_statuses = frozenset({Status.ACTIVE, Status.STABLE})

    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.ACTIVE)
    summary = models.TextField(_("summary"), blank=True)

    objects = IncidentQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        indexes = [
            models.Index(fields=["-reported_at", "-id"], name="incident_by_report"),
            models.Index(fields=["project", "-reported_at", "-id"], name="incident_by_project"),
            models.Index(fields=["status", "-reported_at", "-id"], name="incident_by_status"),
            models.Index(fields=["type", "-reported_at", "-id"], name="incident_by_type"),
            models.Index(fields=["severity", "-reported_at", "-id"], name="incident_by_severity"),
            models.Index(fields=["priority", "-reported_at", "-id"], name="incident_by_priority"),
            models.Index(fields=["-stable_at", "-id"], name="incident_by_stable"),
            models.Index(fields=["-closed_at", "-id"], name="incident_by_close"),
            models.Index(fields=["-updated_at", "-id"], name="incident_by_update"),
        ]
