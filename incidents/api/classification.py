"""The words a project classifies its incidents with."""

from typing import ClassVar

from core.api.configuration import ConfigurationViewSet
from core.api.filters import FlagFilter, RecordFilters, ReferenceFilter
from core.api.ordering import RECORD, Column
from core.api.organizations import RECORD_FIELDS
from core.api.references import Reference
from core.api.serializers import RecordSerializer
from core.models import Project
from incidents.models import Priority, Severity, Type
from knowledge.models import Template

WORD_FIELDS = (*RECORD_FIELDS, "project", "name", "description", "colour", "order", "default", "enabled")


class IncidentTypeSerializer(RecordSerializer):
    """What kind of incident it is, and which documents it gets."""

    project = Reference(Project)
    incident_template = Reference(Template, scoped=True, required=False, allow_null=True)
    review_template = Reference(Template, scoped=True, required=False, allow_null=True)

    class Meta:
        model = Type
        fields = (
            *WORD_FIELDS, "visibility", "exclude_from_metrics", "exclude_from_reminders", "exclude_from_review",
            "incident_template", "review_template",
        )  # fmt: skip
        read_only_fields = RECORD_FIELDS


class IncidentSeveritySerializer(RecordSerializer):
    """How bad it is."""

    project = Reference(Project)

    class Meta:
        model = Severity
        fields = (*WORD_FIELDS, "allowed_for_stable")
        read_only_fields = RECORD_FIELDS


class IncidentPrioritySerializer(RecordSerializer):
    """How fast people must move."""

    project = Reference(Project)

    class Meta:
        model = Priority
        fields = (
            *WORD_FIELDS, "page_commander", "tactical_report_hours", "executive_report_hours", "for_stable",
        )  # fmt: skip
        read_only_fields = RECORD_FIELDS


class WordFilters(RecordFilters):
    """Words by project and state."""

    project = ReferenceFilter(Project)
    enabled = FlagFilter()
    default = FlagFilter()


class ClassificationViewSet(ConfigurationViewSet):
    """What types, severities and priorities share."""

    area = "configuration"
    related: ClassVar[tuple[str, ...]] = ("project",)
    filterset_class = WordFilters
    orderings: ClassVar[dict[str, Column]] = {**RECORD, "order": Column(path="order")}


class IncidentTypeViewSet(ClassificationViewSet):
    """Types of incidents."""

    model = Type
    related = ("project", "incident_template", "review_template")
    serializer_class = IncidentTypeSerializer


class IncidentSeverityViewSet(ClassificationViewSet):
    """Severities of incidents."""

    model = Severity
    serializer_class = IncidentSeveritySerializer


class IncidentPriorityViewSet(ClassificationViewSet):
    """Priorities of incidents."""

    model = Priority
    serializer_class = IncidentPrioritySerializer
