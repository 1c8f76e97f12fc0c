"""Reporting an incident over HTTP, once however often it is sent."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from core.flows import configuration
from core.models import Operation
from incidents.models import Incident, Severity, Type
from knowledge.models import Tag, TagType
from people.models import Individual
from tests import factories as make
from tests.apiclient import Api, at_fault, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def api(project):
    return Api(make.make_member(project, "responder", name="Rosa"))


def saved(row):
    return configuration.save(row, actor=make.system(), now=timezone.now())


def make_tags(project, *names):
    kind = saved(TagType(project=project, name="Actor"))
    return [saved(Tag(project=project, tag_type=kind, name=name)) for name in names]


# Reporting


def test_a_report_by_natural_names_is_read_back_with_small_objects(project, api):
    saved(Type(project=project, name="Malware"))
    make_tags(project, "external")

    response = api.post(
        "/incidents/",
        {
            "project": "Security",
            "type": "Malware",
            "severity": "High",
            "priority": "Medium",
            "title": "  Odd log-in ",
            "description": "line\n\nend \t",
            "commander": " Ada.Lovelace@Example.com",
            "reporter": "bob@example.com",
            "tags": ["Actor/external"],
            "reported_at": "2026-03-01T10:00:00+02:00",
        },
    )

    assert response.status_code == 201, response.content
    body = response.json()
    assert response["Location"] == f"http://testserver/api/v1/incidents/{body['id']}/"
    assert response["ETag"] == f'"{body["version"]}"'
    assert (body["name"], body["title"], body["description"]) == ("INC-1", "  Odd log-in ", "line\n\nend \t")
    assert (body["status"], body["visibility"]) == ("active", "open")
    assert body["reported_at"] == "2026-03-01T08:00:00Z"
    assert [body[field]["name"] for field in ("project", "type", "severity", "priority")] == [
        "Security",
        "Malware",
        "High",
        "Medium",
    ]
    assert set(body["type"]) == {"id", "name"}
    assert [tag["name"] for tag in body["tags"]] == ["external"]
    ada = Individual.objects.get(email="ada.lovelace@example.com")
    assert body["commander"] == {"id": str(ada.uuid), "name": "Ada Lovelace", "email": "ada.lovelace@example.com"}
    assert body["reporter"]["email"] == "bob@example.com"
    assert api.get(response["Location"]).json() == body


def test_a_title_is_enough(project, api):
    body = api.post("/incidents/", {"title": "Lost laptop"}).json()

    assert body["project"]["name"] == "Security"
    assert (body["type"]["name"], body["severity"]["name"]) == ("Default", "Undetermined")
    assert body["commander"]["name"] == body["reporter"]["name"] == "Rosa"


def test_references_by_id_work_too(project, api):
    high = Severity.objects.get(project=project, name="High")
    ada = make.make_individual(project, "ada@example.com")

    body = api.post(
        "/incidents/",
        {"title": "Lost", "project": str(project.uuid), "severity": str(high.uuid), "commander": str(ada.uuid)},
    ).json()

    assert (body["severity"]["id"], body["commander"]["id"]) == (str(high.uuid), str(ada.uuid))


@pytest.mark.parametrize("field", ["project", "type", "severity", "priority", "commander", "tags"])
def test_what_one_may_not_see_reads_like_what_does_not_exist(project, api, field):
    other = make.make_project(name="Elsewhere")
    hidden = {
        "project": other,
        "type": Type.objects.get(project=other),
        "severity": Severity.objects.filter(project=other).first(),
        "priority": other.incidents_priority_set.first(),
        "commander": make.make_individual(other),
        "tags": make_tags(other, "external")[0],
    }[field]

    def refusal(key):
        response = api.post("/incidents/", {"title": "Lost", field: [key] if field == "tags" else key})
        assert response.status_code == 400
        return problem(response)["errors"][0]["message"].replace(key, "KEY")

    assert refusal(str(hidden.uuid)) == refusal("f5e9c0c0-0000-4000-8000-000000000000")
    assert not Incident.objects.filter(project=project).exists()


def test_a_name_that_two_projects_share_is_ambiguous():
    user = make.make_member(make.make_project(name="Security"), "responder")
    twin = make.make_project(name="Security")
    make.memberships.grant(user=user, project=twin, role="responder", actor=make.system(), now=timezone.now())

    response = Api(user).post("/incidents/", {"title": "Lost", "project": "Security"})

    assert problem(response)["errors"] == [
        {"field": "project", "code": "ambiguous", "message": "Several are called “Security”. Use the id."}
    ]
    assert not Incident.objects.exists()


def test_a_type_of_another_of_my_projects_is_not_found_by_name(project, api):
    twin = make.make_project(project.organization, name="Payments")
    make.memberships.grant(
        user=project.memberships.get().user, project=twin, role="responder", actor=make.system(), now=timezone.now()
    )
    saved(Type(project=twin, name="Fraud"))

    assert at_fault(api.post("/incidents/", {"title": "Lost", "project": "Security", "type": "Fraud"})) == {"type"}
    assert api.post("/incidents/", {"title": "Lost", "project": "Payments", "type": "Fraud"}).status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "   "}, "title"),
        ({"title": "x" * 501}, "title"),
        ({}, "title"),
        ({"title": "a", "status": "open"}, "status"),
        ({"title": "a", "visibility": "secret"}, "visibility"),
        ({"title": "a", "commander": "Ada"}, "commander"),
        ({"title": "a", "commander": "a@b"}, "commander"),
        ({"title": "a", "commander": None}, "commander"),
        ({"title": "a", "tags": "x"}, "tags"),
        ({"title": "a", "tags": [1]}, "tags.0"),
        ({"title": "a", "reported_at": "2999-01-01T00:00:00Z"}, "reported_at"),
        ({"title": "a", "type": {"id": "x"}}, "type"),
        ({"title": 5}, "title"),
        ({"title": "a", "project": ""}, "project"),
    ],
)
def test_a_wrong_report_names_the_field_and_leaves_nothing(api, body, field):
    response = api.post("/incidents/", body)

    assert response.status_code == 400
    assert field in at_fault(response)
    assert not Incident.objects.exists()
    assert not Individual.objects.filter(email__in=["a@b"]).exists()


def test_a_disabled_word_is_refused(project, api):
    saved(Type(project=project, name="Old", enabled=False))

    response = api.post("/incidents/", {"title": "Lost", "type": "Old"})

    assert (response.status_code, at_fault(response)) == (400, {"type"})


def test_a_closed_one_is_a_past_incident(api):
    body = api.post(
        "/incidents/", {"title": "Long ago", "status": "closed", "reported_at": "2020-01-01T00:00:00Z"}
    ).json()

    assert (body["status"], body["closed_at"]) == ("closed", "2020-01-01T00:00:00Z")
    assert body["commander"]["name"] == "Rosa"


# Once


def test_the_same_key_and_body_report_once_and_answer_alike(api):
    first = api.post("/incidents/", {"title": "Lost laptop"}, Idempotency_Key="k-1")
    again = api.post("/incidents/", {"title": "Lost laptop"}, Idempotency_Key="k-1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert (again["Location"], again["Idempotency-Replayed"]) == (first["Location"], "true")
    assert Incident.objects.count() == 1


def test_the_same_key_with_another_body_is_a_422(api):
    api.post("/incidents/", {"title": "Lost laptop"}, Idempotency_Key="k-1")

    response = api.post("/incidents/", {"title": "Lost phone"}, Idempotency_Key="k-1")

    assert response.status_code == 422
    assert problem(response)["type"] == "urn:dispatch:problem:idempotency_key_reused"
    assert Incident.objects.count() == 1


def test_a_refused_report_does_not_use_the_key_up(api):
    assert api.post("/incidents/", {"title": ""}, Idempotency_Key="k-1").status_code == 400
    assert api.post("/incidents/", {"title": "Lost laptop"}, Idempotency_Key="k-1").status_code == 201


def test_keys_of_two_callers_do_not_meet(project, api):
    other = Api(make.make_member(project, "responder"))
    for caller in (api, other):
        assert caller.post("/incidents/", {"title": "Lost laptop"}, Idempotency_Key="k-1").status_code == 201

    assert Incident.objects.count() == 2


def test_a_repeated_answer_is_made_for_today(project, api):
    api.post("/incidents/", {"title": "Lost laptop"}, Idempotency_Key="k-1")
    Incident.objects.update(title="Found laptop")

    assert api.post("/incidents/", {"title": "Lost laptop"}, Idempotency_Key="k-1").json()["title"] == "Found laptop"

    Incident.objects.update(deleted_at=timezone.now())
    assert api.post("/incidents/", {"title": "Lost laptop"}, Idempotency_Key="k-1").status_code == 204


@pytest.mark.parametrize("key", ["", " ", "x" * 201])
def test_a_strange_key_is_refused(api, key):
    response = api.post("/incidents/", {"title": "Lost laptop"}, Idempotency_Key=key)

    assert (response.status_code, at_fault(response)) == (400, {"Idempotency-Key"})
    assert not Incident.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_ten_equal_reports_at_once_make_one_incident_and_ten_equal_answers():
    api = Api(make.make_member(make.make_project(), "responder"))

    def report(_number):
        try:
            response = api.post("/incidents/", {"title": "Lost laptop"}, Idempotency_Key="k-1")
            return response.status_code, response.content
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        answers = set(pool.map(report, range(10)))

    assert len(answers) == 1
    assert next(iter(answers))[0] == 201
    assert Incident.objects.count() == 1
    assert Operation.objects.filter(action="ticket.create").count() == 1
