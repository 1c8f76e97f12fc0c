"""A typed Python client, generated from the served document, does an incident's journey against a live server."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests import factories as make
from tests.apiclient import Api

pytestmark = [pytest.mark.soak, pytest.mark.django_db(transaction=True)]

TOOL = Path(sys.executable).with_name("openapi-python-client")
# The generator knows no body of this kind; the same operation takes a form, which it knows.
KNOWN = "Unsupported content type text/csv"


@pytest.fixture
def package(live_server, tmp_path, monkeypatch):
    """The generated package, importable."""
    document = tmp_path / "schema.json"
    document.write_bytes(Api(make.make_user()).get("/schema/").content)
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"post_hooks": []}))
    done = subprocess.run(
        [TOOL, "generate", "--path", document, "--meta", "none", "--output-path", tmp_path / "generated_client",
         "--config", config],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert said.count("WARNING") == said.count(KNOWN) == 1, said
    assert "Unable to process" not in said
    monkeypatch.syspath_prepend(tmp_path)
    return "generated_client"


def test_the_generated_client_takes_an_incident_from_report_to_reopening(package, live_server):
    responder = make.make_member(make.make_project(name="Security"), "manager")
    token = Api(responder).headers["Authorization"].removeprefix("Bearer ")
    models = importlib.import_module(f"{package}.models")
    client = importlib.import_module(package).AuthenticatedClient(base_url=live_server.url, token=token)

    def call(operation, *path, **more):
        area = operation.partition("_")[0]
        return importlib.import_module(f"{package}.api.{area}.{operation}").sync_detailed(*path, client=client, **more)

    def move(to, **more):
        body = models.IncidentMoveRequest(status=models.IncidentMoveRequestStatus(to), reason="As it is")
        return call("incidents_status_create", name, body=body, **more)

    report = models.IncidentReportRequest(title="Odd log-in to payroll", severity="High")
    made = call("incidents_create", body=report, idempotency_key="alert-981")
    again = call("incidents_create", body=report, idempotency_key="alert-981")
    name = made.parsed.name
    assert (made.status_code, made.parsed.status, made.parsed.severity.name) == (201, "active", "High")
    assert (again.parsed.id, again.headers["Idempotency-Replayed"]) == (made.parsed.id, "true")

    role = models.AssignRequest(role=models.AssignRequestRole("incident_commander"), individual="bob@example.com")
    assert call("incidents_roles_create", name, body=role).parsed.individual.email == "bob@example.com"
    entry = call("incidents_events_create", name, body=models.EntryRequest(description="We isolated it."))
    assert entry.parsed.description == "We isolated it."
    task = call("incidents_tasks_create", name, body=models.TaskRequest(title="Rotate keys")).parsed
    assert call("incidents_tasks_resolve", name, str(task.id)).parsed.status == "resolved"
    read = call("incidents_retrieve", name)
    assert read.parsed.commander.email == "bob@example.com"

    assert [move(to).parsed.status for to in ("stable", "closed", "active")] == ["stable", "closed", "active"]

    edit = models.PatchedIncidentEditRequest(title="Stolen laptop")
    lost = call("incidents_partial_update", name, body=edit, if_match=read.headers["ETag"])
    assert (lost.status_code, type(lost.parsed).__name__) == (412, "Problem")
    current = call("incidents_retrieve", name).headers["ETag"]
    assert call("incidents_partial_update", name, body=edit, if_match=current).parsed.title == "Stolen laptop"

    for number in range(3):
        call("incidents_create", body=models.IncidentReportRequest(title=f"Another {number}"))
    active = [models.IncidentsListStatusItem("active")]
    page = call("incidents_list", status=active, severity=["High"]).parsed
    assert [row.name for row in page.results] == [name]
    first = call("incidents_list", status=active, page_size=3).parsed
    cursor = parse_qs(urlsplit(first.next_).query)["cursor"][0]
    rest = call("incidents_list", status=active, page_size=3, cursor=cursor)
    assert len({row.name for row in [*first.results, *rest.parsed.results]}) == 4
    assert rest.parsed.next_ is None
