"""Every operation of the schema, against everybody and against rubbish: nothing answers with a 5xx."""

import copy
import uuid
from typing import Any

import pytest

from core.api.documentation import schema
from incidents.models import Incident
from tests import factories as make
from tests.apiclient import BASE, Api, problem

pytestmark = pytest.mark.django_db

NASTY: list[Any] = [
    None,
    True,
    0,
    -1,
    2**31,
    2**63,
    10**30,
    1.5,
    1e300,
    "",
    " ",
    "\n",
    "x" * 30_000,
    "٣",
    "💥",
    "'; --",
    "%",
    "a@b",
    "@",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30T00:00:00Z",
    "2026-11-24",
    "null",
    [],
    [[]],
    [None],
    ["x"] * 300,
    {},
    {"id": 1},
    {"a": {"b": []}},
    "00000000-0000-4000-8000-000000000000",
    "../../etc/passwd",
    "INC-1",
    "Default",
]
NASTY_PARAMETERS = [
    "",
    " ",
    "%00",
    "%ff",
    "0",
    "-1",
    "1e9",
    "9" * 30,
    "null",
    "true",
    "x" * 3000,
    "a,b",
    "-",
    "٣",
    "%F0%9F%92%A5",
]


def operations(*methods: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Path, method and description of all operations."""
    return [
        (path.removeprefix(BASE), method, operation)
        for path, item in schema()["paths"].items()
        for method, operation in item.items()
        if method in methods
    ]


def body_fields(operation: dict[str, Any]) -> list[str]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = content.get("$ref", "").rsplit("/", 1)[-1]
    return sorted(schema()["components"]["schemas"].get(name, {}).get("properties", {}))


@pytest.fixture
def owner():
    return make.make_member(make.make_project(), "owner")


@pytest.fixture
def addresses(owner):
    """A real id for each parameter of a path, so that the views behind are reached."""
    project = owner.memberships.get().organization.projects.get()
    incident = make.declare(project, by=owner)
    return {
        "subject": incident.name,
        "incidents": incident.name,
        "projects": project.uuid,
        "organizations": project.organization.uuid,
        "events": incident.events.first().uuid,
        "roles": incident.roles.first().uuid,
        "participants": incident.participants.first().uuid,
        "incident-types": incident.type.uuid,
        "incident-severities": incident.severity.uuid,
        "incident-priorities": incident.priority.uuid,
        "memberships": owner.memberships.get().uuid,
        "operations": incident.operations.first().uuid,
        "individuals": make.make_individual(project).uuid,
    }


def filled(path: str, addresses: dict[str, Any]) -> str:
    path = path.replace("{subject}", str(addresses["subject"]))
    path = path.replace("{individual}", str(addresses["individuals"]))
    collection = path.split("/{id}")[0].rsplit("/", 1)[-1]
    return path.replace("{id}", str(addresses.get(collection, uuid.uuid4())))


def test_nobody_comes_in_without_signing_in(addresses):
    anonymous = Api(None)

    for path, method, _operation in operations("get", "post", "patch", "delete"):
        response = getattr(anonymous, method)(filled(path, addresses))
        assert response.status_code == 401, (method, path)
        assert response["WWW-Authenticate"] == 'Bearer realm="dispatch"'
        problem(response)


def test_a_stranger_finds_nothing(addresses):
    stranger = Api(make.make_member(make.make_project(), "owner"))
    before = Incident.objects.get(name=addresses["subject"])

    for path, method, _operation in operations("get", "post", "patch", "delete"):
        if "{" in path and "plugins/" not in path:
            response = getattr(stranger, method)(filled(path, addresses))
            assert response.status_code == 404, (method, path, response.content)

    after = Incident.objects.get(pk=before.pk)
    assert (after.version, after.event_count, after.deleted_at) == (before.version, before.event_count, None)


@pytest.fixture
def valid(owner, addresses):
    """What each POST would take, so that a single wrong field gets as far as it can."""
    project = str(addresses["projects"])
    return {
        "incidents_create": {"title": "Lost laptop", "project": project},
        "incidents_events_create": {"description": "It was on the train"},
        "incidents_events_supersede": {"description": "It was on the bus", "reason": "Misread"},
        "incidents_links_create": {"kind": "related", "subject": addresses["incidents"]},
        "incidents_participants_create": {"individual": "ada@example.com"},
        "incidents_roles_create": {"individual": "ada@example.com", "role": "scribe"},
        "incidents_status_create": {"status": "stable"},
        "individuals_create": {"organization": str(addresses["organizations"]), "email": "ada@example.com"},
        "memberships_create": {"user": owner.email, "project": project, "role": "member"},
        "organizations_create": {"name": "Subsidiary"},
        "plugin_instances_create": {"project": project, "plugin": "builtin-ticket", "name": "Ours"},
        "projects_create": {"organization": str(addresses["organizations"]), "name": "Payments"},
        "views_create": {"list": "incidents", "name": "Stable", "query": {"tab": ["stable"]}},
        "tags_create": {"project": project, "tag_type": "Actor", "name": "external"},
        **{
            f"{kind}_create": {"project": project, "name": "New"}
            for kind in ("incident_types", "incident_severities", "incident_priorities", "tag_types")
        },
    }


def assert_answered(api: Api, method: str, url: str, body: dict[str, Any]) -> None:
    response = getattr(api, method)(url, copy.deepcopy(body))
    assert response.status_code < 500, (url, body, response.content)
    if response.status_code >= 400:
        problem(response)


@pytest.mark.parametrize(
    "nasty",
    # Every sixth one each time; all of them in the long run.
    [
        pytest.param(each, marks=[pytest.mark.soak] * bool(number % 6), id=f"{number}")
        for number, each in enumerate(NASTY)
    ],
)
def test_a_body_of_rubbish_is_refused_or_taken(owner, addresses, nasty):
    api = Api(owner)

    for path, method, operation in operations("post", "patch"):
        assert_answered(api, method, filled(path, addresses), dict.fromkeys(body_fields(operation), nasty))


@pytest.mark.soak
@pytest.mark.parametrize("nasty", NASTY, ids=map(str, range(len(NASTY))))
def test_one_rubbish_field_in_a_good_body_is_refused_or_taken(owner, addresses, valid, nasty):
    api = Api(owner)

    for path, method, operation in operations("post", "patch"):
        good = valid.get(operation["operationId"], {})
        for field in body_fields(operation):
            assert_answered(api, method, filled(path, addresses), {**good, field: nasty})


def test_the_good_bodies_are_good(owner, addresses, valid):
    api = Api(owner)
    api.post("/tag-types/", {"project": str(addresses["projects"]), "name": "Actor"})

    for path, method, operation in operations("post"):
        if operation["operationId"] in valid:
            response = getattr(api, method)(filled(path, addresses), valid[operation["operationId"]])
            assert response.status_code in {200, 201, 409}, (path, response.content)


def test_an_unknown_parameter_is_refused_by_name(owner, addresses):
    api = Api(owner)

    for path, method, _operation in operations("get", "post", "patch", "delete"):
        response = getattr(api, method)(f"{filled(path, addresses)}?nonsense=1")
        assert response.status_code == 400, path
        assert problem(response)["errors"][0]["field"] == "nonsense"


@pytest.mark.parametrize(
    "nasty", [*NASTY_PARAMETERS[2:4], *(pytest.param(each, marks=pytest.mark.soak) for each in NASTY_PARAMETERS[4:])]
)
def test_rubbish_in_a_parameter_is_refused_or_taken(owner, addresses, nasty):
    api = Api(owner)

    for path, _method, operation in operations("get"):
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query":
                response = api.get(f"{filled(path, addresses)}?{parameter['name']}={nasty}")
                assert response.status_code < 500, (path, parameter["name"], nasty)


@pytest.mark.parametrize("key", ["%00", "%ff", "a" * 500, "INC-1%0A", "..", "%2e%2e%2f", "💥", "-", "INC 1"])
def test_rubbish_in_an_address_is_not_found(owner, key):
    api = Api(owner)

    for path, method, _operation in operations("get", "post", "patch", "delete"):
        if "{" in path:
            response = getattr(api, method)(path.replace("{subject}", key).replace("{id}", key))
            assert response.status_code == 404, (method, path)
