"""What subjects cost: people's effort as it was worked out, and items written by hand."""

from decimal import Decimal
from typing import Self

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from core import access
from core.history import HistoryRow
from core.models.base import Identified, Record
from core.models.subjects import KINDS, SubjectOwned


class CostTypeQuerySet(models.QuerySet["CostType"]):
    """Named selections."""

    def visible_to(self, user: object) -> Self:
        """Those of the user's projects."""
        return self.filter(project__in=access.projects_where(user))

    def choosable(self) -> Self:
        """What may be chosen anew."""
        return self.filter(enabled=True)


class CostType(Record):
    """What a cost item is for: a vendor, lost revenue, a fine."""

    class Category(models.TextChoices):
        PRIMARY = "primary", _("Primary")
        SECONDARY = "secondary", _("Secondary")

    project = models.ForeignKey("core.Project", on_delete=models.CASCADE, related_name="cost_types")
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True)
    category = models.CharField(_("category"), max_length=10, choices=Category.choices, default=Category.PRIMARY)
    enabled = models.BooleanField(_("enabled"), default=True, help_text=_("Disabled types stay on old items."))

    objects = CostTypeQuerySet.as_manager()
    history = HistoricalRecords(bases=[HistoryRow])

    class Meta:
        verbose_name = _("cost type")
        verbose_name_plural = _("cost types")
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="cost_type_name_unique")]

    def __str__(self) -> str:
        return self.name


class CostItem(Record, SubjectOwned):
    """A cost written by hand, in the project's currency. Adding one never changes another."""

    type = models.ForeignKey(CostType, on_delete=models.PROTECT, related_name="items", verbose_name=_("type"))
    amount = models.DecimalField(
        _("amount"), max_digits=14, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    currency = models.CharField(max_length=3)
    incurred_on = models.DateField(_("on"))
    note = models.CharField(_("note"), max_length=500, blank=True)
    author = models.ForeignKey("core.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(SubjectOwned.Meta):
        verbose_name = _("cost item")
        verbose_name_plural = _("cost items")
        indexes = [
            models.Index(fields=["incident", "-incurred_on"], name="cost_item_by_incident"),
            models.Index(fields=["case", "-incurred_on"], name="cost_item_by_case"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.amount} {self.currency}"


class CostStatement(Identified, SubjectOwned):
    """The cost of a subject as it was last worked out, with its lines. One a subject; the same facts give the same.

    :ivar effort: the lines' sum; `items`: the items' sum; `total`: both, in `currency`.
    :ivar worked_out_at: the moment up to which open intervals were counted.
    :ivar final: nothing changes any more by the passing of time (no Active period is open).
    :ivar due_at: when it is to be worked out again: at once after a fact changed, within the hour while time runs,
        never (None) when it is final. A new subject's row is born due, with an empty currency until the first time.
    """

    currency = models.CharField(max_length=3, blank=True)
    hourly_rate = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    effort = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    items = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    total = models.DecimalField(_("cost"), max_digits=14, decimal_places=2, default=0)
    worked_out_at = models.DateTimeField(default=timezone.now)
    final = models.BooleanField(default=False)
    due_at = models.DateTimeField(null=True, default=timezone.now)

    class Meta(SubjectOwned.Meta):
        verbose_name = _("cost")
        verbose_name_plural = _("costs")
        constraints = [
            *SubjectOwned.Meta.constraints,
            *(models.UniqueConstraint(fields=[kind], name=f"cost_statement_one_{kind}") for kind in KINDS),
        ]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="cost_due")]

    def __str__(self) -> str:
        return f"{self.total} {self.currency}"


class CostLine(models.Model):
    """One line of a statement: an interval of somebody's role, or the review.

    :ivar seconds: elapsed time of the interval; `hours` what of it counts, before the multiplier.
    """

    class Kind(models.TextChoices):
        ROLE = "role", _("Role")
        REVIEW = "review", _("Review")

    statement = models.ForeignKey(CostStatement, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    individual = models.ForeignKey("people.Individual", null=True, on_delete=models.SET_NULL, related_name="+")
    role = models.CharField(max_length=24, blank=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    seconds = models.PositiveBigIntegerField(default=0)
    hours = models.DecimalField(max_digits=12, decimal_places=4)
    multiplier = models.DecimalField(max_digits=4, decimal_places=2)
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["statement", "position"], name="cost_line_position_unique")]

    def __str__(self) -> str:
        return f"{self.role or self.kind}: {self.amount}"
