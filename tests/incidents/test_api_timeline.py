"""What belongs to an incident over HTTP: its timeline, links, resources."""

import pytest
from django.utils import timezone

from core.models import SubjectLink
from core.timeline import chain
from people.flows import add_participant
from tests import factories as make
from tests.apiclient import Api, at_fault, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def api(project):
    return Api(make.make_member(project, "responder", name="Rosa"))


# Timeline


def test_entries_are_written_read_filtered_and_pinned(project, api):
    incident = make.declare(project)

    made = api.post(
        "/incidents/INC-1/events/",
        {
            "description": " We isolated it. ",
            "kind": "decision",
            "happened_at": "2026-03-01T10:00:00Z",
            "details": {"host": [1]},
        },
    )

    body = made.json()
    assert made.status_code == 201
    assert (body["description"], body["kind"], body["details"]) == (" We isolated it. ", "decision", {"host": [1]})
    assert (body["happened_at"], body["owner"], body["pinned"]) == ("2026-03-01T10:00:00Z", "Rosa", False)
    assert api.get(made["Location"]).json() == body
    for verb, pinned in (("pin", True), ("pin", True), ("unpin", False), ("unpin", False), ("pin", True)):
        assert api.post(f"/incidents/INC-1/events/{body['id']}/{verb}/").json()["pinned"] is pinned

    def found(**parameters):
        rows = api.get("/incidents/INC-1/events/", **parameters).json()["results"]
        return [row["id"] for row in rows]

    everything = found()
    assert len(everything) == incident.events.count()
    assert found(kind="decision") == [body["id"]]
    assert set(found(pinned="true")) == {body["id"], str(incident.events.get(seq=1).uuid)}
    assert body["id"] not in found(pinned="false")
    assert body["id"] not in found(since="2026-03-02T00:00:00Z")
    assert found(source="Dispatch", ordering="seq")[0] == str(incident.events.get(seq=1).uuid)
    incident.refresh_from_db()
    assert chain.verify(incident) is None


def test_the_details_of_an_entry_have_an_end(project, api):
    incident = make.declare(project)
    before = incident.events.count()

    long = api.post("/incidents/INC-1/events/", {"description": "Log", "details": {"lines": ["x" * 1000] * 40}})
    short = api.post("/incidents/INC-1/events/", {"description": "Log", "details": {"lines": ["ü" * 1000] * 39}})

    assert at_fault(long) == {"details"}
    assert "40000" in problem(long)["detail"]
    assert (short.status_code, incident.events.count()) == (201, before + 1)


def test_a_correction_supersedes_and_nothing_is_changed_or_deleted(project, api):
    incident = make.declare(project)
    entry = api.post("/incidents/INC-1/events/", {"description": "Host A"}).json()
    url = f"/incidents/INC-1/events/{entry['id']}/"

    for method in ("put", "patch", "delete"):
        refused = getattr(api, method)(url, **({} if method == "delete" else {"body": {"description": "Host B"}}))
        assert refused.status_code == 405
        assert "PATCH" not in refused["Allow"]

    corrected = api.post(f"{url}supersede/", {"description": "Host B", "reason": "Misread"})

    assert corrected.status_code == 201
    assert corrected.json()["supersedes"] == entry["id"]
    assert corrected.json()["correction_reason"] == "Misread"
    old = api.get(url).json()
    assert (old["description"], old["superseded_by"]) == ("Host A", corrected.json()["id"])
    twice = api.post(f"{url}supersede/", {"description": "Host C", "reason": "Again"})
    assert (twice.status_code, problem(twice)["type"]) == (409, "urn:dispatch:problem:cannot_correct")
    incident.refresh_from_db()
    assert chain.verify(incident) is None


def test_a_participant_writes_on_a_restricted_timeline_and_a_member_not_on_an_open_one(project):
    member = make.make_member(project)
    restricted = make.declare(project, visibility="restricted")
    make.declare(project)
    add_participant(
        subject=restricted, individual=make.individual_of(member, project), actor=make.system(), now=timezone.now()
    )

    assert Api(member).post("/incidents/INC-1/events/", {"description": "I saw it"}).status_code == 201
    assert Api(member).post("/incidents/INC-2/events/", {"description": "I saw it"}).status_code == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "description"),
        ({"description": " "}, "description"),
        ({"description": "x" * 20_001}, "description"),
        ({"description": "x", "kind": "other"}, "kind"),
        ({"description": "x", "details": []}, "details"),
        ({"description": "x", "happened_at": "2999-01-01T00:00:00Z"}, "happened_at"),
        ({"description": "x", "pinned": "yes"}, "pinned"),
    ],
)
def test_a_wrong_entry_names_the_field_and_leaves_nothing(project, api, body, field):
    incident = make.declare(project)

    assert field in at_fault(api.post("/incidents/INC-1/events/", body))
    assert incident.events.count() == incident.event_count


