"""Configuration over HTTP: organizations, projects, memberships, classification, tags, and who am I."""

import pytest
from django.utils import timezone

from core.flows import memberships
from core.models import Membership, Organization, Project
from incidents.models import Priority, Type
from knowledge.models import Tag, TagType
from tests import factories as make
from tests.apiclient import Api, at_fault, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def owner(project):
    return Api(make.make_member(project, "owner", name="Olga"))


@pytest.fixture
def manager(project):
    return Api(make.make_member(project, "manager"))


def test_a_change_to_what_is_there_already_writes_nothing(manager, owner):
    row = manager.post("/incident-types/", {"project": "Security", "name": "Malware", "visibility": "open"}).json()

    for api, url, same in (
        (manager, f"/incident-types/{row['id']}/", {"name": "Malware", "visibility": "open"}),
        (owner, f"/projects/{Project.objects.get().uuid}/", {"name": "Security"}),
        (owner, "/me/", {"name": "Olga", "time_zone": "", "unwanted_mails": []}),
    ):
        read = api.get(url)
        for body in ({}, same):
            answer = api.patch(url, body, If_Match=read["ETag"])
            assert (answer.status_code, answer.json(), answer["ETag"]) == (200, read.json(), read["ETag"])

    assert Type.objects.get(uuid=row["id"]).history.count() == 1


# Words of a project: one test stands for types, severities, priorities, tags and their types.

WORDS = [
    ("incident-types", {"name": "Malware", "visibility": "restricted"}),
    ("incident-severities", {"name": "Terrible", "colour": "#ff0000", "allowed_for_stable": False}),
    ("incident-priorities", {"name": "Now", "tactical_report_hours": 1, "page_commander": True}),
    ("tag-types", {"name": "Actor", "exclusive": True}),
]


@pytest.mark.parametrize(("path", "body"), WORDS)
def test_a_word_is_made_read_changed_and_deleted_by_a_manager(manager, path, body):
    made = manager.post(f"/{path}/", {"project": "Security", **body})

    assert made.status_code == 201, made.content
    row = made.json()
    assert {name: row[name] for name in body} == body
    assert row["project"]["name"] == "Security"
    url = f"/{path}/{row['id']}/"
    read = manager.get(url)
    assert (read.json(), read["ETag"]) == (row, made["ETag"])

    changed = manager.patch(url, {"description": " To the letter. "}, If_Match=read["ETag"])
    assert (changed.json()["description"], changed.json()["name"]) == (" To the letter. ", body["name"])
    assert changed.json()["version"] == row["version"] + 1
    assert manager.patch(url, {"name": "Late"}, If_Match=read["ETag"]).status_code == 412
    assert manager.delete(url, If_Match=read["ETag"]).status_code == 412
    assert row["id"] in {each["id"] for each in manager.get(f"/{path}/", project="Security").json()["results"]}

    assert manager.delete(url, If_Match=changed["ETag"]).status_code == 204
    assert manager.get(url).status_code == 404


@pytest.mark.parametrize(("path", "body"), WORDS)
def test_a_name_that_is_there_is_a_409_with_its_id(manager, path, body):
    first = manager.post(f"/{path}/", {"project": "Security", **body}).json()

    response = manager.post(f"/{path}/", {"project": "Security", **body})

    assert response.status_code == 409
    assert problem(response)["type"] == "urn:dispatch:problem:exists"
    assert problem(response)["id"] == first["id"]
    assert at_fault(response) == {"name"}


