"""People over HTTP: individuals, taking part, holding roles."""

import pytest

from core.models import ApiToken, SearchDocument
from incidents.models import Incident
from people.models import Individual, Participant, Role
from tests import factories as make
from tests.apiclient import Api, at_fault, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def responder(project):
    return make.make_member(project, "responder", name="Rosa")


@pytest.fixture
def api(responder):
    return Api(responder)


@pytest.fixture
def incident(project):
    return make.declare(project, commander="ada@example.com")


def roles_of(incident, email):
    held = Role.objects.of(incident).filter(participant__individual__email=email, renounced_at=None)
    return sorted(held.values_list("role", flat=True))


# Roles


def test_a_role_is_assigned_by_address_and_the_former_holder_gives_it_up(api, incident):
    response = api.post("/incidents/INC-1/roles/", {"role": "incident_commander", "individual": "Bob@Example.com"})

    assert response.status_code == 201
    body = response.json()
    assert (body["role"], body["individual"]["email"], body["renounced_at"]) == (
        "incident_commander",
        "bob@example.com",
        None,
    )
    assert body["assigned_by"]["name"] == "Rosa"
    assert roles_of(incident, "bob@example.com") == ["incident_commander"]
    assert roles_of(incident, "ada@example.com") == ["participant"]
    history = api.get("/incidents/INC-1/roles/", role="incident_commander").json()["results"]
    assert [(row["individual"]["email"], row["renounced_at"] is None) for row in history] == [
        ("ada@example.com", False),
        ("bob@example.com", True),
    ]
    current = api.get("/incidents/INC-1/roles/", role="incident_commander", current="true").json()["results"]
    assert [row["id"] for row in current] == [body["id"]]


def test_assigning_twice_is_assigning_once(api, incident):
    body = {"role": "scribe", "individual": "ada@example.com"}

    first, second = api.post("/incidents/INC-1/roles/", body), api.post("/incidents/INC-1/roles/", body)

    assert first.json()["id"] == second.json()["id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"role": "boss", "individual": "bob@example.com"}, "role"),
        ({"role": "assignee", "individual": "bob@example.com"}, "role"),
        ({"role": "scribe", "individual": "Bob"}, "individual"),
        ({"role": "scribe"}, "individual"),
        ({"role": "scribe", "individual": "f5e9c0c0-0000-4000-8000-000000000000"}, "individual"),
        ({}, "role"),
    ],
)
def test_a_wrong_role_names_the_field_and_leaves_nobody_behind(api, incident, body, field):
    response = api.post("/incidents/INC-1/roles/", body)

    assert response.status_code == 400
    assert field in at_fault(response)
    assert not Individual.objects.filter(email="bob@example.com").exists()


def test_a_member_may_not_assign_and_makes_nobody(project, incident):
    response = Api(make.make_member(project)).post(
        "/incidents/INC-1/roles/", {"role": "scribe", "individual": "bob@example.com"}
    )

    assert response.status_code == 403
    assert not Individual.objects.filter(email="bob@example.com").exists()


def test_a_role_is_renounced_unless_the_open_incident_needs_its_lead(api, incident):
    scribe = api.post("/incidents/INC-1/roles/", {"role": "scribe", "individual": "bob@example.com"}).json()
    lead = Role.objects.get(incident=incident, role="incident_commander")

    ended = api.post(f"/incidents/INC-1/roles/{scribe['id']}/renounce/")
    refused = api.post(f"/incidents/INC-1/roles/{lead.uuid}/renounce/")

    assert ended.json()["renounced_at"] is not None
    assert roles_of(incident, "bob@example.com") == ["participant"]
    assert (refused.status_code, problem(refused)["type"]) == (409, "urn:dispatch:problem:must_hand_over")
    assert roles_of(incident, "ada@example.com") == ["incident_commander"]


# Participants


