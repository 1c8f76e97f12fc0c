"""Role policies and engagement rules, and what they would come to."""

from typing import Any, ClassVar

from rest_framework import serializers

from core.api.configuration import ConfigurationViewSet
from core.api.fields import Choice
from core.api.filters import FlagFilter, RecordFilters, ReferenceFilter, WordsFilter
from core.api.ordering import RECORD, Column
from core.api.organizations import RECORD_FIELDS
from core.api.references import Reference
from core.api.serializers import RecordSerializer
from core.models import Project
from people.api.references import IndividualReference
from people.flows import find_individual, policies
from people.models import EngagementRule, Role, RolePolicy, Service, Team

RULE_FIELDS = ("project", "kind", "name", "order", "enabled", "filter", "individual", "service")
KINDS = [("incident", "incident"), ("case", "case")]


class RuleSerializer(RecordSerializer):
    """What both kinds of rules share. An empty `filter` fits everything; see the guide to filters."""

    project = Reference(Project)
    kind = Choice(KINDS, default="incident")
    filter = serializers.JSONField(required=False, default=dict)
    individual = IndividualReference(required=False, allow_null=True)
    service = Reference(Service, required=False, allow_null=True)


class RolePolicySerializer(RuleSerializer):
    """Who gets a role in a new subject: `individual`, or who is on call for `service` (or next)."""

    role = Choice([(role, role.label) for role in Role.Name])

    class Meta:
        model = RolePolicy
        fields = (*RECORD_FIELDS, *RULE_FIELDS, "role", "next_on_call")
        read_only_fields = RECORD_FIELDS


class EngagementRuleSerializer(RuleSerializer):
    """Who else is engaged: `individual`, who is on call for `service`, or `team`."""

    team = Reference(Team, required=False, allow_null=True)

    class Meta:
        model = EngagementRule
        fields = (*RECORD_FIELDS, *RULE_FIELDS, "team")
        read_only_fields = RECORD_FIELDS


class RuleFilters(RecordFilters):
    """Rules by project and state."""

    project = ReferenceFilter(Project)
    kind = WordsFilter(["incident", "case"])
    enabled = FlagFilter()


class RolePolicyFilters(RuleFilters):
    """And by role."""

    role = WordsFilter(Role.Name.values)


class RuleViewSet(ConfigurationViewSet):
    """What both kinds of rules share."""

    area = "people"
    orderings: ClassVar[dict[str, Column]] = {**RECORD, "order": Column(path="order")}

    def save_row(self, row: Any, version: int | None) -> Any:
        return policies.save_rule(row, actor=self.actor, now=self.now, version=version)

    def body(self, instance: Any = None) -> dict[str, Any]:
        """An address not seen before makes the person."""
        given: dict[str, Any] = super().body(instance)
        if isinstance(given.get("individual"), str):
            project = given.get("project") or instance.project
            given["individual"] = find_individual(
                organization=project.organization, email=given["individual"], now=self.now
            )
        return given


class RolePolicyViewSet(RuleViewSet):
    """Role policies of the caller's projects. Of those that fit the one naming most counts, then the lowest order."""

    model = RolePolicy
    related = ("project__organization", "individual", "service")
    serializer_class = RolePolicySerializer
    filterset_class = RolePolicyFilters


class EngagementRuleViewSet(RuleViewSet):
    """Engagement rules of the caller's projects."""

    model = EngagementRule
    related = ("project__organization", "individual", "service", "team")
    serializer_class = EngagementRuleSerializer
    filterset_class = RuleFilters
