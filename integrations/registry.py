"""Which plugins there are, and which one serves a capability of a project.

Built-in ones stand in a list here; others come from installed packages by the entry-point group `dispatch.plugins`.
"""

import functools
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from types import MappingProxyType
from typing import Any, Final

import structlog
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core.errors import Invalid
from core.operations.errors import NotConfigured
from core.operations.models import Operation
from core.operations.performers import Route
from integrations.capabilities import INTERFACES, Capability
from integrations.configuration import parse
from integrations.models import PluginCapability, PluginInstance, Resource
from integrations.plugin import Plugin, PluginConfiguration
from integrations.plugins.builtin.contact import AddressBook
from integrations.plugins.builtin.document import BuiltinDocuments
from integrations.plugins.builtin.mail import DjangoMail
from integrations.plugins.builtin.on_call import BuiltinOnCall
from integrations.plugins.builtin.ticket import BuiltinTickets

logger = structlog.get_logger(__name__)

GROUP: Final = "dispatch.plugins"
BUILTIN: Final[tuple[type[Plugin], ...]] = (BuiltinTickets, BuiltinDocuments, AddressBook, DjangoMail, BuiltinOnCall)
DEFAULTS: Final[Mapping[Capability, type[Plugin]]] = MappingProxyType(
    {capability: plugin for plugin in BUILTIN for capability in plugin.capabilities}
)
_SLUG = re.compile(r"^[a-z][a-z0-9-]{1,63}$")


@dataclass(frozen=True, kw_only=True)
class Broken:
    """An installed plugin that cannot be used, and why."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Everything installed."""

    plugins: Mapping[str, type[Plugin]]
    broken: tuple[Broken, ...]


@dataclass(frozen=True, kw_only=True)
class Bound:
    """The plugin that serves a capability, with the configuration as it is now. `instance` is None for the built-in."""

    plugin: type[Plugin]
    instance: PluginInstance | None
    configuration: PluginConfiguration
    project_id: int | None

    def client(self) -> Any:
        """A plugin object for one call; it offers the methods of the capability it was asked for."""
        return self.plugin(self.configuration, project_id=self.project_id)