@pytest.mark.parametrize(("path", "body"), WORDS)
def test_below_manager_words_are_read_only_and_elsewhere_not_there(project, manager, path, body):
    made = manager.post(f"/{path}/", {"project": "Security", **body}).json()
    responder, stranger = (
        Api(make.make_member(project, "responder")),
        Api(make.make_member(make.make_project(), "owner")),
    )

    assert responder.get(f"/{path}/{made['id']}/").status_code == 200
    assert responder.patch(f"/{path}/{made['id']}/", {"name": "X"}).status_code == 403
    assert responder.delete(f"/{path}/{made['id']}/").status_code == 403
    assert responder.post(f"/{path}/", {"project": "Security", "name": "X"}).status_code == 403
    assert stranger.get(f"/{path}/{made['id']}/").status_code == 404
    assert stranger.patch(f"/{path}/{made['id']}/", {"name": "X"}).status_code == 404
    assert stranger.delete(f"/{path}/{made['id']}/").status_code == 404
    assert at_fault(stranger.post(f"/{path}/", {"project": "Security", "name": "X"})) == {"project"}
    assert manager.get(f"/{path}/{made['id']}/").json() == made


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a", "colour": "red"}, "colour"),
        ({"name": "a", "order": -1}, "order"),
        ({"name": "a", "order": 2**31}, "order"),
        ({"name": "a", "order": "1"}, "order"),
        ({"name": "a", "enabled": "yes"}, "enabled"),
        ({"name": "a", "version": 3}, "version"),
        ({"name": "a", "id": "x"}, "id"),
        ({"name": "a", "visibility": "secret"}, "visibility"),
        ({"name": "a", "incident_template": "Nonsense"}, "incident_template"),
    ],
)
def test_a_wrong_word_names_the_field_and_leaves_nothing(manager, body, field):
    before = Type.objects.count()

    response = manager.post("/incident-types/", {"project": "Security", **body})

    assert (response.status_code, field in at_fault(response)) == (400, True), response.content
    assert Type.objects.count() == before


def test_making_one_the_default_moves_the_mark(project, manager):
    low = Priority.objects.get(project=project, default=True)

    made = manager.post("/incident-priorities/", {"project": "Security", "name": "Usual", "default": True})

    assert made.status_code == 201
    low.refresh_from_db()
    assert low.default is False
    assert [row["name"] for row in manager.get("/incident-priorities/", default="true").json()["results"]] == ["Usual"]


def test_a_used_word_is_disabled_not_deleted(project, manager):
    make.declare(project, type=Type.objects.create(project=project, name="Malware"))
    url = f"/incident-types/{Type.objects.get(name='Malware').uuid}/"

    response = manager.delete(url)

    assert (response.status_code, problem(response)["type"]) == (409, "urn:dispatch:problem:in_use")
    assert manager.patch(url, {"enabled": False}).json()["enabled"] is False


def test_a_word_does_not_move_to_another_project(project, owner):
    make.make_project(project.organization, name="Payments")
    url = f"/incident-types/{Type.objects.get(project=project).uuid}/"

    response = owner.patch(url, {"project": "Payments"})

    assert (response.status_code, at_fault(response)) == (400, {"project"})
    assert Type.objects.filter(project=project).count() == 1


def test_a_word_made_with_a_key_is_made_once(manager):
    body = {"project": "Security", "name": "Malware"}

    first, again = (manager.post("/incident-types/", body, Idempotency_Key="k") for _number in range(2))

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


def test_tags_hang_under_a_type_of_their_project(project, owner, manager):
    elsewhere = make.make_project(project.organization, name="Payments")
    TagType.objects.create(project=elsewhere, name="Actor")
    manager.post("/tag-types/", {"project": "Security", "name": "Actor"})

    made = manager.post("/tags/", {"project": "Security", "tag_type": "Actor", "name": "external"})
    wrong = owner.post(
        "/tags/", {"project": "Security", "tag_type": str(TagType.objects.get(project=elsewhere).uuid), "name": "x"}
    )

    assert (made.status_code, made.json()["tag_type"]["name"]) == (201, "Actor")
    assert at_fault(wrong) == {"tag_type"}
    assert [row["name"] for row in manager.get("/tags/", tag_type="Actor").json()["results"]] == ["external"]
    used = manager.delete(f"/tag-types/{made.json()['tag_type']['id']}/")
    assert (used.status_code, Tag.objects.count()) == (409, 1)


# Organizations and projects


