"""Incidents over HTTP: read, changed from a known version, moved, put away."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.flows import configuration
from core.models import RestrictedRead, SubjectName
from core.timeline import Event
from incidents.models import Incident
from knowledge.models import Tag, TagType
from people.models import Role
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


# Reading


def test_an_incident_is_found_by_id_name_and_old_name(project, api):
    incident = make.declare(project)
    SubjectName.objects.create(incident=incident, name="SEC-2291")

    ids = {api.get(f"/incidents/{key}/").json()["id"] for key in (incident.uuid, "INC-1", "SEC-2291")}

    assert ids == {str(incident.uuid)}
    assert api.get("/incidents/INC-2/").status_code == 404


def test_a_read_of_a_restricted_one_is_noted_and_of_an_open_one_not(project):
    admin = make.make_member(project, "admin")
    make.declare(project, visibility="restricted")
    make.declare(project)

    for path in ("/incidents/INC-1/", "/incidents/INC-1/events/", "/incidents/INC-2/"):
        assert Api(admin).get(path).status_code == 200

    read = RestrictedRead.objects.get()
    assert (read.incident.name, read.user, read.face) == ("INC-1", admin, "api")


def test_a_list_that_shows_long_texts_notes_the_restricted_ones_of_its_page(project, django_assert_num_queries):
    admin = make.make_member(project, "admin")
    first = make.declare(project, visibility="restricted", description="The payroll was read")
    make.declare(project)
    api = Api(admin)

    api.get("/incidents/")
    api.get("/incidents/", fields="name,title")
    assert not RestrictedRead.objects.exists()

    with CaptureQueriesContext(connection) as of_one:
        assert "payroll" in api.get("/incidents/", fields="name,description").content.decode()
    assert RestrictedRead.objects.get().incident == first

    more = [make.declare(project, visibility="restricted") for _number in range(3)]
    with django_assert_num_queries(len(of_one)):
        api.get("/incidents/", fields="name,summary")
    noted = set(RestrictedRead.objects.filter(user=admin, face="api").values_list("incident", flat=True))
    assert noted == {first.pk, *(one.pk for one in more)}
    # Whoever turns the pages again soon reads the same.
    api.get("/incidents/", fields="name,resolution")
    assert RestrictedRead.objects.count() == 4


@pytest.mark.parametrize(
    "below", ["", "status/", "events/", "roles/", "participants/", "resources/", "operations/", "links/"]
)
def test_a_restricted_one_is_not_there_for_others(project, api, below):
    make.declare(project, visibility="restricted")

    assert api.get(f"/incidents/INC-1/{below}").status_code == 404
    assert not RestrictedRead.objects.exists()


def test_a_closed_one_still_shows_who_led_it(project, api):
    make.declare(project, commander="ada@example.com")
    api.post("/incidents/INC-1/status/", {"status": "closed"})

    assert api.get("/incidents/INC-1/").json()["commander"]["email"] == "ada@example.com"
    assert api.get("/incidents/").json()["results"][0]["commander"]["email"] == "ada@example.com"


# Changing


def test_a_patch_changes_what_was_sent_and_raises_the_version(project, api):
    incident = make.declare(project, title="Lost laptop", description="On the train")

    response = api.patch("/incidents/INC-1/", {"title": "Stolen laptop", "severity": "High"})

    body = response.json()
    assert (body["title"], body["severity"]["name"], body["description"]) == ("Stolen laptop", "High", "On the train")
    assert body["version"] > incident.version
    assert response["ETag"] == f'"{body["version"]}"'
    assert Event.objects.of(incident).filter(details__field="title").count() == 1


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ("current", 200),
        ("*", 200),
        ('"1", {current}', 200),
        ("W/{current}", 200),
        ('"999"', 412),
        ('"nonsense"', 412),
        ('""', 412),
    ],
)
@pytest.mark.parametrize("verb", ["patch", "delete", "status"])
def test_if_match_lets_pass_who_read_the_present_version(project, tag, status, verb):
    api = Api(make.make_member(project, "admin"))
    incident = make.declare(project)
    current = api.get("/incidents/INC-1/")["ETag"]
    header = {"If_Match": current if tag == "current" else tag.replace("{current}", current)}

    if verb == "patch":
        response = api.patch("/incidents/INC-1/", {"title": "Mine"}, **header)
    elif verb == "delete":
        response = api.delete("/incidents/INC-1/", **header)
    else:
        response = api.post("/incidents/INC-1/status/", {"status": "stable"}, **header)

    incident.refresh_from_db()
    changed = (incident.title == "Mine", incident.deleted_at is not None, incident.status == "stable")
    if status == 412:
        assert response.status_code == 412
        assert problem(response)["type"] == "urn:dispatch:problem:stale"
    else:
        assert response.status_code in {200, 204}
    assert any(changed) is (status == 200)


@pytest.mark.parametrize("tag", ["1", "", "nonsense", '"1', '"1", 2', "'1'"])
def test_an_if_match_that_names_no_tag_is_a_400_that_says_how(project, api, tag):
    incident = make.declare(project)

    response = api.patch("/incidents/INC-1/", {"title": "Mine"}, If_Match=tag)

    assert (response.status_code, at_fault(response)) == (400, {"If-Match"})
    assert "quotes" in problem(response)["detail"]
    incident.refresh_from_db()
    assert incident.title != "Mine"


def test_nothing_is_kept_for_later_since_the_tag_stands_for_the_version(project, api):
    make.declare(project)
    read = api.get("/incidents/INC-1/")

    api.post("/incidents/INC-1/roles/", {"role": "incident_commander", "individual": "bob@example.com"})
    again = api.get("/incidents/INC-1/", headers={"If-None-Match": read["ETag"]})

    assert (again.status_code, again["Cache-Control"]) == (200, "private, no-store")
    assert again.json()["commander"]["email"] == "bob@example.com"


def test_what_was_read_as_null_is_sent_back_as_null_and_a_time_is_not_taken_away(project, api):
    make.declare(project)

    unset = api.patch("/incidents/INC-1/", {"stable_at": None, "title": "Mine"})
    assert (unset.status_code, unset.json()["stable_at"], unset.json()["title"]) == (200, None, "Mine")

    stable = api.post("/incidents/INC-1/status/", {"status": "stable"}).json()["stable_at"]
    taken = api.patch("/incidents/INC-1/", {"stable_at": None})
    assert at_fault(taken) == {"stable_at"}
    assert "give another one" in problem(taken)["detail"]
    assert api.get("/incidents/INC-1/").json()["stable_at"] == stable


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"status": "closed"}, "status"),
        ({"commander": "a@example.com"}, "commander"),
        ({"name": "INC-9"}, "name"),
        ({"version": 7}, "version"),
        ({"title": ""}, "title"),
        ({"type": None}, "type"),
        ({"severity": "Nonsense"}, "severity"),
        ({"stable_at": "2026-01-01T00:00:00Z"}, "stable_at"),
        ({"tags": ["nonsense"]}, "tags"),
        ({"project": "Security"}, "project"),
    ],
)
def test_a_wrong_change_names_the_field_and_changes_nothing(project, api, body, field):
    incident = make.declare(project)

    response = api.patch("/incidents/INC-1/", {"description": "new", **body})

    assert response.status_code == 400
    assert field in at_fault(response)
    incident.refresh_from_db()
    assert (incident.description, incident.version) == ("", 1)


def test_tags_are_replaced_and_a_disabled_one_may_stay(project, api):
    old, _new = make_tags(project, "old", "new")
    make.declare(project, tags=[old])
    old.enabled = False
    saved(old)

    kept = api.patch("/incidents/INC-1/", {"tags": [str(old.uuid), "new"]})
    assert sorted(tag["name"] for tag in kept.json()["tags"]) == ["new", "old"]

    dropped = api.patch("/incidents/INC-1/", {"tags": []})
    assert dropped.json()["tags"] == []
    assert at_fault(api.patch("/incidents/INC-1/", {"tags": ["old"]})) == {"tags"}


def test_who_hides_an_incident_from_themselves_hears_no_more_of_it(project, api):
    make.declare(project)

    response = api.patch("/incidents/INC-1/", {"visibility": "restricted"})

    assert (response.status_code, response.content) == (204, b"")
    assert api.get("/incidents/INC-1/").status_code == 404


def test_an_admin_deletes_and_restores(project, api):
    admin = Api(make.make_member(project, "admin"))
    make.declare(project)

    refused = api.delete("/incidents/INC-1/")
    assert (refused.status_code, "an admin" in problem(refused)["detail"]) == (403, True)

    assert admin.delete("/incidents/INC-1/").status_code == 204
    assert admin.get("/incidents/INC-1/").status_code == 404
    assert admin.get("/incidents/?page=1").json()["count"] == 0
    assert api.post("/incidents/INC-1/restore/").status_code == 404
    assert admin.post("/incidents/INC-1/restore/", Idempotency_Key="r").json()["name"] == "INC-1"
    assert admin.post("/incidents/INC-1/restore/", Idempotency_Key="r").json()["name"] == "INC-1"
    assert admin.get("/incidents/INC-1/").status_code == 200

    again = admin.post("/incidents/INC-1/restore/")
    assert (again.status_code, problem(again)["type"]) == (409, "urn:dispatch:problem:cannot_restore")


def test_of_two_changes_of_one_version_one_wins_and_the_other_leaves_nothing(project, api):
    make.declare(project)
    tag = api.get("/incidents/INC-1/")["ETag"]

    first = api.patch("/incidents/INC-1/", {"title": "First"}, If_Match=tag)
    second = api.patch("/incidents/INC-1/", {"title": "Second", "summary": "x"}, If_Match=tag)

    assert (first.status_code, second.status_code) == (200, 412)
    incident = Incident.objects.get()
    assert (incident.title, incident.summary) == ("First", "")


def test_old_roles_do_not_lead(project, api):
    make.declare(project, commander="ada@example.com")
    Role.objects.filter(role="incident_commander").update(assumed_at=timezone.now() - timedelta(days=1))

    api.post("/incidents/INC-1/roles/", {"role": "incident_commander", "individual": "bob@example.com"})

    assert api.get("/incidents/INC-1/").json()["commander"]["email"] == "bob@example.com"
    assert api.get("/incidents/", commander="ada@example.com").json()["results"] == []


# Status


def test_the_status_moves_and_its_history_is_read(project, api):
    make.declare(project)

    moved = api.post("/incidents/INC-1/status/", {"status": "stable", "reason": "Contained"})
    same = api.post("/incidents/INC-1/status/", {"status": "stable"})

    assert (moved.status_code, moved.json()["status"], moved.json()["name"]) == (200, "stable", "INC-1")
    assert same.json()["version"] == moved.json()["version"]
    history = api.get("/incidents/INC-1/status/").json()["results"]
    assert [(row["from_status"], row["to_status"], row["reason"]) for row in history] == [
        ("", "active", ""),
        ("active", "stable", "Contained"),
    ]
    assert history[1]["user"]["name"] == "Rosa"
    assert api.get(f"/incidents/INC-1/status/{history[1]['id']}/").json() == history[1]


@pytest.mark.parametrize("body", [{}, {"status": "open"}, {"status": "stable", "note": "x"}, {"status": None}])
def test_a_move_to_nowhere_is_refused(project, api, body):
    incident = make.declare(project)

    assert api.post("/incidents/INC-1/status/", body).status_code == 400
    incident.refresh_from_db()
    assert incident.status == "active"


def test_a_member_may_not_move(project):
    make.declare(project)

    response = Api(make.make_member(project)).post("/incidents/INC-1/status/", {"status": "closed"})

    assert response.status_code == 403
    assert Incident.objects.get().status == "active"
