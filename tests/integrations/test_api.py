"""Plugins and operations over HTTP; secrets go in and never come out."""

import pytest
from pydantic import Field, SecretStr

from core.models import Operation
from core.operations.queue import run_due
from integrations import registry
from integrations.api import plugins as face
from integrations.capabilities import Capability
from integrations.models import PluginInstance
from integrations.plugin import CheckResult, Plugin, PluginConfiguration
from tests import factories as make
from tests.apiclient import Api, at_fault, problem

pytestmark = pytest.mark.django_db


class PagerConfiguration(PluginConfiguration):
    """Of a plugin made for these tests."""

    address: str = Field(title="Address", max_length=50)
    token: SecretStr = Field(title="Token")


class Pager(Plugin):
    """Serves a capability that needs no class yet."""

    slug = "pager"
    title = "Pager"
    vendor = "Acme"
    capabilities = frozenset({Capability.ON_CALL, Capability.MONITOR})
    Configuration = PagerConfiguration

    def check(self) -> CheckResult:
        return CheckResult(ok=False, message=f"{self.configuration.address} does not answer.")


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    real = registry.catalogue()
    with_pager = registry.Catalogue(plugins={**real.plugins, Pager.slug: Pager}, broken=real.broken)
    for module in (registry, face):
        monkeypatch.setattr(module, "catalogue", lambda: with_pager)


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def admin(project):
    return Api(make.make_member(project, "admin"))


BODY = {
    "project": "Security",
    "plugin": "pager",
    "name": "Our pager",
    "configuration": {"address": "https://pager.example", "token": "hunter2-hunter2"},
}


def test_installed_plugins_are_listed_with_what_they_want_to_know(admin):
    plugins = {row["slug"]: row for row in admin.get("/plugins/").json()["results"]}

    assert set(plugins) >= {"builtin-ticket", "pager"}
    assert plugins["pager"]["capabilities"] == ["monitor", "on_call"]
    assert plugins["pager"]["configuration_schema"]["required"] == ["address", "token"]
    assert (plugins["builtin-ticket"]["built_in"], plugins["pager"]["built_in"]) == (True, False)
    assert admin.get("/plugins/pager/").json() == plugins["pager"]
    assert admin.get("/plugins/nonsense/").status_code == 404
    assert len(admin.get("/plugins/?page_size=1&page=2").json()["results"]) == 1
    assert admin.get("/plugins/?page=99").status_code == 404


def test_a_secret_goes_in_and_never_comes_out(admin):
    made = admin.post("/plugin-instances/", BODY)

    assert made.status_code == 201, made.content
    body = made.json()
    assert body["configuration"] == {"address": "https://pager.example", "token": {"set": True}}
    assert (body["project"]["name"], body["capabilities"], body["enabled"]) == (
        "Security",
        ["monitor", "on_call"],
        True,
    )
    everything = [made, admin.get(f"/plugin-instances/{body['id']}/"), admin.get("/plugin-instances/")]
    assert not any(b"hunter2" in response.content for response in everything)


def test_what_was_read_can_be_written_back_and_the_secret_stays(admin):
    made = admin.post("/plugin-instances/", BODY).json()

    changed = admin.patch(f"/plugin-instances/{made['id']}/", {"name": "Pager", "configuration": made["configuration"]})

    assert (changed.status_code, changed.json()["name"]) == (200, "Pager")
    assert PluginInstance.objects.get().configuration["token"] == "hunter2-hunter2"


def test_a_patch_leaves_the_rest_and_minds_the_version(admin):
    made = admin.post("/plugin-instances/", {**BODY, "capabilities": ["on_call"]})
    url = f"/plugin-instances/{made.json()['id']}/"

    changed = admin.patch(url, {"enabled": False}, If_Match=made["ETag"])
    stale = admin.patch(url, {"enabled": True}, If_Match=made["ETag"])

    body = changed.json()
    assert (body["enabled"], body["name"], body["capabilities"]) == (False, "Our pager", ["on_call"])
    assert body["configuration"]["address"] == "https://pager.example"
    assert stale.status_code == 412
    assert PluginInstance.objects.get().enabled is False


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"plugin": "nonsense"}, "plugin"),
        ({"configuration": {}}, "configuration.address"),
        ({"name": ""}, "name"),
        ({"configuration": {"address": 5, "token": "x"}}, "configuration.address"),
        ({"configuration": []}, "configuration"),
        ({"configuration": {"address": "a", "token": "x", "more": 1}}, "configuration.more"),
        ({"capabilities": ["ticket"]}, "capabilities"),
        ({"capabilities": ["nonsense"]}, "capabilities.0"),
        ({"capabilities": []}, "capabilities"),
        ({"project": "Elsewhere"}, "project"),
        ({"enabled": "yes"}, "enabled"),
    ],
)
def test_a_wrong_configuration_names_the_setting_and_leaves_nothing(admin, change, field):
    response = admin.post("/plugin-instances/", {**BODY, **change})

    assert (response.status_code, at_fault(response)) == (400, {field})
    assert "hunter2" not in response.content.decode()
    assert not PluginInstance.objects.exists()