def test_an_owner_makes_an_organization_and_owns_it(owner):
    made = owner.post("/organizations/", {"name": "Subsidiary", "description": "In Lyon"})

    assert made.status_code == 201
    assert (made.json()["name"], made.json()["slug"], made.json()["description"]) == (
        "Subsidiary",
        "subsidiary",
        "In Lyon",
    )
    assert [row["name"] for row in owner.get("/organizations/?ordering=created_at").json()["results"]][
        -1
    ] == "Subsidiary"
    renamed = owner.patch(f"/organizations/{made.json()['id']}/", {"name": "Branch"})
    assert renamed.json()["name"] == "Branch"
    taken = owner.post("/organizations/", {"name": "Branch"})
    assert (taken.status_code, problem(taken)["id"]) == (409, made.json()["id"])


def test_nobody_else_makes_an_organization(manager):
    assert manager.post("/organizations/", {"name": "Subsidiary"}).status_code == 403
    assert not Organization.objects.filter(name="Subsidiary").exists()


def test_an_owner_makes_a_project_that_is_ready_to_report_in(project, owner):
    made = owner.post(
        "/projects/",
        {
            "organization": project.organization.name,
            "name": "Payments",
            "time_zone": "Europe/Berlin",
            "name_prefix": "PAY",
            "allow_self_join": False,
        },
    )

    body = made.json()
    assert made.status_code == 201, body
    assert (body["time_zone"], body["name_prefix"], body["allow_self_join"]) == ("Europe/Berlin", "PAY", False)
    assert body["business_hours"][0] == {"weekday": 0, "opens_at": "09:00", "closes_at": "17:00"}
    assert owner.post("/incidents/", {"title": "Lost", "project": "Payments"}).json()["name"] == "PAY-INC-1"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"time_zone": "Mars"}, 400, "time_zone"),
        ({"name_prefix": "pay"}, 400, "name_prefix"),
        ({"name": ""}, 400, "name"),
        ({"name": "Security"}, 409, "name"),
        ({"organization": "Nonsense"}, 400, "organization"),
        ({"business_hours": []}, 400, "business_hours"),
    ],
)
def test_a_wrong_project_names_the_field_and_leaves_nothing(project, owner, body, status, field):
    response = owner.post("/projects/", {"organization": project.organization.name, "name": "Payments", **body})

    assert (response.status_code, at_fault(response)) == (status, {field}), response.content
    assert Project.objects.count() == 1


def test_an_admin_changes_settings_and_a_manager_not(project, manager):
    admin = Api(make.make_member(project, "admin"))
    url = f"/projects/{project.uuid}/"

    assert manager.patch(url, {"title_hint": "What?"}).status_code == 403
    assert admin.patch(url, {"title_hint": "What?"}).json()["title_hint"] == "What?"
    assert admin.post("/projects/", {"organization": project.organization.name, "name": "Mine"}).status_code == 403


def test_an_owner_deletes_a_project_nothing_happened_in_and_an_admin_not(project, owner):
    spare = make.make_project(project.organization, name="Spare")
    make.declare(project)
    admin = Api(make.make_member(spare, "admin"))

    assert admin.delete(f"/projects/{spare.uuid}/").status_code == 403
    assert owner.delete(f"/projects/{project.uuid}/").status_code == 409
    assert owner.delete(f"/projects/{spare.uuid}/").status_code == 204
    assert list(Project.objects.all()) == [project]


def test_foreign_projects_are_not_there(project, owner):
    foreign = make.make_project()

    assert owner.get(f"/projects/{foreign.uuid}/").status_code == 404
    assert owner.get(f"/organizations/{foreign.organization.uuid}/").status_code == 404
    assert owner.get("/projects/?page=1").json()["count"] == 1


# Memberships


