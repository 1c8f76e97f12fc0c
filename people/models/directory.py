"""The directory: people known by e-mail, how else they are reached, and their teams."""

from typing import Any, Self
from urllib.parse import urlsplit

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from core import access
from core.encrypted import EncryptedJSONField
from core.history import HistoryRow
from core.models.base import Identified, Record
from core.validators import valid_time_zone


class OrganizationQuerySet(models.QuerySet[Any]):
    """Rows of an organization's directory."""

    def visible_to(self, user: object) -> Self:
        """Those of the organizations the user belongs to."""
        return self.filter(organization__in=access.organizations_where(user))


class IndividualQuerySet(OrganizationQuerySet):
    """Named selections."""

    def active(self) -> Self:
        """Who can be given something to do."""
        return self.filter(is_active=True)


class Individual(Record):
    """A person known by e-mail in an organization, user of Dispatch or not. Made on first sight of the address."""

    organization = models.ForeignKey("core.Organization", on_delete=models.PROTECT, related_name="individuals")
    email = models.EmailField(_("e-mail"), max_length=254)
    name = models.CharField(_("name"), max_length=200)
    user = models.ForeignKey(
        "core.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="individuals", editable=False
    )
    title = models.CharField(_("job title"), max_length=200, blank=True)
    department = models.CharField(_("department"), max_length=200, blank=True)
    team = models.CharField(_("team"), max_length=200, blank=True)
    location = models.CharField(_("location"), max_length=200, blank=True)
    company = models.CharField(_("company"), max_length=200, blank=True)
    mobile_phone = models.CharField(_("mobile phone"), max_length=40, blank=True)
    office_phone = models.CharField(_("office phone"), max_length=40, blank=True)
    weblink = models.URLField(_("page"), max_length=500, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, validators=[valid_time_zone])
    external_id = models.CharField(_("external id"), max_length=200, blank=True)
    is_external = models.BooleanField(_("external"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    deactivated_at = models.DateTimeField(_("deactivated"), null=True, blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    notes = models.TextField(_("notes"), blank=True)

    objects = IndividualQuerySet.as_manager()
    history = HistoricalRecords(bases=[HistoryRow])

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(fields=["organization", "email"], name="individual_email_unique"),
            models.UniqueConstraint(
                fields=["organization", "user"], condition=Q(user__isnull=False), name="individual_one_per_user"
            ),
        ]
        indexes = [models.Index(fields=["organization", "name"], name="individual_by_name")]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def initials(self) -> str:
        words = self.name.split() or [self.email]
        return "".join(word[0] for word in (words if len(words) < 3 else [words[0], words[-1]])).upper()


class ExternalIdentity(Identified):
    """What another system calls a person: one value a system."""

    organization = models.ForeignKey("core.Organization", on_delete=models.CASCADE, related_name="+")
    individual = models.ForeignKey(Individual, on_delete=models.CASCADE, related_name="identities")
    system = models.SlugField(_("system"), max_length=32)
    value = models.CharField(_("id there"), max_length=200)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        verbose_name = _("external id")
        verbose_name_plural = _("external ids")
        constraints = [
            models.UniqueConstraint(fields=["organization", "system", "value"], name="external_identity_unique"),
            models.UniqueConstraint(fields=["individual", "system"], name="external_identity_one_a_system"),
        ]

    def __str__(self) -> str:
        return f"{self.system}: {self.value}"


class ContactMethod(Record):
    """Another way to reach a person when a page to the first address finds nobody. Tried in their order.

    :ivar address: an e-mail address or an http(s) address that takes a POST; encrypted, as the latter may hold a key.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        WEBHOOK = "webhook", _("Webhook")

    organization = models.ForeignKey("core.Organization", on_delete=models.CASCADE, related_name="+")
    individual = models.ForeignKey(Individual, on_delete=models.CASCADE, related_name="contact_methods")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    address = EncryptedJSONField(_("address"))
    order = models.PositiveSmallIntegerField(_("order"), default=1)
    enabled = models.BooleanField(_("enabled"), default=True)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact method")
        verbose_name_plural = _("contact methods")
        indexes = [models.Index(fields=["individual", "order"], name="contact_method_by_order")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.individual})"

    @property
    def shown(self) -> str:
        """The address as people may read it: of a webhook the host only, as the rest may be a key."""
        return self.address if self.kind == self.Kind.EMAIL else f"https://{urlsplit(self.address).hostname}/…"


class Team(Record):
    """People who belong together. Engagement rules tell a team; members are listed, not derived."""

    organization = models.ForeignKey("core.Organization", on_delete=models.PROTECT, related_name="teams")
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("e-mail"), max_length=254, blank=True, help_text=_("Told instead of each member."))
    description = models.TextField(_("description"), blank=True)
    lead = models.ForeignKey(
        Individual, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("lead")
    )
    is_active = models.BooleanField(_("active"), default=True)

    objects = OrganizationQuerySet.as_manager()
    history = HistoricalRecords(bases=[HistoryRow])

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="team_name_unique")]

    def __str__(self) -> str:
        return self.name


class TeamMemberQuerySet(models.QuerySet["TeamMember"]):
    """Named selections."""

    def visible_to(self, user: object) -> "TeamMemberQuerySet":
        """Those of the organizations the user belongs to."""
        return self.filter(team__organization__in=access.organizations_where(user))


class TeamMember(Identified):
    """Somebody's place in a team."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="members")
    individual = models.ForeignKey(Individual, on_delete=models.CASCADE, related_name="team_memberships")
    added_at = models.DateTimeField(_("since"), default=timezone.now)

    objects = TeamMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("team member")
        verbose_name_plural = _("team members")
        constraints = [models.UniqueConstraint(fields=["team", "individual"], name="team_member_once")]

    def __str__(self) -> str:
        return str(self.individual)


class Merge(Identified):
    """Two rows that were one person: `gone` became inactive and points at `kept`. Undone within 30 days by `moved`.

    :ivar moved: what was written, step by step (`people.flows.ledger`).
    """

    organization = models.ForeignKey("core.Organization", on_delete=models.CASCADE, related_name="+")
    kept = models.ForeignKey(Individual, on_delete=models.CASCADE, related_name="merges")
    gone = models.ForeignKey(Individual, on_delete=models.CASCADE, related_name="+")
    moved = models.JSONField(default=dict)
    merged_at = models.DateTimeField(_("merged"))
    merged_by = models.ForeignKey("core.User", null=True, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    undone_by = models.ForeignKey("core.User", null=True, on_delete=models.PROTECT, related_name="+")

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        constraints = [
            models.CheckConstraint(condition=~Q(kept=models.F("gone")), name="merge_of_two"),
            models.UniqueConstraint(fields=["gone"], condition=Q(undone_at=None), name="merge_once"),
        ]

    def __str__(self) -> str:
        return f"{self.gone} → {self.kept}"
