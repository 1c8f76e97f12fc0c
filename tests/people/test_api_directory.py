"""The directory over HTTP: teams, leaving, merging, contact methods, external ids, importing."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from core.operations import jobs
from people.models import ContactMethod, Individual, Merge, Role, Team
from tests import factories as make
from tests.apiclient import BASE, Api, at_fault, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def organization(project):
    return project.organization


@pytest.fixture
def api(project):
    return Api(make.make_member(project, "manager", name="Mona"))


@pytest.fixture
def responder(project):
    return make.make_member(project, "responder", name="Rosa", email="rosa@example.com")


@pytest.fixture
def ada(project):
    return make.make_individual(project, "ada@example.com", "Ada")


@pytest.fixture
def bob(project):
    return make.make_individual(project, "bob@example.com", "Bob")


# Teams


def test_a_team_is_made_with_its_members_and_its_lead_is_one(api, organization, ada, bob):
    response = api.post("/teams/", {
        "organization": organization.name, "name": "Blue", "lead": "ada@example.com",
        "members": ["Bob@example.com", "ada@example.com"],
    })  # fmt: skip

    assert response.status_code == 201, response.content
    body = response.json()
    assert [one["email"] for one in body["members"]] == ["ada@example.com", "bob@example.com"]
    assert body["lead"]["email"] == "ada@example.com"


def test_members_are_replaced_and_the_lead_stays_one(api, organization, ada, bob):
    team = api.post("/teams/", {"organization": organization.name, "name": "Blue", "lead": "ada@example.com"}).json()

    refused = api.patch(f"/teams/{team['id']}/", {"members": ["bob@example.com"]})
    changed = api.patch(f"/teams/{team['id']}/", {"lead": "bob@example.com", "members": ["bob@example.com"]})

    assert at_fault(refused) == {"members"}
    assert [one["email"] for one in changed.json()["members"]] == ["bob@example.com"]


def test_a_team_with_the_same_members_stays_at_its_version(api, organization, ada, bob):
    team = api.post("/teams/", {"organization": organization.name, "name": "Net", "members": [ada.email]}).json()
    url = f"/teams/{team['id']}/"

    assert api.patch(url, {"members": [str(ada.uuid)]}).json() == team
    assert api.patch(url, {"members": [ada.email, bob.email]}).json()["version"] == team["version"] + 1


def test_people_of_other_organizations_join_no_team(api, organization, project):
    make.make_individual(make.make_project(), "foreign@example.com")

    response = api.post(
        "/teams/", {"organization": organization.name, "name": "Blue", "members": ["foreign@example.com"]}
    )

    assert at_fault(response) == {"members"}
    assert not Team.objects.exists()


def test_a_second_team_of_the_name_is_refused(api, organization):
    first = api.post("/teams/", {"organization": organization.name, "name": "Blue"})
    second = api.post("/teams/", {"organization": organization.name, "name": " Blue "})

    assert second.status_code == 409
    assert problem(second)["id"] == first.json()["id"]


def test_a_responder_makes_no_team(responder, organization):
    assert Api(responder).post("/teams/", {"organization": organization.name, "name": "Blue"}).status_code == 403


def test_people_are_found_by_their_team(api, organization, ada, bob):
    api.post("/teams/", {"organization": organization.name, "name": "Blue", "members": ["ada@example.com"]})

    found = api.get("/individuals/", member_of="Blue").json()["results"]

    assert [row["email"] for row in found] == ["ada@example.com"]


# External ids


def test_external_ids_are_read_written_and_belong_to_one_person(api, ada, bob):
    there = api.patch(f"/individuals/{ada.uuid}/", {"external_ids": {"slack": "U1", "HR": "7"}})
    taken = api.patch(f"/individuals/{bob.uuid}/", {"external_ids": {"slack": "U1"}})
    fewer = api.patch(f"/individuals/{ada.uuid}/", {"external_ids": {"hr": "8"}})

    assert there.json()["external_ids"] == {"hr": "7", "slack": "U1"}
    assert (taken.status_code, at_fault(taken)) == (409, {"external_ids"})
    assert fewer.json()["external_ids"] == {"hr": "8"}
    assert api.get(f"/individuals/{bob.uuid}/").json()["external_ids"] == {}


@pytest.mark.parametrize("ids", [["x"], {"slack": 1}, {"two words": "x"}, {"slack": ""}, "x"])
def test_what_are_no_external_ids_is_refused(api, ada, ids):
    response = api.patch(f"/individuals/{ada.uuid}/", {"external_ids": ids})

    assert at_fault(response) == {"external_ids"}
    assert not ada.identities.exists()


# Contact methods


def methods(person, rest=""):
    return f"/individuals/{person.uuid}/contact-methods/{rest}"


def test_ones_own_ways_are_added_changed_and_taken_away(responder, project):
    rosa, mine = make.individual_of(responder, project), Api(responder)

    made = mine.post(methods(rosa), {"kind": "email", "address": " Private@Example.com", "order": 2})
    hook = mine.post(methods(rosa), {"kind": "webhook", "address": "https://hooks.example.com/T1/secret?key=1"})
    changed = mine.patch(methods(rosa, f"{hook.json()['id']}/"), {"enabled": False})

    assert (made.status_code, made.json()["address"]) == (201, "private@example.com")
    assert (hook.json()["address"], hook.json()["order"]) == ("https://hooks.example.com/…", 1)
    assert changed.json()["enabled"] is False
    assert ContactMethod.objects.get(kind="webhook").address == "https://hooks.example.com/T1/secret?key=1"
    assert [row["kind"] for row in mine.get(methods(rosa)).json()["results"]] == ["webhook", "email"]
    assert mine.delete(methods(rosa, f"{made.json()['id']}/")).status_code == 204
    assert ContactMethod.objects.count() == 1


@pytest.mark.parametrize(("kind", "address"), [
    ("email", "nobody"), ("webhook", "http://hooks.example.com/x"), ("webhook", "https://"), ("webhook", "file:x"),
    ("webhook", "https://user:secret@hooks.example.com/"), ("webhook", "https://a b/"), ("webhook", "https://x:99999/"),
])  # fmt: skip
def test_an_address_that_does_not_fit_is_refused(api, ada, kind, address):
    response = api.post(methods(ada), {"kind": kind, "address": address})

    assert (response.status_code, at_fault(response)) == (400, {"address"})
    assert not ContactMethod.objects.exists()


def test_an_email_does_not_become_a_webhook_without_an_address(api, ada):
    made = api.post(methods(ada), {"kind": "email", "address": "second@example.com"}).json()

    response = api.patch(methods(ada, f"{made['id']}/"), {"kind": "webhook"})

    assert at_fault(response) == {"address"}


def test_the_same_way_twice_and_an_eleventh_are_refused(api, ada):
    for number in range(10):
        assert api.post(methods(ada), {"kind": "email", "address": f"a{number}@example.com"}).status_code == 201

    eleventh = api.post(methods(ada), {"kind": "email", "address": "b@example.com"})
    ContactMethod.objects.first().delete()
    twice = api.post(methods(ada), {"kind": "email", "address": "A5@example.com"})

    assert problem(eleventh)["type"].endswith("too_many")
    assert (twice.status_code, at_fault(twice)) == (409, {"address"})


def test_others_neither_read_nor_write_them(api, responder, ada, project):
    made = api.post(methods(ada), {"kind": "email", "address": "second@example.com"}).json()
    stranger = Api(make.make_member(make.make_project(), "owner"))

    assert Api(responder).get(methods(ada)).status_code == 403
    assert Api(responder).post(methods(ada), {"kind": "email", "address": "x@example.com"}).status_code == 403
    assert Api(responder).delete(methods(ada, f"{made['id']}/")).status_code == 403
    assert stranger.get(methods(ada)).status_code == 404
    assert ContactMethod.objects.count() == 1


# Leaving and coming back


def test_a_leaver_is_refused_with_the_list_and_goes_with_a_choice(api, project, ada, bob):
    incident = make.declare(project, commander="ada@example.com", title="Mail is down")

    duties = api.get(f"/individuals/{ada.uuid}/duties/").json()
    refused = api.post(f"/individuals/{ada.uuid}/deactivate/", {})
    gone = api.post(
        f"/individuals/{ada.uuid}/deactivate/", {"choices": {duties["duties"][0]["key"]: "bob@example.com"}}
    )

    assert [(duty["kind"], duty["needs_successor"]) for duty in duties["duties"]] == [("role", True)]
    assert duties["hidden"] is False
    assert refused.status_code == 409
    assert problem(refused)["left"] == [f"Incident Commander of {incident.name} “Mail is down”"]
    assert problem(refused)["duties"] == [duties["duties"][0]["key"]]
    assert (gone.status_code, gone.json()["is_active"]) == (200, False)
    held = Role.objects.of(incident).get(role="incident_commander", renounced_at=None)
    assert held.participant.individual == bob
    back = api.post(f"/individuals/{ada.uuid}/reactivate/")
    assert (back.json()["is_active"], back.json()["deactivated_at"]) == (True, None)


def test_duties_are_shown_to_those_who_may_let_somebody_go(responder, ada):
    assert Api(responder).get(f"/individuals/{ada.uuid}/duties/").status_code == 403


def test_the_mark_alone_lets_nobody_go(api, ada):
    response = api.patch(f"/individuals/{ada.uuid}/", {"is_active": False})

    assert at_fault(response) == {"is_active"}
    assert Individual.objects.get(pk=ada.pk).is_active


# Merging


def test_another_address_opens_nothing_that_the_caller_does_not_see(api, ada, project):
    make.declare(project, visibility="restricted", commander=ada.email)

    answer = api.patch(f"/individuals/{ada.uuid}/", {"email": "mallory@example.com"})

    assert (answer.status_code, at_fault(answer)) == (403, {"email"})
    ada.refresh_from_db()
    assert ada.email == "ada@example.com"


def test_the_address_of_an_account_is_its_administrators_to_change(api, project, responder):
    person = make.individual_of(responder, project)

    answer = api.patch(f"/individuals/{person.uuid}/", {"email": "mallory@example.com"})

    assert (answer.status_code, at_fault(answer)) == (403, {"email"})
    admin = Api(make.make_member(project, "admin"))
    assert admin.patch(f"/individuals/{person.uuid}/", {"email": "rita@example.com"}).status_code == 200


def test_a_manager_directs_no_pages_about_what_they_do_not_see(api, ada, project):
    ways = f"/individuals/{ada.uuid}/contact-methods/"
    way = {"kind": "webhook", "address": "https://chat.example.com/hook"}
    assert api.post(ways, way).status_code == 201
    make.declare(project, visibility="restricted", commander=ada.email)

    assert api.post(ways, {**way, "address": "https://elsewhere.example.com/"}).status_code == 403
    assert ada.contact_methods.count() == 1


def test_two_rows_become_one_and_two_again(api, ada, project):
    twin = make.make_individual(project, "ada.king@example.com", "Ada King")

    merged = api.post(f"/individuals/{ada.uuid}/merge/", {"gone": "ada.king@example.com"})
    (row,) = api.get("/merges/").json()["results"]
    undone = api.post(f"/merges/{row['id']}/undo/")

    assert (merged.status_code, merged.json()["email"]) == (200, "ada@example.com")
    assert row["gone"]["email"] == "ada.king@example.com"
    assert undone.json()["undone_at"] is not None
    twin.refresh_from_db()
    assert twin.is_active
    assert api.post(f"/merges/{row['id']}/undo/").status_code == 409


def test_merges_are_a_managers_to_see(api, responder, ada, bob):
    api.post(f"/individuals/{ada.uuid}/merge/", {"gone": "bob@example.com"})
    key = Merge.objects.get().uuid

    assert Api(responder).get("/merges/").json()["results"] == []
    assert Api(responder).post(f"/merges/{key}/undo/").status_code == 404


# Importing

FILE = "email,name\nada@example.com,Ada Lovelace\nnobody,X\nnew@example.com,New\n"


def send(api, text, query="", content_type="text/csv"):
    return api.client.post(f"{BASE}/individuals/import/{query}", text, content_type=content_type, headers=api.headers)


def test_a_dry_run_says_what_would_happen_and_writes_nothing(api, organization, ada):
    response = send(api, FILE, f"?dry_run=true&organization={organization.uuid}")

    assert response.status_code == 200, response.content
    body = response.json()
    assert (body["id"], body["status"], body["counts"]) == (
        None, "preview", {"new": 1, "changed": 1, "unchanged": 0, "refused": 1},
    )  # fmt: skip
    assert body["rows"][0] == {"line": 2, "status": "done", "message": "Changed: name: Ada → Ada Lovelace"}
    assert Individual.objects.get(pk=ada.pk).name == "Ada"


def test_a_file_in_a_form_is_imported_as_a_job_with_results(api, organization, ada):
    upload = SimpleUploadedFile("people.csv", FILE.encode(), content_type="text/csv")

    response = api.client.post(
        f"{BASE}/individuals/import/", {"file": upload, "organization": organization.name}, headers=api.headers
    )
    assert (response.status_code, response.json()["status"]) == (202, "pending"), response.content
    jobs.run_due()

    answer = api.get(f"/individuals/import/{response.json()['id']}/").json()
    assert (answer["status"], answer["done"], answer["total"]) == ("succeeded", 3, 3)
    assert answer["counts"] == {"new": 1, "changed": 1, "unchanged": 0, "refused": 1}
    assert [row["status"] for row in answer["rows"]] == ["done", "refused", "done"]
    assert Individual.objects.get(pk=ada.pk).name == "Ada Lovelace"
    assert [row["id"] for row in api.get("/individuals/import/").json()["results"]] == [answer["id"]]


def test_the_same_key_imports_once(api, organization):
    headers = {**api.headers, "Idempotency-Key": "one"}
    url = f"{BASE}/individuals/import/?organization={organization.uuid}"
    first, second = (api.client.post(url, FILE, content_type="text/csv", headers=headers) for _ in range(2))

    assert first.json()["id"] == second.json()["id"]


@pytest.mark.parametrize(("text", "query", "field"), [
    ("name\nAda\n", "", "file"), (FILE, "&dry_run=maybe", "dry_run"), (FILE, "&colour=red", "colour"),
])  # fmt: skip
def test_a_wrong_upload_names_the_field(api, organization, text, query, field):
    response = send(api, text, f"?organization={organization.uuid}{query}")

    assert (response.status_code, at_fault(response)) == (400, {field})


def test_json_is_no_file_and_a_large_one_is_refused(api, organization):
    assert send(api, "{}", f"?organization={organization.uuid}", "application/json").status_code == 415
    large = send(api, "email\n" + "x" * 5 * 1024 * 1024, f"?organization={organization.uuid}")
    assert large.status_code == 413


def test_imports_of_others_are_not_there(api, organization, responder):
    made = send(api, FILE, f"?organization={organization.uuid}").json()["id"]

    assert send(Api(responder), FILE, f"?organization={organization.uuid}").status_code == 403
    assert Api(responder).get(f"/individuals/import/{made}/").status_code == 404
    assert Api(make.make_member(make.make_project(), "owner")).get(f"/individuals/import/{made}/").status_code == 404
