"""What knowledge offers."""

from core.api.registry import register
from knowledge.api.tags import TagTypeViewSet, TagViewSet

register("tags", TagViewSet)
register("tag-types", TagTypeViewSet)
