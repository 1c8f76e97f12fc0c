"""Services and who is on call for them: layers of a rotation, what overrides them, and the shifts that come of it."""

from typing import Any, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from core import access
from core.history import HistoryRow
from core.models.base import Identified, Record, Stamped
from core.models.organizations import BusinessHours
from core.validators import valid_time_zone
from people.models.directory import Individual


class ServiceQuerySet(models.QuerySet["Service"]):
    """Named selections."""

    def visible_to(self, user: object) -> Self:
        """Those of the user's projects."""
        return self.filter(project__in=access.projects_where(user))

    def active(self) -> Self:
        """What can be paged and chosen by a policy."""
        return self.filter(is_active=True)


class Service(Record):
    """What somebody is on call for. Its rotation is built in, or kept by a plugin under `external_id`.

    :ivar escalation_minutes: how long a person has to answer a page before the next one is called.
    :ivar refreshed_at: when its shifts were last worked out; `refresh_error` is why the last try failed.
    """

    project = models.ForeignKey("core.Project", on_delete=models.CASCADE, related_name="services")
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True)
    owner = models.ForeignKey(
        Individual, null=True, blank=True, on_delete=models.SET_NULL, related_name="owned_services",
        verbose_name=_("owner"), help_text=_("Called last, when nobody else answers."),
    )  # fmt: skip
    is_active = models.BooleanField(_("active"), default=True)
    escalation_minutes = models.PositiveSmallIntegerField(
        _("minutes to answer"), default=5, validators=[MinValueValidator(1), MaxValueValidator(240)],
        help_text=_("After these a page goes to the next person."),
    )  # fmt: skip
    asks_for_feedback = models.BooleanField(
        _("ask how shifts were"), default=False, help_text=_("At the end of each shift, whoever had it.")
    )
    plugin_instance = models.ForeignKey(
        "integrations.PluginInstance", null=True, blank=True, on_delete=models.SET_NULL, related_name="services",
        verbose_name=_("rotation kept by"), help_text=_("Empty: the rotation below."),
    )  # fmt: skip
    external_id = models.CharField(_("id there"), max_length=200, blank=True)
    refreshed_at = models.DateTimeField(_("worked out"), null=True, blank=True, editable=False)
    refresh_error = models.TextField(blank=True, editable=False)

    objects = ServiceQuerySet.as_manager()
    history = HistoricalRecords(bases=[HistoryRow])

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="service_name_unique")]

    def __str__(self) -> str:
        return self.name


class OfServiceQuerySet(models.QuerySet[Any]):
    """Rows that belong to a service."""

    def visible_to(self, user: object) -> Self:
        """Those of the services of the user's projects."""
        return self.filter(service__project__in=access.projects_where(user))