@functools.cache
def catalogue() -> Catalogue:
    """The built-in plugins and those of installed packages, read once a process. A broken one is listed, not fatal."""
    plugins: dict[str, type[Plugin]] = {plugin.slug: plugin for plugin in BUILTIN}
    broken = []
    for entry in sorted(metadata.entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            plugin = entry.load()
            reason = _fault(plugin, plugins)
        except Exception as error:  # noqa: BLE001 - somebody else's code: whatever it does, Dispatch starts
            reason = f"{type(error).__name__}: {error}"
        if reason:
            broken.append(Broken(name=entry.name, reason=reason))
            logger.error("A plugin cannot be used", plugin=entry.name, reason=reason)
        else:
            plugins[plugin.slug] = plugin
    return Catalogue(plugins=MappingProxyType(plugins), broken=tuple(broken))


def plugin_class(slug: str) -> type[Plugin] | None:
    """The installed plugin of this name."""
    return catalogue().plugins.get(slug)


def plugin_for(project_id: int | None, capability: str) -> Bound:
    """What serves the capability in the project: its enabled instance, else the built-in.

    :raises NotConfigured: when neither is there, or the instance's plugin or configuration is not in order.
    """
    row = _serving(project_id, capability).select_related("instance").first()
    return bind(row.instance) if row else builtin_for(project_id, capability)


def plugin_of(operation: Operation) -> Bound:
    """What performs the operation: the instance it was planned for while that still serves, else today's."""
    instance = operation.plugin_instance
    if instance is not None and instance.serves.filter(capability=operation.capability, enabled=True).exists():
        return bind(instance)
    if operation.project_id is None and operation.organization_id is not None:
        return plugin_for_organization(operation.organization_id, operation.capability)
    return plugin_for(operation.project_id, operation.capability)


def plugin_for_organization(organization_id: int, capability: str) -> Bound:
    """What serves the capability for people, who belong to no project: the default project's instance, else the first
    of another project, else the built-in.

    :raises NotConfigured: as `plugin_for`.
    """
    rows = PluginCapability.objects.filter(project__organization=organization_id, capability=capability, enabled=True)
    row = rows.select_related("instance").order_by("-project__default", "pk").first()
    return bind(row.instance) if row else builtin_for(None, capability)


def keeper_of(resource: Resource) -> Bound:
    """What keeps a resource that was made: updates go there, whatever serves new ones.

    :raises NotConfigured: when it is disabled or gone.
    """
    if resource.instance is not None:
        if not resource.instance.enabled:
            words = {"name": resource.instance.name, "label": resource.label}
            raise NotConfigured(_("“%(name)s”, which keeps %(label)s, is disabled.") % words)
        return bind(resource.instance)
    plugin = plugin_class(resource.plugin)
    if plugin is None or plugin not in BUILTIN:
        raise NotConfigured(
            _("The plugin that keeps %(label)s is not configured any more.") % {"label": resource.label}
        )
    project_id = resource.subject.project_id
    return Bound(plugin=plugin, instance=None, configuration=plugin.Configuration(), project_id=project_id)


def bind(instance: PluginInstance) -> Bound:
    """The instance's plugin with its configuration.

    :raises NotConfigured: when the plugin is not installed or the configuration does not fit it.
    """
    plugin = plugin_class(instance.plugin)
    if plugin is None:
        words = {"plugin": instance.plugin, "name": instance.name}
        raise NotConfigured(_("The plugin “%(plugin)s” of “%(name)s” is not installed.") % words)
    try:
        configuration = parse(plugin, instance.configuration)
    except Invalid as error:
        words = {"name": instance.name, "why": error.message}
        raise NotConfigured(_("The settings of “%(name)s” are not in order. %(why)s") % words) from None
    return Bound(plugin=plugin, instance=instance, configuration=configuration, project_id=instance.project_id)


def builtin_for(project_id: int | None, capability: str) -> Bound:
    """The built-in plugin of the capability.

    :raises NotConfigured: when there is none.
    """
    plugin = DEFAULTS.get(Capability(capability))
    if plugin is None:
        words = {"capability": Capability(capability).label}
        raise NotConfigured(_("No plugin for “%(capability)s” is enabled in this project.") % words)
    return Bound(plugin=plugin, instance=None, configuration=plugin.Configuration(), project_id=project_id)


def route(project_id: int | None, capability: str) -> Route:
    """Where an operation is queued: in the lane of the instance that serves it, or of the built-in."""
    instance_id = _serving(project_id, capability).values_list("instance_id", flat=True).first()
    return Route(instance_id=instance_id, lane=f"plugin:{instance_id}" if instance_id else f"builtin:{capability}")


def _serving(project_id: int | None, capability: str) -> QuerySet[PluginCapability, Any]:
    rows = PluginCapability.objects.filter(capability=capability, enabled=True)
    return rows.filter(project_id=project_id) if project_id else rows.none()


def _fault(plugin: Any, known: Mapping[str, type[Plugin]]) -> str:
    """Why the class cannot be used as a plugin; empty when it can."""
    if not (inspect.isclass(plugin) and issubclass(plugin, Plugin)):
        return "it is not a subclass of integrations.plugin.Plugin"
    for check in (_fault_of_name, _fault_of_capabilities, _fault_of_configuration):
        reason = check(plugin, known)
        if reason:
            return reason
    return ""


def _fault_of_name(plugin: type[Plugin], known: Mapping[str, type[Plugin]]) -> str:
    if not _SLUG.match(getattr(plugin, "slug", "")):
        return "its slug must be small letters, digits and hyphens"
    return f"the slug “{plugin.slug}” is taken" if plugin.slug in known else ""


def _fault_of_capabilities(plugin: type[Plugin], _known: Mapping[str, type[Plugin]]) -> str:
    offered = getattr(plugin, "capabilities", None)
    if not offered or not set(offered) <= set(Capability):
        return "it offers no capability, or an unknown one"
    missing = [
        name
        for name in offered
        if Capability(name) in INTERFACES and not issubclass(plugin, INTERFACES[Capability(name)])
    ]
    if missing:
        return f"it does not implement the class of “{missing[0]}”"
    abstract = sorted(getattr(plugin, "__abstractmethods__", ()))
    return f"it leaves out {', '.join(abstract)}()" if abstract else ""


def _fault_of_configuration(plugin: type[Plugin], _known: Mapping[str, type[Plugin]]) -> str:
    schema = plugin.Configuration
    if not (inspect.isclass(schema) and issubclass(schema, PluginConfiguration)):
        return "its Configuration is not a subclass of PluginConfiguration"
    return ""
