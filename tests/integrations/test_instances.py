"""Configuring plugins: who may, what is refused, and that secrets stay inside."""

import logging

import pytest
from django.core import serializers
from django.db import connection
from django.utils import timezone

from core.errors import Conflict, Forbidden, InUse, Invalid, Stale
from core.models import MembershipRole
from core.operations import queue
from core.operations.models import Operation
from integrations import flows
from integrations.models import PluginCapability, PluginInstance, Resource
from integrations.plugin import CheckResult
from tests import factories
from tests.standins.plugins import Tracker

pytestmark = pytest.mark.django_db

SETTINGS = {"address": "https://tracker.example", "token": "correct-horse"}


def save(project, user, instance=None, **changes):
    values = {"plugin": "tracker", "name": "Our tracker", "configuration": SETTINGS, **changes}
    return flows.save_instance(
        instance=instance, project=project, actor=factories.actor_for(user), now=timezone.now(), **values
    )


def test_an_admin_configures_a_plugin(project, admin, tracker):
    made = save(project, admin)

    assert made.enabled
    assert made.configuration["token"] == "correct-horse"
    assert list(made.serves.values_list("capability", "enabled")) == [("ticket", True)]


@pytest.mark.parametrize("role", [MembershipRole.MEMBER, MembershipRole.RESPONDER, MembershipRole.MANAGER])
def test_nobody_below_admin_configures_plugins(project, instance, role):
    user = factories.make_member(project, role)
    actor, now = factories.actor_for(user), timezone.now()

    with pytest.raises(Forbidden):
        save(project, user, name="Another")
    with pytest.raises(Forbidden):
        save(project, user, instance=instance, configuration={"token": "changed-secret"})
    with pytest.raises(Forbidden):
        flows.delete_instance(instance=instance, actor=actor)
    with pytest.raises(Forbidden):
        flows.request_check(instance=instance, actor=actor, now=now)

    instance.refresh_from_db()
    assert PluginInstance.objects.count() == 1
    assert instance.configuration["token"] == "correct-horse"
    assert not Operation.objects.filter(action="plugin.check").exists()


def test_an_admin_of_another_project_sees_and_changes_nothing(project, instance):
    other = factories.make_project(organization=project.organization)
    stranger = factories.make_member(other, MembershipRole.ADMIN)

    assert not PluginInstance.objects.visible_to(stranger).exists()
    with pytest.raises(Forbidden):
        save(project, stranger, instance=instance)


def test_an_instance_stays_in_its_project_and_with_its_plugin(project, instance, admin):
    other = factories.make_project(organization=project.organization)
    owner = factories.make_member(project, MembershipRole.OWNER)

    with pytest.raises(Invalid):
        save(other, owner, instance=instance)
    with pytest.raises(Invalid):
        save(project, admin, instance=instance, plugin="builtin-ticket")