class EscalationStep(Identified):
    """Who is called after those on call: a person, or whoever is on call for another service. In their order."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="escalation")
    position = models.PositiveSmallIntegerField(_("position"))
    individual = models.ForeignKey(Individual, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    target = models.ForeignKey(Service, null=True, blank=True, on_delete=models.CASCADE, related_name="+")

    objects = OfServiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("escalation step")
        verbose_name_plural = _("escalation list")
        constraints = [
            models.UniqueConstraint(fields=["service", "position"], name="escalation_step_position_unique"),
            models.CheckConstraint(
                condition=Q(individual__isnull=False, target=None) | Q(individual=None, target__isnull=False),
                name="escalation_step_one_target",
            ),
            models.CheckConstraint(condition=~Q(target=F("service")), name="escalation_step_not_to_itself"),
        ]

    def __str__(self) -> str:
        return str(self.individual or self.target)


class RotationLayer(Record):
    """People taking turns. Where several layers cover a moment, the one with the highest `order` counts.

    :ivar cadence: how long a turn lasts; `custom` takes `turn_hours` of elapsed time.
    :ivar handover_at: the wall-clock time in `time_zone` at which daily and weekly turns pass on.
    :ivar starts_on: the day of the first hand-over, when the member of position 0 begins.
    """

    class Cadence(models.TextChoices):
        DAILY = "daily", _("Daily")
        WEEKLY = "weekly", _("Weekly")
        CUSTOM = "custom", _("Every so many hours")

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="layers")
    name = models.CharField(_("name"), max_length=100)
    order = models.PositiveSmallIntegerField(_("order"), default=1, help_text=_("The highest one counts."))
    cadence = models.CharField(_("turns"), max_length=8, choices=Cadence.choices, default=Cadence.WEEKLY)
    turn_hours = models.PositiveSmallIntegerField(
        _("hours a turn"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(24 * 90)]
    )
    handover_at = models.TimeField(_("hand-over at"))
    handover_weekday = models.PositiveSmallIntegerField(
        _("hand-over on"), choices=BusinessHours.Weekday.choices, default=BusinessHours.Weekday.MONDAY
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[valid_time_zone])
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True, help_text=_("The last day, if there is one."))

    objects = OfServiceQuerySet.as_manager()
    history = HistoricalRecords(bases=[HistoryRow])

    class Meta:
        verbose_name = _("rotation layer")
        verbose_name_plural = _("rotation layers")
        constraints = [
            models.UniqueConstraint(fields=["service", "name"], name="rotation_layer_name_unique"),
            models.UniqueConstraint(fields=["service", "order"], name="rotation_layer_order_unique"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="rotation_layer_ends_after_start"
            ),
            models.CheckConstraint(
                condition=~Q(cadence="custom") | Q(turn_hours__isnull=False), name="rotation_layer_custom_has_hours"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def project(self) -> Any:
        """Whose configuration it is."""
        return self.service.project

    @property
    def project_id(self) -> int:
        return self.service.project_id


class LayerRestriction(Identified):
    """A span in which a layer is on call; with none it always is. One that ends at or before its start runs over
    midnight into the next day.
    """

    layer = models.ForeignKey(RotationLayer, on_delete=models.CASCADE, related_name="restrictions")
    weekday = models.PositiveSmallIntegerField(
        _("weekday"), null=True, blank=True, choices=BusinessHours.Weekday.choices, help_text=_("Empty: every day.")
    )
    starts_at = models.TimeField(_("from"))
    ends_at = models.TimeField(_("until"))

    class Meta:
        verbose_name = _("restriction")
        verbose_name_plural = _("restrictions")
        constraints = [
            models.UniqueConstraint(fields=["layer", "weekday", "starts_at"], name="layer_restriction_unique")
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display() or _('Every day')} {self.starts_at:%H:%M}-{self.ends_at:%H:%M}"


class RotationMember(Identified):
    """Somebody's place in a layer."""

    layer = models.ForeignKey(RotationLayer, on_delete=models.CASCADE, related_name="members")
    individual = models.ForeignKey(Individual, on_delete=models.CASCADE, related_name="rotations")
    position = models.PositiveSmallIntegerField(_("position"))

    class Meta:
        verbose_name = _("rotation member")
        verbose_name_plural = _("rotation members")
        constraints = [
            models.UniqueConstraint(fields=["layer", "individual"], name="rotation_member_once"),
            models.UniqueConstraint(fields=["layer", "position"], name="rotation_member_position_unique"),
        ]

    def __str__(self) -> str:
        return str(self.individual)


