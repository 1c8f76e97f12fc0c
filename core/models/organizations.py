"""Organizations, their projects, and who belongs to them."""

from decimal import Decimal
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from core import access
from core.history import HistoryRow
from core.models.base import Identified, Record
from core.public_holidays import check_place
from core.validators import valid_prefix, valid_time_zone


class OrganizationQuerySet(models.QuerySet["Organization"]):
    """Named selections."""

    def visible_to(self, user: Any) -> Self:
        """Those the user belongs to."""
        return self.filter(pk__in=access.organizations_where(user))


class Organization(Record):
    """A company or an independent part of one. Nothing is shared between organizations."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    slug = models.SlugField(_("slug"), max_length=100, unique=True)
    description = models.TextField(_("description"), blank=True)

    objects = OrganizationQuerySet.as_manager()
    history = HistoricalRecords(bases=[HistoryRow])

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")

    def __str__(self) -> str:
        return self.name


class ProjectQuerySet(models.QuerySet["Project"]):
    """Named selections."""

    def visible_to(self, user: Any) -> Self:
        """Those the user belongs to."""
        return self.filter(pk__in=access.projects_where(user))


class Project(Record):
    """Where subjects live: their names, classification, calendar, currency and people's rights."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="projects")
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    enabled = models.BooleanField(_("enabled"), default=True, help_text=_("New subjects may be reported here."))
    default = models.BooleanField(_("default"), default=False, help_text=_("Taken when a report names no project."))
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[valid_time_zone])
    currency = models.CharField(_("currency"), max_length=3, default="USD", help_text=_("ISO 4217, for example EUR."))
    name_prefix = models.CharField(
        _("name prefix"),
        max_length=12,
        blank=True,
        validators=[valid_prefix],
        help_text=_("Empty: INC-42. PAY: PAY-INC-42. Unique in the installation; old names keep working."),
    )
    allow_self_join = models.BooleanField(_("members may join"), default=True)
    past_participants_may_read = models.BooleanField(
        _("past participants keep reading"),
        default=True,
        help_text=_("People removed from a subject still see it, restricted ones included."),
    )
    annual_employee_cost = models.DecimalField(
        _("cost of a person a year"), max_digits=12, decimal_places=2, default=Decimal(50000),
        validators=[MinValueValidator(Decimal(0))],
    )  # fmt: skip
    business_year_hours = models.PositiveIntegerField(
        _("working hours a year"), default=2080, validators=[MinValueValidator(1), MaxValueValidator(8784)]
    )
    paid_hours_per_day = models.PositiveSmallIntegerField(
        _("counted hours of a day"), default=8, validators=[MinValueValidator(1), MaxValueValidator(24)],
        help_text=_("Of every 24 hours that somebody holds a role, the first so many count as effort."),
    )  # fmt: skip
    holiday_country = models.CharField(
        _("holidays of"), max_length=2, blank=True, help_text=_("ISO 3166 country code, for example DE; empty: none.")
    )
    holiday_region = models.CharField(
        _("region"), max_length=10, blank=True, help_text=_("ISO 3166-2 part of the country, for example BY.")
    )
    report_instructions = models.TextField(_("report instructions"), blank=True)
    title_hint = models.CharField(_("title hint"), max_length=200, blank=True)
    description_hint = models.CharField(_("description hint"), max_length=500, blank=True)

    objects = ProjectQuerySet.as_manager()
    history = HistoricalRecords(bases=[HistoryRow])

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="project_name_unique_in_organization"),
            models.UniqueConstraint(fields=["name_prefix"], name="project_name_prefix_unique"),
            models.UniqueConstraint(
                fields=["organization"], condition=Q(default=True), name="project_one_default_per_organization"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a place whose holidays nobody knows."""
        check_place(self.holiday_country, self.holiday_region)


class BusinessHoursQuerySet(models.QuerySet["BusinessHours"]):
    """Named selections."""

    def visible_to(self, user: Any) -> Self:
        """Those of the user's projects."""
        return self.filter(project__in=access.projects_where(user))


class BusinessHours(Identified):
    """One span of working time on a weekday of a project, in the project's time zone."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="business_hours")
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    opens_at = models.TimeField(_("from"))
    closes_at = models.TimeField(_("until"))

    objects = BusinessHoursQuerySet.as_manager()

    class Meta:
        verbose_name = _("business hours")
        verbose_name_plural = _("business hours")
        constraints = [
            models.UniqueConstraint(fields=["project", "weekday", "opens_at"], name="business_hours_unique"),
            models.CheckConstraint(
                condition=Q(closes_at__gt=models.F("opens_at")), name="business_hours_end_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens_at:%H:%M}-{self.closes_at:%H:%M}"

    def clean(self) -> None:
        """Refuse hours that end before they begin.

        :raises ValidationError: naming the field and the mend.
        """
        if self.opens_at and self.closes_at and self.closes_at <= self.opens_at:
            raise ValidationError({"closes_at": _("This must be later than the beginning of the same day.")})


class MembershipRole(models.TextChoices):
    """What a membership grants; the rights behind each word stand in `core.access`."""

    MEMBER = "member", _("Member")
    RESPONDER = "responder", _("Responder")
    MANAGER = "manager", _("Manager")
    ADMIN = "admin", _("Admin")
    OWNER = "owner", _("Owner")


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Named selections."""

    def visible_to(self, user: Any) -> Self:
        """One's own, and those the user may change."""
        return self.filter(access.membership_filter(user))


class Membership(Record):
    """A user's role in a project, or as owner of the whole organization."""

    user = models.ForeignKey("core.User", on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="memberships")
    project = models.ForeignKey(
        Project, null=True, blank=True, on_delete=models.CASCADE, related_name="memberships",
        help_text=_("Empty for owners of the whole organization."),
    )  # fmt: skip
    role = models.CharField(_("role"), max_length=12, choices=MembershipRole.choices)

    objects = MembershipQuerySet.as_manager()
    history = HistoricalRecords(bases=[HistoryRow])

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["user", "project"], name="membership_unique_in_project"),
            models.UniqueConstraint(
                fields=["user", "organization"], condition=Q(project=None), name="membership_unique_owner"
            ),
            models.CheckConstraint(
                condition=Q(role=MembershipRole.OWNER, project=None)
                | (~Q(role=MembershipRole.OWNER) & Q(project__isnull=False)),
                name="membership_owner_has_no_project",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()}"

    def clean(self) -> None:
        if self.project_id and self.project and self.organization_id is None:
            self.organization = self.project.organization

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.clean()
        super().save(*args, **kwargs)
