"""Who is chosen by rule: for which role, and who else is engaged."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from core import access
from core.history import HistoryRow
from core.models.base import Record
from core.models.subjects import KINDS
from people.models.directory import Individual, Team
from people.models.oncall import Service
from people.models.parts import Role


class RuleQuerySet(models.QuerySet[Any]):
    """Named selections."""

    def visible_to(self, user: object) -> Self:
        """Those of the user's projects."""
        return self.filter(project__in=access.projects_where(user))

    def active(self) -> Self:
        return self.filter(enabled=True)


class Rule(Record):
    """Something that holds for the subjects of a project that a filter fits; an empty filter fits all.

    :ivar kind: the kind of subject ("incident", "case").
    :ivar filter: an expression of `core.filters` about that kind.
    """

    project = models.ForeignKey("core.Project", on_delete=models.CASCADE, related_name="%(class)ss")
    kind = models.CharField(
        _("for"), max_length=16, choices=[("incident", _("incidents")), ("case", _("cases"))], default="incident"
    )
    name = models.CharField(_("name"), max_length=100)
    order = models.PositiveSmallIntegerField(_("order"), default=100, help_text=_("Low numbers first."))
    enabled = models.BooleanField(_("enabled"), default=True)
    filter = models.JSONField(_("when"), default=dict, blank=True)

    objects = RuleQuerySet.as_manager()
    history = HistoricalRecords(bases=[HistoryRow], inherit=True)

    class Meta:
        abstract = True
        constraints = [models.UniqueConstraint(fields=["project", "kind", "name"], name="%(class)s_name_unique")]

    def __str__(self) -> str:
        return self.name


class RolePolicy(Rule):
    """Who gets a role in a new subject. Of those that fit, the one that names most dimensions counts, then the lowest
    order.

    :ivar next_on_call: the person who is on call next, not the one who is now.
    """

    role = models.CharField(_("role"), max_length=24, choices=Role.Name.choices)
    individual = models.ForeignKey(
        Individual, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("person")
    )
    service = models.ForeignKey(
        Service, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        verbose_name=_("whoever is on call for"),
    )  # fmt: skip
    next_on_call = models.BooleanField(_("take the next on call"), default=False)

    class Meta(Rule.Meta):
        verbose_name = _("role policy")
        verbose_name_plural = _("role policies")
        constraints = [
            *Rule.Meta.constraints,
            models.CheckConstraint(
                condition=Q(individual__isnull=False, service=None) | Q(individual=None, service__isnull=False),
                name="role_policy_one_target",
            ),
        ]
        indexes = [models.Index(fields=["project", "kind", "role", "order"], name="role_policy_by_order")]


class EngagementRule(Rule):
    """Who else is engaged: a person or a service's on-call takes part as observer, a team is told."""

    individual = models.ForeignKey(
        Individual, null=True, blank=True, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.CASCADE, related_name="+", verbose_name=_("team")
    )
    service = models.ForeignKey(
        Service, null=True, blank=True, on_delete=models.CASCADE, related_name="+",
        verbose_name=_("whoever is on call for"),
    )  # fmt: skip

    class Meta(Rule.Meta):
        verbose_name = _("engagement rule")
        verbose_name_plural = _("engagement rules")
        constraints = [
            *Rule.Meta.constraints,
            models.CheckConstraint(
                condition=(
                    Q(individual__isnull=False, team=None, service=None)
                    | Q(individual=None, team__isnull=False, service=None)
                    | Q(individual=None, team=None, service__isnull=False)
                ),
                name="engagement_rule_one_target",
            ),
        ]
        indexes = [models.Index(fields=["project", "kind", "order"], name="engagement_rule_by_order")]


class TeamNotice(models.Model):
    """That a team was told of a subject, so that it is told once."""

    rule = models.ForeignKey(EngagementRule, null=True, on_delete=models.SET_NULL, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    incident = models.ForeignKey("incidents.Incident", null=True, on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey("cases.Case", null=True, on_delete=models.CASCADE, related_name="+")
    told_at = models.DateTimeField()

    class Meta:
        constraints = [
            *(models.UniqueConstraint(fields=[kind, "team"], name=f"team_told_once_of_{kind}") for kind in KINDS),
        ]

    def __str__(self) -> str:
        return str(self.team)