def test_somebody_is_brought_in_and_listed_with_their_roles(api, incident):
    response = api.post(
        "/incidents/INC-1/participants/", {"individual": "bob@example.com", "role": "liaison", "reason": "Knows legal"}
    )

    assert response.status_code == 201
    body = response.json()
    assert [role["role"] for role in body["roles"]] == ["liaison"]
    assert (body["added_reason"], body["added_by"]["name"], body["left_at"]) == ("Knows legal", "Rosa", None)
    people = api.get("/incidents/INC-1/participants/?ordering=name").json()["results"]
    assert [row["individual"]["email"] for row in people] == ["ada@example.com", "bob@example.com"]


def test_observer_is_the_role_of_who_is_given_none(api, incident):
    assert api.post("/incidents/INC-1/participants/", {"individual": "bob@example.com"}).status_code == 201

    assert roles_of(incident, "bob@example.com") == ["observer"]


def test_removing_keeps_the_row_and_is_refused_for_the_lead(api, incident):
    bob = api.post("/incidents/INC-1/participants/", {"individual": "bob@example.com"}).json()
    lead = Participant.objects.get(incident=incident, individual__email="ada@example.com")

    removed = api.post(f"/incidents/INC-1/participants/{bob['id']}/remove/")
    refused = api.post(f"/incidents/INC-1/participants/{lead.uuid}/remove/")

    assert (removed.status_code, removed.json()["roles"]) == (200, [])
    assert removed.json()["left_at"] is not None
    assert (refused.status_code, problem(refused)["type"]) == (409, "urn:dispatch:problem:cannot_remove")
    assert "Incident Commander" in problem(refused)["blockers"][0]
    active = api.get("/incidents/INC-1/participants/", active="true").json()["results"]
    assert [row["individual"]["email"] for row in active] == ["ada@example.com"]
    again = api.post(f"/incidents/INC-1/participants/{bob['id']}/remove/")
    assert again.status_code == 400
    lead.refresh_from_db()
    assert lead.left_at is None


def test_there_is_no_delete_of_a_participant(api, incident):
    row = incident.participants.first()

    assert api.delete(f"/incidents/INC-1/participants/{row.uuid}/").status_code == 405
    assert incident.participants.filter(pk=row.pk).exists()


def test_one_joins_and_leaves_by_oneself(project, incident):
    member = make.make_member(project, name="Mia")
    api = Api(member)

    joined, twice = api.post("/incidents/INC-1/join/"), api.post("/incidents/INC-1/join/")
    assert (joined.status_code, joined.json()["individual"]["name"]) == (200, "Mia")
    assert twice.json()["id"] == joined.json()["id"]
    assert roles_of(incident, member.email) == ["observer"]

    left = api.post("/incidents/INC-1/leave/")
    assert left.json()["left_at"] is not None
    assert api.post("/incidents/INC-1/leave/").status_code == 400


def test_joining_where_the_project_forbids_it_is_a_403():
    project = make.make_project(allow_self_join=False)
    make.declare(project)

    response = Api(make.make_member(project)).post("/incidents/INC-1/join/")

    assert (response.status_code, problem(response)["type"]) == (403, "urn:dispatch:problem:cannot_join")
    assert Participant.objects.count() == 1


def test_who_leaves_a_restricted_incident_for_good_gets_an_empty_answer():
    project = make.make_project(past_participants_may_read=False)
    member = make.make_member(project)
    make.declare(project, reporter=member.email, visibility="restricted")
    api = Api(member)
    assert api.get("/incidents/INC-1/").status_code == 200

    response = api.post("/incidents/INC-1/leave/")

    assert (response.status_code, response.content) == (204, b"")
    assert api.get("/incidents/INC-1/").status_code == 404


def test_a_repeated_assignment_with_a_key_happens_once(api, incident):
    body = {"role": "scribe", "individual": "bob@example.com"}
    first = api.post("/incidents/INC-1/roles/", body, Idempotency_Key="k")
    api.post("/incidents/INC-1/roles/", {"role": "scribe", "individual": "eve@example.com"})

    again = api.post("/incidents/INC-1/roles/", body, Idempotency_Key="k")

    assert again.json()["id"] == first.json()["id"]
    assert roles_of(incident, "eve@example.com") == ["scribe"]


