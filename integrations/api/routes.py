"""What integrations offer."""

from core.api.registry import register, register_for_subjects
from integrations.api.plugins import PluginInstanceViewSet, PluginViewSet
from integrations.api.resources import ResourceViewSet

register("plugins", PluginViewSet)
register("plugin-instances", PluginInstanceViewSet)
register_for_subjects("resources", ResourceViewSet)