def test_an_event_of_another_incident_is_not_found_here(project, api):
    make.declare(project)
    other = make.declare(project)

    assert api.get(f"/incidents/INC-1/events/{other.events.first().uuid}/").status_code == 404


def test_a_timeline_of_many_events_is_read_in_parts(project, api):
    make.declare(project)
    for number in range(30):
        api.post("/incidents/INC-1/events/", {"description": f"Entry {number}"})

    first = api.get("/incidents/INC-1/events/").json()
    rest = api.get(first["next"]).json()

    assert (len(first["results"]), rest["next"]) == (25, None)
    seqs = [event["seq"] for event in [*first["results"], *rest["results"]]]
    assert sorted(seqs) == list(range(1, len(seqs) + 1))


# Links, resources, operations


def test_links_are_seen_from_both_ends_and_taken_away(project, api):
    make.declare(project, title="First")
    make.declare(project, title="Second")

    made = api.post("/incidents/INC-2/links/", {"kind": "duplicate_of", "subject": "INC-1"})
    assert made.status_code == 201
    assert made.json()["subject"] == {
        "id": made.json()["subject"]["id"],
        "kind": "incident",
        "name": "INC-1",
        "title": "First",
        "status": "active",
    }
    (back,) = api.get("/incidents/INC-1/links/").json()["results"]
    assert (back["kind"], back["direction"], back["subject"]["name"]) == ("duplicate_of", "in", "INC-2")
    assert made.json()["direction"] == "out"

    assert api.post("/incidents/INC-2/links/", {"kind": "duplicate_of", "subject": "INC-1"}).json()["id"] == back["id"]
    assert api.delete(f"/incidents/INC-2/links/{back['id']}/").status_code == 204
    assert not SubjectLink.objects.exists()


def test_a_link_to_what_one_does_not_see_is_neither_made_nor_shown(project, api):
    make.declare(project)
    make.declare(project, visibility="restricted")
    admin = Api(make.make_member(project, "admin"))
    admin.post("/incidents/INC-1/links/", {"kind": "related", "subject": "INC-2"})

    assert api.get("/incidents/INC-1/links/?page=1").json()["count"] == 0
    refused = api.post("/incidents/INC-1/links/", {"kind": "caused_by", "subject": "INC-2"})
    unknown = api.post("/incidents/INC-1/links/", {"kind": "caused_by", "subject": "INC-99"})
    assert refused.json() == unknown.json()
    assert (refused.status_code, SubjectLink.objects.count()) == (400, 1)


@pytest.mark.parametrize("kind", ["duplicate_of", "caused_by", "part_of"])
def test_links_do_not_go_round_in_a_ring(project, api, kind):
    for _each in range(3):
        make.declare(project)
    for source, target in (("INC-1", "INC-2"), ("INC-2", "INC-3")):
        assert api.post(f"/incidents/{source}/links/", {"kind": kind, "subject": target}).status_code == 201

    back = api.post("/incidents/INC-2/links/", {"kind": kind, "subject": "INC-1"})
    round_ = api.post("/incidents/INC-3/links/", {"kind": kind, "subject": "INC-1"})

    assert [answer.status_code for answer in (back, round_)] == [409, 409]
    assert problem(back)["type"] == "urn:dispatch:problem:cannot_link"
    assert "INC-1 is" in problem(round_)["detail"]
    assert SubjectLink.objects.count() == 2
    assert api.post("/incidents/INC-3/links/", {"kind": "related", "subject": "INC-1"}).status_code == 201


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "related", "subject": "INC-1"}, 409),
        ({"kind": "friend", "subject": "INC-1"}, 400),
        ({"kind": "related"}, 400),
    ],
)
def test_a_wrong_link_is_refused(project, api, body, status):
    make.declare(project)

    assert api.post("/incidents/INC-1/links/", body).status_code == status
    assert not SubjectLink.objects.exists()


def test_resources_tell_what_is_there_and_what_is_on_its_way(project, api):
    make.declare(project)

    rows = api.get("/incidents/INC-1/resources/").json()["results"]

    assert [(row["kind"], row["state"]) for row in rows] == [("ticket", "pending"), ("incident_document", "pending")]
    assert all(row["operation"] for row in rows)
    assert {row["id"] for row in api.get("/incidents/INC-1/operations/").json()["results"]} >= {
        row["operation"] for row in rows
    }


def test_an_unread_body_of_an_unseen_incident_says_not_found(project, api):
    make.declare(project, visibility="restricted")

    for below in ("status/", "events/", "roles/", "participants/", "links/", "join/", "leave/", "restore/"):
        assert api.post(f"/incidents/INC-1/{below}", {}).status_code == 404, below
