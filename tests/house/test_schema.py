"""The API describes itself completely, and its page needs no network and no inline script."""

import re

import pytest
from django.core.management import call_command
from jsonschema import Draft202012Validator

from core.api.documentation import schema
from tests import factories as make
from tests.apiclient import Api

OPERATIONS = [
    (path, method, operation) for path, item in schema()["paths"].items() for method, operation in item.items()
]
NAMES = [operation["operationId"] for _path, _method, operation in OPERATIONS]


def test_the_schema_is_valid_and_made_without_a_warning(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))

    assert (tmp_path / "schema.yaml").stat().st_size > 10_000
    assert schema()["openapi"].startswith("3.1")


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=NAMES)
def test_an_operation_says_who_may_call_it_what_it_answers_and_how_it_refuses(path, method, operation):
    assert operation["security"] == [{"bearer": []}, {"session": []}]
    assert operation["summary"]
    assert operation["description"]
    refusals = {code for code in operation["responses"] if code >= "4"}
    assert {"400", "401", "403"} <= refusals
    assert ("404" in refusals) >= ("{" in path)
    for code in refusals:
        (media_type,) = operation["responses"][code]["content"]
        assert media_type == "application/problem+json"
    for code in set(operation["responses"]) - refusals:
        # A file's bytes are what they are; everything else is JSON.
        spoken = "application/octet-stream" if operation["operationId"].endswith("_content") else "application/json"
        assert code == "204" or spoken in operation["responses"][code]["content"]
    headers = {each["name"] for each in operation["parameters"] if each["in"] == "header"}
    assert ("Idempotency-Key" in headers) is (method == "post")
    assert all(each.get("description") for each in operation["parameters"] if each["in"] != "query"), path


def test_every_json_body_has_an_example_that_fits_its_schema():
    whole = Draft202012Validator({"components": schema()["components"]})
    wrong, seen = [], 0
    for _path, method, operation in OPERATIONS:
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        spoken = [
            body["content"]["application/json"] for body in bodies if "application/json" in body.get("content", {})
        ]
        for body in spoken:
            faults = whole.evolve(schema=body["schema"]).iter_errors(body["example"])
            wrong += [f"{operation['operationId']}: {fault.json_path} {fault.message}" for fault in faults]
        seen += len(spoken)
        assert spoken or method == "delete" or operation["operationId"].endswith("_content"), operation["operationId"]

    assert wrong == []
    assert seen > len(OPERATIONS)


def test_an_example_reads_like_an_incident():
    (report,) = [
        operation for _path, _method, operation in OPERATIONS if operation["operationId"] == "incidents_create"
    ]
    answered = report["responses"]["201"]["content"]["application/json"]["example"]

    assert report["requestBody"]["content"]["application/json"]["example"]["title"] == "The login page answers 502"
    assert (answered["name"], answered["severity"]["name"]) == ("INC-42", "High")
    assert (answered["commander"]["name"], answered["commander"]["email"]) == ("Ada", "ada@example.com")
    assert (answered["status"], answered["closed_at"]) == ("active", None)


def test_every_operation_has_a_name_of_its_own_that_says_what_it_does():
    assert len(NAMES) == len(set(NAMES))
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in NAMES)
    assert {"incidents_list", "incidents_create", "incidents_join", "incidents_events_supersede", "me_retrieve"} <= set(
        NAMES
    )


def test_every_row_of_the_contract_is_offered():
    paths = {path.removeprefix("/api/v1") for path, _method, _operation in OPERATIONS}
    below = (
        "",
        "restore/",
        "status/",
        "roles/",
        "participants/",
        "join/",
        "leave/",
        "events/",
        "resources/",
        "operations/",
        "links/",
    )

    assert {f"/incidents/{{{'subject' if part and part != 'restore/' else 'id'}}}/{part}" for part in below} <= paths
    assert {
        f"/{name}/"
        for name in (
            "incidents", "individuals", "organizations", "projects", "memberships", "incident-types",
            "incident-severities",
            "incident-priorities", "tags", "tag-types", "plugins", "plugin-instances", "operations", "me",
        )
    } <= paths  # fmt: skip
    assert {
        "/plugin-instances/{id}/check/",
        "/operations/{id}/retry/",
        "/operations/{id}/skip/",
        "/operations/{id}/cancel/",
    } <= paths


@pytest.mark.django_db
def test_an_import_is_described_in_both_its_forms_and_a_file_has_no_members_to_choose():
    paths = Api(make.make_user()).get("/schema/").json()["paths"]
    importing, export = paths["/api/v1/individuals/import/"]["post"], paths["/api/v1/incidents/export/"]["get"]

    assert {"200", "202"} <= set(importing["responses"])
    assert {"organization", "dry_run"} <= {each["name"] for each in importing["parameters"]}
    assert "fields" not in {each["name"] for each in export["parameters"]}
    assert "ordering" in {each["name"] for each in export["parameters"]}
    assert "ETag" not in export["responses"]["200"].get("headers", {})


def test_the_schema_and_its_page_are_for_the_signed_in():
    for path in ("/schema/", "/docs/"):
        assert Api(None).get(path).status_code == 401


@pytest.mark.django_db
def test_the_page_has_no_inline_script_and_asks_nobody_outside():
    api = Api(make.make_user())

    page = api.get("/docs/").content.decode()
    script = api.get("/docs/?script=").content.decode()

    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    assert '"validatorUrl": null' in script
    assert "/api/v1/schema/" in script


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("accept", "begins"), [("application/json", b"{"), ("*/*", b"{"), ("application/vnd.oai.openapi", b"openapi: 3.1")]
)
def test_the_schema_comes_as_json_or_yaml(accept, begins):
    api = Api(make.make_user())

    response = api.get("/schema/", headers={"Accept": accept})

    assert response.status_code == 200
    assert response.content.startswith(begins)
