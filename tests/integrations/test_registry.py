"""Which plugin serves what; installed code that is broken is listed and harms nobody."""

from unittest import mock

import pytest
from django.core.checks.registry import registry as check_registry
from django.utils import timezone

from core.operations.errors import NotConfigured
from integrations import flows, registry
from integrations.capabilities import INTERFACES, Capability
from integrations.checks import plugins_work
from integrations.models import PluginInstance, Resource
from integrations.plugin import CheckResult, Plugin
from tests import factories
from tests.standins.plugins import Tracker

pytestmark = pytest.mark.django_db


class Entry:
    """An installed package's entry point."""

    def __init__(self, name: str, loads: object) -> None:
        self.name, self._loads = name, loads

    def load(self) -> object:
        if isinstance(self._loads, Exception):
            raise self._loads
        return self._loads


def catalogue_with(*entries: Entry) -> registry.Catalogue:
    with mock.patch.object(registry.metadata, "entry_points", return_value=list(entries)):
        return registry.catalogue.__wrapped__()


class NoTickets(Plugin):
    slug, title, vendor = "no-tickets", "No tickets", "Invented"
    capabilities = frozenset({Capability.TICKET})

    def check(self) -> CheckResult:
        return CheckResult(ok=True, message="")


class NothingOffered(Plugin):
    slug, title, vendor = "nothing", "Nothing", "Invented"
    capabilities = frozenset()

    def check(self) -> CheckResult:
        return CheckResult(ok=True, message="")


class HalfDone(Tracker):
    slug = "half-done"
    ensure = registry.INTERFACES[Capability.TICKET].ensure

    __abstractmethods__ = frozenset({"ensure"})


class Impostor(Tracker):
    slug = "builtin-ticket"


class BadName(Tracker):
    slug = "Bad name"


def test_an_installed_plugin_is_found():
    assert catalogue_with(Entry("tracker", Tracker)).plugins["tracker"] is Tracker


@pytest.mark.parametrize(
    ("loads", "reason"),
    [
        (ImportError("no module named vendor"), "ImportError: no module named vendor"),
        (ValueError("boom"), "ValueError: boom"),
        (object, "not a subclass"),
        (NoTickets, "does not implement the class of “ticket”"),
        (NothingOffered, "offers no capability"),
        (HalfDone, "leaves out ensure()"),
        (Impostor, "“builtin-ticket” is taken"),
        (BadName, "its slug must be"),
    ],
)
def test_a_broken_plugin_is_listed_with_the_reason_and_the_rest_works(loads, reason):
    found = catalogue_with(Entry("broken", loads), Entry("tracker", Tracker))

    assert [broken.name for broken in found.broken] == ["broken"]
    assert reason in found.broken[0].reason
    assert found.plugins["tracker"] is Tracker
    assert set(found.plugins) >= {plugin.slug for plugin in registry.BUILTIN}


def test_a_broken_plugin_is_a_warning_of_the_system_check():
    found = registry.Catalogue(plugins={}, broken=(registry.Broken(name="vendor", reason="it is old"),))

    with mock.patch("integrations.checks.catalogue", return_value=found):
        (warning,) = plugins_work(None)

    assert plugins_work in check_registry.get_checks()
    assert (warning.id, warning.msg) == ("integrations.W001", "The plugin “vendor” cannot be used: it is old.")


@pytest.mark.parametrize("capability", INTERFACES)
def test_without_any_configuration_the_built_in_serves(project, capability):
    bound = registry.plugin_for(project.pk, capability)

    assert bound.instance is None
    assert bound.plugin in registry.BUILTIN
    assert registry.route(project.pk, capability).lane == f"builtin:{capability}"


def test_the_enabled_instance_serves_its_project_and_no_other(project, instance):
    other = factories.make_project()

    assert registry.plugin_for(project.pk, "ticket").plugin is Tracker
    assert registry.route(project.pk, "ticket").lane == f"plugin:{instance.pk}"
    assert registry.plugin_for(other.pk, "ticket").instance is None


def test_a_disabled_instance_leaves_the_work_to_the_built_in(project, instance, admin):
    flows.save_instance(
        instance=instance, project=project, plugin="tracker", name="Our tracker", enabled=False,
        actor=factories.actor_for(admin), now=timezone.now(),
    )  # fmt: skip

    assert registry.plugin_for(project.pk, "ticket").instance is None
    assert registry.route(project.pk, "ticket").instance_id is None


def test_people_of_an_organization_are_looked_up_where_one_of_its_projects_says(project, instance):
    instance.serves.update(capability="contact")
    stranger = factories.make_organization()

    assert registry.plugin_for_organization(project.organization_id, "contact").instance == instance
    assert registry.plugin_for_organization(stranger.pk, "contact").instance is None


def test_what_nobody_offers_is_said_in_words(project):
    with pytest.raises(NotConfigured, match="No plugin for “Conversation” is enabled"):
        registry.plugin_for(project.pk, "conversation")


def test_an_uninstalled_plugin_is_named_and_not_replaced_silently(project):
    row = PluginInstance.objects.create(project=project, plugin="gone", name="Old one")
    row.serves.create(project=project, capability="ticket")

    with pytest.raises(NotConfigured, match="The plugin “gone” of “Old one” is not installed"):
        registry.plugin_for(project.pk, "ticket")


def test_settings_that_do_not_fit_the_plugin_any_more_are_named(project, instance):
    PluginInstance.objects.filter(pk=instance.pk).update(configuration={"address": "x"})

    with pytest.raises(NotConfigured, match="settings of “Our tracker” are not in order"):
        registry.plugin_for(project.pk, "ticket")


def test_a_resource_is_updated_where_it_is_kept(project, instance):
    incident = factories.declare(project)
    kept = Resource(
        incident=incident, kind="ticket", plugin="tracker", instance=instance, external_id="T1", label="TRK-1"
    )
    own = Resource(incident=incident, kind="ticket", plugin="builtin-ticket", external_id="1", label="#1")

    assert registry.keeper_of(kept).instance == instance
    assert registry.keeper_of(own).plugin.slug == "builtin-ticket"


def test_a_resource_whose_keeper_is_disabled_or_gone_is_not_sent_elsewhere(project, instance):
    incident = factories.declare(project)
    instance.enabled = False
    disabled = Resource(
        incident=incident, kind="ticket", plugin="tracker", instance=instance, external_id="T1", label="TRK-1"
    )
    gone = Resource(incident=incident, kind="ticket", plugin="tracker", external_id="T1", label="TRK-1")

    with pytest.raises(NotConfigured, match="“Our tracker”, which keeps TRK-1, is disabled"):
        registry.keeper_of(disabled)
    with pytest.raises(NotConfigured, match="keeps TRK-1 is not configured any more"):
        registry.keeper_of(gone)