class Swap(Identified, Stamped):
    """A colleague is asked to take a span of one's shifts, perhaps in return for one of theirs.

    :ivar starts_at: with `ends_at`, the span of `asked_by` that `asked` would take; `return_*` is what comes back.
    """

    class Status(models.TextChoices):
        ASKED = "asked", _("Asked")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="swaps")
    asked_by = models.ForeignKey(Individual, on_delete=models.CASCADE, related_name="+")
    asked = models.ForeignKey(Individual, on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    return_starts_at = models.DateTimeField(_("in return from"), null=True, blank=True)
    return_ends_at = models.DateTimeField(_("in return until"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.ASKED)
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = OfServiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("swap")
        verbose_name_plural = _("swaps")
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="swap_ends_after_start"),
            models.CheckConstraint(
                condition=Q(return_starts_at=None, return_ends_at=None) | Q(return_ends_at__gt=F("return_starts_at")),
                name="swap_return_ends_after_start",
            ),
            models.CheckConstraint(condition=~Q(asked=F("asked_by")), name="swap_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.asked_by} → {self.asked}"


class Override(Identified, Stamped):
    """Somebody is on call for a span, whatever the layers say. Of two that overlap the later made one counts."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="overrides")
    individual = models.ForeignKey(Individual, on_delete=models.CASCADE, related_name="overrides")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    swap = models.ForeignKey(Swap, null=True, blank=True, on_delete=models.SET_NULL, related_name="overrides")
    created_by = models.ForeignKey("core.User", null=True, on_delete=models.PROTECT, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects = OfServiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("override")
        verbose_name_plural = _("overrides")
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="override_ends_after_start"),
        ]
        indexes = [models.Index(fields=["service", "ends_at"], name="override_by_end")]

    def __str__(self) -> str:
        return str(self.individual)


class ShiftQuerySet(OfServiceQuerySet):
    """Named selections."""

    def at(self, moment: Any) -> Self:
        """Who is on call at the moment."""
        return self.filter(starts_at__lte=moment, ends_at__gt=moment)

    def within(self, since: Any, until: Any) -> Self:
        """Shifts that touch the span."""
        return self.filter(starts_at__lt=until, ends_at__gt=since)


class Shift(Identified):
    """Who is on call for a service when: what rotation and overrides come to, or what a plugin said.

    The cache that declaring reads (DESIGN: on-call is never asked while a report waits). What is over stays as it
    was, whatever the rotation says today.
    """

    class Source(models.TextChoices):
        ROTATION = "rotation", _("Rotation")
        OVERRIDE = "override", _("Override")
        SWAP = "swap", _("Swap")
        PLUGIN = "plugin", _("Plugin")

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="shifts")
    individual = models.ForeignKey(Individual, on_delete=models.CASCADE, related_name="shifts")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    source = models.CharField(_("by"), max_length=12, choices=Source.choices)
    layer = models.ForeignKey(RotationLayer, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects = ShiftQuerySet.as_manager()

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="shift_ends_after_start")]
        indexes = [
            models.Index(fields=["service", "ends_at"], name="shift_by_service"),
            models.Index(fields=["individual", "ends_at"], name="shift_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.individual}: {self.starts_at:%Y-%m-%d %H:%M}"


class ShiftFeedbackQuerySet(models.QuerySet["ShiftFeedback"]):
    """Named selections."""

    def visible_to(self, user: Any) -> Self:
        """One's own, and those of the services that the user configures. What is not answered yet is one's own."""
        configured = access.projects_where(user, access.Right.CONFIGURE)
        mine = Q(shift__individual__user_id=user.pk or 0, shift__service__project__in=access.projects_where(user))
        return self.filter(mine | Q(shift__service__project__in=configured, answered_at__isnull=False))


class ShiftFeedback(Identified):
    """How a shift was, in the words of whoever had it. The row is born when they are asked."""

    class Rating(models.IntegerChoices):
        VERY_BAD = 1, _("Very bad")
        BAD = 2, _("Bad")
        FAIR = 3, _("All right")
        GOOD = 4, _("Good")
        VERY_GOOD = 5, _("Very good")

    shift = models.OneToOneField(Shift, on_delete=models.CASCADE, related_name="feedback")
    asked_at = models.DateTimeField(_("asked"))
    rating = models.PositiveSmallIntegerField(_("how it was"), null=True, blank=True, choices=Rating.choices)
    text = models.TextField(_("in words"), blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    objects = ShiftFeedbackQuerySet.as_manager()

    class Meta:
        verbose_name = _("feedback on a shift")
        verbose_name_plural = _("feedback on shifts")
        constraints = [
            models.CheckConstraint(
                condition=Q(rating=None, answered_at=None) | Q(rating__gte=1, rating__lte=5, answered_at__isnull=False),
                name="shift_feedback_answered_with_rating",
            )
        ]

    def __str__(self) -> str:
        return str(self.shift)


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    """Named selections."""

    def visible_to(self, user: Any) -> Self:
        """One's own, and those of the services that the user configures."""
        configured = access.projects_where(user, access.Right.CONFIGURE)
        return self.filter(Q(user_id=user.pk or 0) | Q(service__project__in=configured))


class CalendarFeed(Identified):
    """A secret address that gives shifts as iCalendar: of one service, or of one person. Only its hash is kept."""

    user = models.ForeignKey("core.User", on_delete=models.CASCADE, related_name="calendar_feeds")
    organization = models.ForeignKey("core.Organization", on_delete=models.CASCADE, related_name="+")
    service = models.ForeignKey(Service, null=True, blank=True, on_delete=models.CASCADE, related_name="feeds")
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("made"), default=timezone.now)
    last_read_at = models.DateTimeField(_("last read"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")

    def __str__(self) -> str:
        return str(self.service or self.user)
