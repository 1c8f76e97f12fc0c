"""Organizations, projects and memberships."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers

from core.api.configuration import ConfigurationViewSet
from core.api.fields import Choice, Clock, Moment, Whole
from core.api.filters import FlagFilter, RecordFilters, ReferenceFilter, WordsFilter
from core.api.ordering import RECORD, Column
from core.api.references import PersonalReference, Reference
from core.api.serializers import Answer, Body, RecordSerializer
from core.errors import Conflict
from core.flows import memberships, organizations
from core.models import BusinessHours, Membership, MembershipRole, Organization, Project, User

RECORD_FIELDS = ("id", "version", "created_at", "updated_at")


class OrganizationSerializer(RecordSerializer):
    """A company or an independent part of one."""

    class Meta:
        model = Organization
        fields = (*RECORD_FIELDS, "name", "slug", "description")
        read_only_fields = (*RECORD_FIELDS, "slug")


class OrganizationViewSet(ConfigurationViewSet):
    """Organizations of the caller. Owners make more."""

    area = "configuration"
    model = Organization
    serializer_class = OrganizationSerializer
    filterset_class = RecordFilters

    def save_row(self, row: Any, version: int | None) -> Any:
        if row.pk:
            return super().save_row(row, version)
        made = organizations.create_organization(name=row.name, actor=self.actor, now=self.now)
        if row.description:
            made.description = row.description
            super().save_row(made, None)
        return made


class BusinessHoursSerializer(Answer):
    """A span of working time on a weekday (0 is Monday), in the project's zone."""

    weekday = Whole()
    opens_at = Clock()
    closes_at = Clock()

    class Meta:
        model = BusinessHours


class ProjectSerializer(RecordSerializer):
    """Where subjects live, with its settings."""

    organization = Reference(Organization)
    business_hours = BusinessHoursSerializer(many=True, read_only=True)

    class Meta:
        model = Project
        fields = (
            *RECORD_FIELDS, "organization", "name", "description", "enabled", "default", "time_zone", "currency",
            "name_prefix", "allow_self_join", "past_participants_may_read", "report_instructions", "title_hint",
            "description_hint", "business_hours", "holiday_country", "holiday_region", "annual_employee_cost",
            "business_year_hours", "paid_hours_per_day",
        )  # fmt: skip
        read_only_fields = RECORD_FIELDS


class ProjectFilters(RecordFilters):
    """Projects by organization and state."""

    organization = ReferenceFilter(Organization)
    enabled = FlagFilter()
    default = FlagFilter()


class ProjectViewSet(ConfigurationViewSet):
    """Projects of the caller. Owners of the organization make more; admins change settings."""

    area = "configuration"
    model = Project
    related = ("organization",)
    serializer_class = ProjectSerializer
    filterset_class = ProjectFilters

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().prefetch_related("business_hours")

    def save_row(self, row: Any, version: int | None) -> Any:
        return organizations.save_project(row, actor=self.actor, now=self.now, version=version)

    def _create(self) -> Any:
        return organizations.create_project(actor=self.actor, now=self.now, **self.body())


class MembershipSerializer(Answer):
    """A user's role in a project, or as owner of an organization (`project` is null)."""

    id = serializers.UUIDField(source="uuid")
    version = Whole()
    user = PersonalReference(User)
    organization = Reference(Organization)
    project = Reference(Project, allow_null=True)
    role = Choice(MembershipRole.choices)
    created_at = Moment()
    updated_at = Moment()


class GrantBody(Body):
    """Name the project, or for an owner the organization."""

    user = PersonalReference(User)
    role = Choice(MembershipRole.choices)
    project = Reference(Project, required=False)
    organization = Reference(Organization, required=False)


class RoleBody(Body):
    """The new role."""

    role = Choice(MembershipRole.choices)


class MembershipFilters(RecordFilters):
    """Memberships by person, place and role."""

    user = ReferenceFilter(User, natural="email")
    organization = ReferenceFilter(Organization)
    project = ReferenceFilter(Project)
    role = WordsFilter(MembershipRole.values)


class MembershipViewSet(ConfigurationViewSet):
    """The caller's own memberships, and those that they may change."""

    area = "configuration"
    model = Membership
    related = ("user", "organization", "project")
    serializer_class = MembershipSerializer
    filterset_class = MembershipFilters
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {"create": GrantBody, "partial_update": RoleBody}
    orderings: ClassVar[dict[str, Column]] = {name: RECORD[name] for name in ("created_at", "updated_at")}
    default_ordering = "created_at"

    def save_row(self, row: Any, version: int | None) -> Any:
        scope = {"project": row.project} if row.project_id else {"organization": row.organization}
        version = row.version if version is None else version
        return memberships.grant(user=row.user, role=row.role, actor=self.actor, now=self.now, version=version, **scope)

    def delete_row(self, row: Any) -> None:
        memberships.revoke(membership=row, actor=self.actor, now=self.now)

    def _create(self) -> Any:
        body = self.body()
        place = {"project": body.get("project")}
        if place["project"] is None:
            place["organization"] = body.get("organization")
        there = self.get_queryset().filter(user=body["user"], **place).first()
        if there:
            raise Conflict(_("%(who)s has a role there.") % {"who": body["user"]}, field="user", id=str(there.uuid))
        return memberships.grant(user=body["user"], role=body["role"], actor=self.actor, now=self.now, **place)