def test_a_capability_that_is_served_is_a_409_with_the_id_of_who_serves(admin):
    first = admin.post("/plugin-instances/", BODY).json()

    response = admin.post("/plugin-instances/", {**BODY, "name": "Second"})

    assert (response.status_code, problem(response)["id"]) == (409, first["id"])
    assert PluginInstance.objects.count() == 1


@pytest.mark.parametrize("role", ["member", "responder", "manager"])
def test_below_admin_configured_plugins_are_not_there(project, admin, role):
    made = admin.post("/plugin-instances/", BODY).json()
    api = Api(make.make_member(project, role))

    assert api.get("/plugin-instances/?page=1").json()["count"] == 0
    assert api.get(f"/plugin-instances/{made['id']}/").status_code == 404
    assert api.patch(f"/plugin-instances/{made['id']}/", {"enabled": False}).status_code == 404
    assert api.post(f"/plugin-instances/{made['id']}/check/").status_code == 404
    assert api.post("/plugin-instances/", {**BODY, "name": "Mine"}).status_code == 403
    assert PluginInstance.objects.get().enabled is True


def test_a_test_of_the_connection_is_planned_once_and_its_answer_read(admin):
    made = admin.post("/plugin-instances/", BODY).json()
    url = f"/plugin-instances/{made['id']}/"

    asked, twice = admin.post(f"{url}check/"), admin.post(f"{url}check/")

    assert asked.status_code == 202
    assert (asked.json()["action"], asked.json()["status"]) == ("plugin.check", "pending")
    assert twice.json()["id"] == asked.json()["id"]
    run_due(10)
    assert admin.get(f"/operations/{asked.json()['id']}/").json()["status"] == "succeeded"
    told = admin.get(url).json()
    assert (told["check_ok"], told["check_message"]) == (False, "https://pager.example does not answer.")
    assert told["checked_at"]


def test_an_unused_one_is_deleted(admin):
    made = admin.post("/plugin-instances/", BODY).json()

    assert admin.delete(f"/plugin-instances/{made['id']}/").status_code == 204
    assert not PluginInstance.objects.exists()


# Operations


@pytest.fixture
def failed(project):
    incident = make.declare(project)
    operation = incident.operations.get(action="ticket.create")
    Operation.objects.filter(pk=operation.pk).update(status="failed", error="The tracker said no.")
    return operation


def test_operations_are_listed_for_those_who_see_their_subject(project, failed):
    make.declare(project, visibility="restricted")
    responder, stranger = (
        Api(make.make_member(project, "responder")),
        Api(make.make_member(make.make_project(), "owner")),
    )

    rows = responder.get("/operations/", status="failed").json()["results"]

    assert [(row["action"], row["error"], row["subject"]["name"]) for row in rows] == [
        ("ticket.create", "The tracker said no.", "INC-1")
    ]
    subjects = [row["subject"] for row in responder.get("/operations/").json()["results"]]
    assert {subject["name"] for subject in subjects if subject} == {"INC-1"}
    assert responder.get("/operations/", action="ticket.create", project="Security").json()["results"] == rows
    assert responder.get(f"/operations/{failed.uuid}/").json() == rows[0]
    assert stranger.get("/operations/").json()["results"] == []
    assert stranger.get(f"/operations/{failed.uuid}/").status_code == 404


def test_a_failed_one_is_retried_and_what_waits_is_skipped_or_cancelled(project, failed):
    api = Api(make.make_member(project, "responder"))
    document = failed.incident.operations.get(action="document.create")

    retried = api.post(f"/operations/{failed.uuid}/retry/")
    cancelled = api.post(f"/operations/{failed.uuid}/cancel/")
    unexplained = api.post(f"/operations/{document.uuid}/skip/", {})
    skipped = api.post(f"/operations/{document.uuid}/skip/", {"reason": "Written by hand"})
    late = api.post(f"/operations/{document.uuid}/cancel/", {"reason": "x"})

    assert (retried.status_code, retried.json()["status"]) == (200, "pending")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "skipped")
    assert (unexplained.status_code, at_fault(unexplained)) == (400, {"reason"})
    assert (skipped.json()["status"], skipped.json()["error"]) == ("skipped", "Written by hand")
    assert (late.status_code, problem(late)["type"]) == (409, "urn:dispatch:problem:operation_state")


def test_a_member_sees_and_does_not_touch(project, failed):
    api = Api(make.make_member(project))

    assert api.get(f"/operations/{failed.uuid}/").status_code == 200
    assert api.post(f"/operations/{failed.uuid}/retry/").status_code == 403
    failed.refresh_from_db()
    assert failed.status == "failed"


def test_resources_that_are_ready_carry_a_whole_address(project, settings):
    settings.BASE_URL = "https://dispatch.example"
    make.declare(project)
    run_due(20)
    api = Api(make.make_member(project))

    rows = api.get("/incidents/INC-1/resources/").json()["results"]

    assert [(row["kind"], row["state"]) for row in rows] == [("ticket", "ready"), ("incident_document", "ready")]
    assert all(row["url"].startswith("https://dispatch.example/") for row in rows)
