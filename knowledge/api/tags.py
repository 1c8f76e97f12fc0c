"""Tags and their types."""

from typing import Any, ClassVar

from core.api.configuration import ConfigurationViewSet
from core.api.filters import FlagFilter, RecordFilters, ReferenceFilter
from core.api.ordering import RECORD, Column
from core.api.organizations import RECORD_FIELDS
from core.api.references import Reference
from core.api.serializers import RecordSerializer
from core.models import Project
from knowledge.flows import save_tag, save_tag_type
from knowledge.models import Tag, TagType


class TagTypeSerializer(RecordSerializer):
    """A group of tags."""

    project = Reference(Project)

    class Meta:
        model = TagType
        fields = (*RECORD_FIELDS, "project", "name", "description", "colour", "exclusive")
        read_only_fields = RECORD_FIELDS


class TagSerializer(RecordSerializer):
    """A word that describes subjects."""

    project = Reference(Project)
    tag_type = Reference(TagType, scoped=True)

    class Meta:
        model = Tag
        fields = (*RECORD_FIELDS, "project", "tag_type", "name", "description", "enabled")
        read_only_fields = RECORD_FIELDS


class TagTypeFilters(RecordFilters):
    """Types by project."""

    project = ReferenceFilter(Project)
    exclusive = FlagFilter()


class TagFilters(RecordFilters):
    """Tags by project and type."""

    project = ReferenceFilter(Project)
    tag_type = ReferenceFilter(TagType)
    enabled = FlagFilter()


class TagTypeViewSet(ConfigurationViewSet):
    """Types of tags in the caller's projects."""

    area = "knowledge"
    model = TagType
    related = ("project",)
    serializer_class = TagTypeSerializer
    filterset_class = TagTypeFilters

    def save_row(self, row: Any, version: int | None) -> Any:
        return save_tag_type(row, actor=self.actor, now=self.now, version=version)


class TagViewSet(ConfigurationViewSet):
    """Tags in the caller's projects."""

    area = "knowledge"
    model = Tag
    related = ("project", "tag_type")
    serializer_class = TagSerializer
    filterset_class = TagFilters
    orderings: ClassVar[dict[str, Column]] = {**RECORD, "tag_type": Column(path="tag_type__name")}

    def save_row(self, row: Any, version: int | None) -> Any:
        return save_tag(row, actor=self.actor, now=self.now, version=version)
