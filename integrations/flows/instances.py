"""Configuring plugins: which plugin serves what in a project, with which settings."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core import access
from core.access import Right
from core.actor import Actor
from core.errors import FlowError, InUse, Invalid
from core.flows import configuration as configurations
from core.models.organizations import Project
from integrations import configuration as settings
from integrations.capabilities import Capability
from integrations.models import PluginCapability, PluginInstance
from integrations.plugin import Plugin
from integrations.registry import plugin_class


class CapabilityTaken(FlowError):
    """Another enabled instance serves the capability in this project; `params["id"]` is that one."""

    code = "capability_taken"


@transaction.atomic
def save_instance(
    *,
    instance: PluginInstance | None,
    project: Project,
    plugin: str,
    name: str,
    actor: Actor,
    now: datetime,
    configuration: Mapping[str, Any] | None = None,
    capabilities: Iterable[str] | None = None,
    enabled: bool = True,
    version: int | None = None,
) -> PluginInstance:
    """Configure a plugin in a project, or change how it is configured.

    Secrets left out, blank or masked stay as they are (`integrations.configuration.merged`). Without `capabilities`
    it keeps those it serves; a new one serves all that the plugin offers. What is under way stays with it.

    :raises Invalid: naming the setting. :raises CapabilityTaken: when another enabled one serves a capability.
    :raises Stale: when it changed since `version`. :raises Conflict: when the name is taken in the project.
    """
    access.require(actor, Right.ADMINISTER, project)
    if instance is not None and (instance.project_id != project.pk or instance.plugin != plugin):
        raise Invalid(_("Project and plugin stay as they are; make a new one instead."), field="plugin")
    kind = _plugin(plugin, enabled=enabled)
    row = instance or PluginInstance(project=project, plugin=plugin)
    row.name, row.enabled = name, enabled
    if kind is not None:
        row.configuration = settings.merged(kind, configuration or {}, row.configuration or {})
    wanted = _capabilities(row, kind, capabilities)
    if enabled:
        _check_free(row, wanted)
    configurations.save(row, actor=actor, now=now, version=version)
    _serve(row, wanted)
    return row


@transaction.atomic
def delete_instance(*, instance: PluginInstance, actor: Actor) -> None:
    """Delete an instance that made nothing; what waits for it goes to whatever serves then.

    :raises InUse: when something was made with it; disable it instead.
    """
    access.require(actor, Right.ADMINISTER, instance.project)
    made = instance.resources.count()
    if made:
        words = {"name": instance.name, "count": made}
        raise InUse(_("“%(name)s” keeps %(count)d tickets, documents or the like. Disable it instead.") % words)
    configurations.delete(instance, actor=actor)


def public_configuration(instance: PluginInstance) -> dict[str, Any]:
    """The instance's settings for faces; a secret is `{"set": true}` or `{"set": false}`."""
    return settings.public(plugin_class(instance.plugin), instance.configuration or {})


def _plugin(slug: str, *, enabled: bool) -> type[Plugin] | None:
    kind = plugin_class(slug)
    if kind is None and enabled:
        raise Invalid(_("The plugin “%(slug)s” is not installed.") % {"slug": slug[:64]}, field="plugin")
    return kind


def _capabilities(row: PluginInstance, kind: type[Plugin] | None, given: Iterable[str] | None) -> set[str]:
    served = set(row.serves.values_list("capability", flat=True)) if row.pk else set()
    offered = {str(capability) for capability in kind.capabilities} if kind else served
    if given is None:
        return (served & offered) or offered
    wanted = {str(capability) for capability in given}
    for unknown in sorted(wanted - offered):
        words = {"name": unknown[:64], "offered": ", ".join(sorted(offered))}
        raise Invalid(_("The plugin does not offer “%(name)s”, only %(offered)s.") % words, field="capabilities")
    if not wanted:
        raise Invalid(_("Choose what it is for."), field="capabilities")
    return wanted


def _check_free(row: PluginInstance, wanted: Iterable[str]) -> None:
    others = PluginCapability.objects.filter(project_id=row.project_id, capability__in=wanted, enabled=True)
    other = others.exclude(instance_id=row.pk).select_related("instance").order_by("capability").first()
    if other is not None:
        raise _taken(other)


def _taken(other: PluginCapability) -> CapabilityTaken:
    words = {"name": other.instance.name, "capability": Capability(other.capability).label.lower()}
    sentence = _("“%(name)s” serves “%(capability)s” in this project already. Disable it first.") % words
    return CapabilityTaken(sentence, field="enabled", id=str(other.instance.uuid))


def _serve(row: PluginInstance, wanted: set[str]) -> None:
    row.serves.exclude(capability__in=wanted).delete()
    there = set(row.serves.values_list("capability", flat=True))
    try:
        with transaction.atomic():
            row.serves.update(enabled=row.enabled)
            for capability in sorted(wanted - there):
                row.serves.create(project_id=row.project_id, capability=capability, enabled=row.enabled)
    except IntegrityError:
        # Two administrators enabled one each at the same moment.
        raise CapabilityTaken(_("Another plugin was enabled for this at the same moment."), field="enabled") from None