# Individuals


def test_a_manager_keeps_people_and_everybody_of_the_organization_reads_them(project, api):
    manager = Api(make.make_member(project, "manager"))
    made = manager.post(
        "/individuals/", {"organization": project.organization.name, "email": " Ada@Example.COM ", "team": "Blue"}
    )

    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["email"], body["name"], body["team"]) == ("ada@example.com", "Ada", "Blue")
    assert api.get(f"/individuals/{body['id']}/").json() == body
    assert SearchDocument.objects.filter(kind="individual", title="Ada").exists()

    changed = manager.patch(f"/individuals/{body['id']}/", {"name": "Ada L."}, If_Match=made["ETag"])
    assert (changed.json()["name"], changed.json()["team"]) == ("Ada L.", "Blue")
    assert manager.patch(f"/individuals/{body['id']}/", {"name": "X"}, If_Match=made["ETag"]).status_code == 412
    assert api.get("/individuals/", search="blue").json()["results"][0]["id"] == body["id"]
    assert api.get("/individuals/", email="ada@example.com").json()["results"][0]["name"] == "Ada L."


def test_an_address_that_is_there_is_a_409_with_its_id(project):
    ada = make.make_individual(project, "ada@example.com")
    manager = Api(make.make_member(project, "manager"))

    response = manager.post("/individuals/", {"organization": project.organization.name, "email": "ADA@example.com"})

    assert response.status_code == 409
    assert problem(response)["id"] == str(ada.uuid)
    assert Individual.objects.filter(email="ada@example.com").count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "nonsense"}, "email"),
        ({}, "email"),
        ({"email": "a@example.com", "time_zone": "Mars"}, "time_zone"),
        ({"email": "a@example.com", "user": "x"}, "user"),
        ({"email": "a@example.com", "organization": "Elsewhere"}, "organization"),
    ],
)
def test_a_wrong_person_names_the_field(project, body, field):
    make.make_organization(name="Elsewhere")
    manager = Api(make.make_member(project, "manager"))

    response = manager.post("/individuals/", {"organization": project.organization.name, **body})

    assert (response.status_code, field in at_fault(response)) == (400, True)
    assert not Individual.objects.exists()


def test_people_of_other_organizations_are_not_there(project, api):
    stranger = make.make_individual(make.make_project())

    assert api.get(f"/individuals/{stranger.uuid}/").status_code == 404
    assert api.get("/individuals/?page=1").json()["count"] == 0


def test_a_responder_reads_and_does_not_write(project, api):
    ada = make.make_individual(project, "ada@example.com")

    assert api.patch(f"/individuals/{ada.uuid}/", {"name": "X"}).status_code == 403
    assert api.delete(f"/individuals/{ada.uuid}/").status_code == 403
    ada.refresh_from_db()
    assert ada.name == "Ada"


def test_somebody_who_took_part_is_not_deleted(project, incident):
    manager = Api(make.make_member(project, "manager"))
    ada = Individual.objects.get(email="ada@example.com")

    response = manager.delete(f"/individuals/{ada.uuid}/")

    assert (response.status_code, problem(response)["type"]) == (409, "urn:dispatch:problem:in_use")
    assert Individual.objects.filter(pk=ada.pk).exists()


def test_a_token_for_people_reaches_people_and_a_token_for_incidents_their_parts(responder, incident):
    people, incidents = Api(responder, ("people:read",)), Api(responder, ("incidents:write",))

    assert people.get("/incidents/INC-1/participants/").status_code == 403
    assert incidents.get("/incidents/INC-1/participants/").status_code == 200
    assert incidents.post("/incidents/INC-1/join/").status_code == 200
    assert incidents.get("/individuals/").status_code == 403
    assert ApiToken.objects.count() == 2
    assert Incident.objects.count() == 1