def test_saving_again_with_a_mask_keeps_the_secret(project, instance, admin):
    shown = flows.public_configuration(instance)

    save(project, admin, instance=instance, configuration={**shown, "timeout_seconds": 20})

    instance.refresh_from_db()
    assert instance.configuration["token"] == "correct-horse"
    assert instance.configuration["timeout_seconds"] == 20


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"plugin": "unknown"}, "plugin"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"configuration": {"address": "x"}}, "configuration.token"),
        ({"configuration": {**SETTINGS, "colour": "red"}}, "configuration.colour"),
        ({"capabilities": ["email"]}, "capabilities"),
        ({"capabilities": []}, "capabilities"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(project, admin, tracker, changes, field):
    with pytest.raises(Invalid) as refusal:
        save(project, admin, **changes)

    assert refusal.value.field == field
    assert not PluginInstance.objects.exists()


def test_a_second_enabled_one_for_the_same_capability_is_refused_by_name(project, instance, admin):
    with pytest.raises(flows.CapabilityTaken) as refusal:
        save(project, admin, name="Second tracker")

    assert refusal.value.message == "“Our tracker” serves “ticket” in this project already. Disable it first."
    assert refusal.value.params["id"] == str(instance.uuid)
    assert PluginInstance.objects.count() == 1


@pytest.mark.parametrize("waiting", [True, False])
def test_of_two_enabled_at_the_same_moment_the_database_keeps_one(project, instance, admin, monkeypatch, waiting):
    second = save(project, admin, name="Second tracker", enabled=False) if waiting else None
    monkeypatch.setattr(flows.instances, "_check_free", lambda *_: None)

    with pytest.raises(flows.CapabilityTaken):
        save(project, admin, instance=second, name="Second tracker")

    assert PluginCapability.objects.get(enabled=True).instance == instance
    assert not PluginInstance.objects.filter(name="Second tracker", enabled=True).exists()


def test_a_second_one_may_wait_disabled_and_take_over(project, instance, admin):
    second = save(project, admin, name="Second tracker", enabled=False)

    with pytest.raises(flows.CapabilityTaken):
        save(project, admin, instance=second, name="Second tracker", enabled=True)
    save(project, admin, instance=instance, enabled=False)
    second.refresh_from_db()
    save(project, admin, instance=second, name="Second tracker", enabled=True)

    assert list(PluginCapability.objects.filter(enabled=True).values_list("instance", flat=True)) == [second.pk]


def test_the_same_plugin_serves_two_projects(project, instance, admin):
    other = factories.make_project()

    assert save(other, factories.make_member(other, MembershipRole.ADMIN)).enabled


def test_a_taken_name_is_refused(project, instance, admin):
    with pytest.raises(Conflict):
        save(project, admin, enabled=False)


def test_an_old_version_is_refused(project, instance, admin):
    save(project, admin, instance=instance, name="Renamed")

    with pytest.raises(Stale):
        save(project, admin, instance=PluginInstance.objects.get(), name="Lost", version=1)

    assert PluginInstance.objects.get().name == "Renamed"


def test_an_uninstalled_one_can_still_be_disabled_but_not_enabled(project, instance, admin):
    PluginInstance.objects.filter(pk=instance.pk).update(plugin="gone")
    gone = PluginInstance.objects.get()

    with pytest.raises(Invalid, match="not installed"):
        save(project, admin, instance=gone, plugin="gone")
    save(project, admin, instance=PluginInstance.objects.get(), plugin="gone", enabled=False, configuration=None)

    assert not PluginCapability.objects.filter(enabled=True).exists()
    assert PluginInstance.objects.get().configuration["token"] == "correct-horse"


def test_one_that_made_nothing_is_deleted_and_its_waiting_work_goes_on_elsewhere(project, instance, admin):
    incident = factories.declare(project)

    flows.delete_instance(instance=instance, actor=factories.actor_for(admin))
    queue.run_due(50)

    assert Resource.objects.get(incident=incident, kind="ticket").plugin == "builtin-ticket"


def test_one_that_keeps_tickets_is_not_deleted(project, instance, admin):
    factories.declare(project)
    queue.run_due(50)

    with pytest.raises(InUse, match="“Our tracker” keeps 1 tickets"):
        flows.delete_instance(instance=instance, actor=factories.actor_for(admin))

    assert PluginInstance.objects.filter(pk=instance.pk).exists()


def test_a_test_of_the_connection_is_done_by_a_worker_and_kept(project, instance, admin):
    flows.request_check(instance=instance, actor=factories.actor_for(admin), now=timezone.now())
    assert instance.checked_at is None

    queue.run_due(50)

    instance.refresh_from_db()
    assert instance.check_ok is True
    assert instance.check_message == "Tracker at https://tracker.example answers."
    assert instance.checked_at is not None


def test_asking_twice_tests_once(project, instance, admin):
    for _ in range(2):
        flows.request_check(instance=instance, actor=factories.actor_for(admin), now=timezone.now())

    assert Operation.objects.filter(action="plugin.check").count() == 1


def test_a_failing_connection_is_an_answer_in_words_and_not_a_failed_operation(project, instance, admin):
    Tracker.down = True
    flows.request_check(instance=instance, actor=factories.actor_for(admin), now=timezone.now())

    queue.run_due(50)

    instance.refresh_from_db()
    assert (instance.check_ok, instance.check_message) == (False, "Tracker does not answer.")
    assert Operation.objects.get(action="plugin.check").status == Operation.Status.SUCCEEDED


def test_an_answer_about_settings_that_changed_meanwhile_is_not_kept(project, instance, admin):
    before = PluginInstance.objects.get()
    save(project, admin, instance=instance, name="Renamed")

    from_before = flows.store_check(instance=before, result=CheckResult(ok=True, message=""), now=timezone.now())

    assert not from_before
    assert PluginInstance.objects.get().checked_at is None


def test_secrets_are_neither_in_the_database_nor_in_history_dumps_logs_or_words(project, admin, tracker, caplog):
    caplog.set_level(logging.DEBUG)
    made = save(project, admin, configuration={**SETTINGS, "token": "hunter2-hunter2"})
    save(project, admin, instance=made, configuration={"token": "hunter3-hunter3"})
    flows.request_check(instance=made, actor=factories.actor_for(admin), now=timezone.now())
    queue.run_due(50)

    with connection.cursor() as cursor:
        cursor.execute("SELECT configuration FROM integrations_plugininstance")
        stored = str(cursor.fetchall())
    history = str(list(PluginInstance.history.values()))
    dump = serializers.serialize("json", PluginInstance.objects.all())
    shown = f"{flows.public_configuration(made)} {made} {made!r} {list(Operation.objects.values())}"

    for place in (stored, history, dump, shown, caplog.text):
        assert "hunter" not in place
    assert PluginInstance.history.count() == 2


def test_a_dump_can_be_loaded_again(project, instance):
    dump = serializers.serialize("json", PluginInstance.objects.all())

    loaded = next(iter(serializers.deserialize("json", dump)))

    assert loaded.object.configuration == instance.configuration