def test_an_admin_grants_changes_and_revokes(project):
    admin = Api(make.make_member(project, "admin"))
    friend = make.make_member(project, "member")
    memberships.revoke(membership=friend.memberships.get(), actor=make.system(), now=timezone.now())
    sibling = make.make_project(project.organization)
    memberships.grant(user=friend, project=sibling, role="member", actor=make.system(), now=timezone.now())

    made = admin.post("/memberships/", {"user": friend.email, "project": "Security", "role": "member"})
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["user"]["email"], body["project"]["name"], body["role"]) == (friend.email, "Security", "member")

    twice = admin.post("/memberships/", {"user": friend.email, "project": "Security", "role": "admin"})
    assert (twice.status_code, problem(twice)["id"]) == (409, body["id"])

    raised = admin.patch(f"/memberships/{body['id']}/", {"role": "responder"}, If_Match=made["ETag"])
    assert raised.json()["role"] == "responder"
    assert admin.patch(f"/memberships/{body['id']}/", {"role": "member"}, If_Match=made["ETag"]).status_code == 412
    assert [row["id"] for row in admin.get("/memberships/", user=friend.email).json()["results"]] == [body["id"]]

    assert admin.delete(f"/memberships/{body['id']}/").status_code == 204
    assert not Membership.objects.filter(user=friend, project=project).exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"role": "owner", "organization": "ORG"}, 403),
        ({"role": "owner", "project": "Security"}, 400),
        ({"role": "member", "organization": "ORG"}, 400),
        ({"role": "boss", "project": "Security"}, 400),
        ({"role": "member"}, 400),
        ({"project": "Security"}, 400),
    ],
)
def test_an_admin_grants_what_fits_and_no_more_than_they_have(project, body, status):
    admin = Api(make.make_member(project, "admin"))
    body = {name: project.organization.name if value == "ORG" else value for name, value in body.items()}
    friend = make.make_member(make.make_project(project.organization), "member")

    response = admin.post("/memberships/", {"user": friend.email, **body})

    assert response.status_code == status, response.content
    assert friend.memberships.count() == 1


def test_a_manager_neither_grants_nor_sees_others_memberships(project, manager):
    friend = make.make_member(project)

    assert len(manager.get("/memberships/").json()["results"]) == 1
    assert manager.get(f"/memberships/{friend.memberships.get().uuid}/").status_code == 404
    response = manager.post("/memberships/", {"user": friend.email, "project": "Security", "role": "admin"})
    assert response.status_code == 400
    assert friend.memberships.get().role == "member"


def test_the_last_owner_stays(project, owner):
    row = Membership.objects.get(role="owner")

    response = owner.delete(f"/memberships/{row.uuid}/")

    assert (response.status_code, problem(response)["type"]) == (409, "urn:dispatch:problem:last_owner")
    assert Membership.objects.filter(pk=row.pk).exists()


# Me


def test_me_tells_who_calls_and_with_which_token(project, owner):
    body = owner.get("/me/").json()

    assert (body["name"], body["memberships"][0]["role"], body["memberships"][0]["project"]) == ("Olga", "owner", None)
    assert body["memberships"][0]["organization"]["name"] == project.organization.name
    assert body["token"]["scopes"] == ["read", "write"]
    assert owner.get("/me/?fields=email").json() == {"email": body["email"]}


def test_one_changes_ones_own_name_and_time_zone(owner):
    read = owner.get("/me/")

    changed = owner.patch("/me/", {"time_zone": "Europe/Berlin"}, If_Match=read["ETag"])

    assert (changed.json()["time_zone"], changed.json()["name"]) == ("Europe/Berlin", "Olga")
    assert owner.patch("/me/", {"name": "X"}, If_Match=read["ETag"]).status_code == 412
    assert at_fault(owner.patch("/me/", {"time_zone": "Mars"})) == {"time_zone"}
    assert at_fault(owner.patch("/me/", {"email": "x@example.com"})) == {"email"}
    assert Api(make.make_user(), ("read",)).patch("/me/", {"name": "X"}).status_code == 403


def test_times_are_in_utc_whatever_the_readers_zone(project, owner):
    owner.patch("/me/", {"time_zone": "Asia/Tokyo"})

    made = owner.post("/incidents/", {"title": "Lost", "reported_at": "2026-03-01T10:00:00Z"})

    assert made.json()["reported_at"] == "2026-03-01T10:00:00Z"
