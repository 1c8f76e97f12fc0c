"""Tasks over HTTP: of one incident, across all, and many at once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.operations import jobs
from incidents import flows as incidents
from people import flows as people
from people.flows import tasks
from people.models import Individual, Task
from tests import factories as make
from tests.apiclient import Api, at_fault, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make.make_project(name="Security", time_zone="Europe/Berlin")


@pytest.fixture
def responder(project):
    return make.make_member(project, "responder", name="Rosa", email="rosa@example.com")


@pytest.fixture
def api(responder):
    return Api(responder)


@pytest.fixture
def incident(project):
    return make.declare(project, title="Laptop stolen")


@pytest.fixture
def secret(project):
    return make.declare(project, title="Insider case", visibility="restricted")


def add(subject, title="Change the keys", now=None, **fields) -> Task:
    now = now or timezone.now()
    return tasks.create_task(subject=subject, title=title, actor=make.system(), now=now, **fields)


def late(subject, title="Late", **fields) -> Task:
    """Due an hour ago."""
    now = timezone.now()
    return add(subject, title, now=now - timedelta(hours=2), due_at=now - timedelta(hours=1), **fields)


def titles(response):
    assert response.status_code == 200, response.content
    return [row["title"] for row in response.json()["results"]]


class TestOfOneIncident:
    def test_it_is_written_with_people_by_address(self, api, incident):
        response = api.post(
            "/incidents/INC-1/tasks/",
            {"title": "Change the keys", "owner": "Ada@Example.com", "assignees": ["bob@example.com"],
             "priority": "high", "due_at": "2040-01-02T09:00:00+01:00"},
        )  # fmt: skip

        assert response.status_code == 201, response.content
        body = response.json()
        assert (body["title"], body["status"], body["priority"], body["source"]) == (
            "Change the keys", "open", "high", "incident"
        )  # fmt: skip
        assert body["owner"]["email"] == "ada@example.com"
        assert [person["email"] for person in body["assignees"]] == ["bob@example.com"]
        assert (body["due_at"], body["overdue"]) == ("2040-01-02T08:00:00Z", False)
        assert body["subject"] == {"id": str(incident.uuid), "kind": "incident", "name": "INC-1"}
        assert body["created_by"]["name"] == "Rosa"
        assert response["ETag"] == '"1"'
        assert api.get(response["Location"]).json()["id"] == body["id"]

    def test_the_same_key_writes_one(self, api, incident):
        for _ in range(2):
            api.post("/incidents/INC-1/tasks/", {"title": "Once"}, Idempotency_Key="k1")

        assert Task.objects.count() == 1

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "title"),
            ({"title": ""}, "title"),
            ({"title": "x", "owner": "Bob"}, "owner"),
            ({"title": "x", "due_at": "tomorrow"}, "due_at"),
            ({"title": "x", "due_at": "2020-01-01T00:00:00Z"}, "due_at"),
            ({"title": "x", "assignees": "bob@example.com"}, "assignees"),
            ({"title": "x", "status": "resolved"}, "status"),
            ({"title": "x", "source": "elsewhere"}, "source"),
        ],
    )
    def test_what_is_wrong_is_named(self, api, incident, body, field):
        response = api.post("/incidents/INC-1/tasks/", body)

        assert response.status_code == 400
        assert field in at_fault(response)
        assert not Task.objects.exists()

    def test_a_refused_task_makes_no_people(self, project, incident):
        member = make.make_member(project, "member")
        people.add_participant(
            subject=incident, individual=make.individual_of(member, project), actor=make.system(), now=timezone.now()
        )
        api, task = Api(member), add(incident)
        before = Individual.objects.count()

        first = api.post("/incidents/INC-1/tasks/", {"title": "x", "owner": "new@example.com"})
        second = api.patch(f"/tasks/{task.uuid}/", {"owner": "new@example.com"})

        assert (first.status_code, second.status_code) == (403, 403)
        assert Individual.objects.count() == before

    def test_the_list_is_of_this_incident_and_narrowed(self, api, incident, project):
        add(make.declare(project), "Elsewhere")
        late(incident)
        tasks.resolve_task(task=add(incident, "Done"), actor=make.system(), now=timezone.now())

        assert sorted(titles(api.get("/incidents/INC-1/tasks/"))) == ["Done", "Late"]
        assert titles(api.get("/incidents/INC-1/tasks/", status="resolved")) == ["Done"]
        assert titles(api.get("/incidents/INC-1/tasks/", overdue="true")) == ["Late"]

    def test_a_closed_one_says_what_it_takes(self, api, incident):
        incidents.change_status(incident=incident, to="closed", actor=make.system(), now=timezone.now())

        refused = api.post("/incidents/INC-1/tasks/", {"title": "x", "source": "incident"})

        assert refused.status_code == 409
        assert problem(refused)["type"].endswith("subject_closed")
        assert api.post("/incidents/INC-1/tasks/", {"title": "x"}).json()["source"] == "follow_up"


class TestOne:
    def test_it_is_changed_by_its_version(self, api, incident):
        task = add(incident)
        url = f"/tasks/{task.uuid}/"

        changed = api.patch(url, {"title": "Burn the keys"}, If_Match='"1"')
        stale = api.patch(url, {"title": "Eat the keys"}, If_Match='"1"')

        assert (changed.status_code, changed["ETag"]) == (200, '"2"')
        assert stale.status_code == 412
        task.refresh_from_db()
        assert task.title == "Burn the keys"

    def test_finished_and_reopened(self, api, incident):
        url = f"/incidents/INC-1/tasks/{add(incident).uuid}"

        done = api.post(f"{url}/resolve/").json()
        again = api.post(f"{url}/resolve/").json()
        back = api.post(f"{url}/reopen/").json()

        assert (done["status"], done["resolved_by"]["name"]) == ("resolved", "Rosa")
        assert again["resolved_at"] == done["resolved_at"]
        assert (back["status"], back["resolved_at"]) == ("open", None)

    def test_a_task_of_another_incident_is_not_below_this_one(self, api, incident, project):
        other = add(make.declare(project))

        assert api.get(f"/incidents/INC-1/tasks/{other.uuid}/").status_code == 404

    def test_it_is_not_deleted(self, api, incident):
        assert api.delete(f"/tasks/{add(incident).uuid}/").status_code == 405


class TestAcross:
    def test_filters_narrow_it(self, api, incident, project, responder):
        rosa = make.individual_of(responder, project)
        other = make.make_project(project.organization, "Second")
        make.make_member(other, "responder")
        add(incident, "Mine", assignees=[rosa], priority="high")
        add(incident, "Owned", owner=rosa, source="review")
        add(incident, "Other")

        assert sorted(titles(api.get("/tasks/"))) == ["Mine", "Other", "Owned"]
        assert sorted(titles(api.get("/tasks/", mine="true"))) == ["Mine", "Owned"]
        assert titles(api.get("/tasks/", mine="false")) == ["Other"]
        assert titles(api.get("/tasks/", assignee="rosa@example.com")) == ["Mine"]
        assert titles(api.get("/tasks/", owner="rosa@example.com")) == ["Owned"]
        assert titles(api.get("/tasks/", priority="high")) == ["Mine"]
        assert titles(api.get("/tasks/", source="review")) == ["Owned"]
        assert len(titles(api.get("/tasks/", project="Security"))) == 3
        assert titles(api.get("/tasks/", due_at_before=timezone.now().isoformat())) == []
        assert titles(api.get("/tasks/", search="owned")) == ["Owned"]
        assert at_fault(api.get("/tasks/", status="late")) == {"status"}
        assert at_fault(api.get("/tasks/", project="Second")) == {"project"}

    def test_its_order(self, api, incident):
        late(incident, "First due")
        add(incident, "Newest", source="review")

        assert titles(api.get("/tasks/")) == ["Newest", "First due"]
        assert titles(api.get("/tasks/", ordering="due_at", status="open")) == ["First due", "Newest"]
        assert titles(api.get("/incidents/INC-1/tasks/")) == ["First due", "Newest"]

    def test_nobody_sees_those_of_restricted_or_foreign_incidents(self, api, secret, project):
        task = add(secret, "Watch the insider")
        add(make.declare(make.make_project()), "Foreign")

        assert titles(api.get("/tasks/")) == []
        assert titles(api.get("/tasks/", search="insider")) == []
        assert api.get("/tasks/", page=1).json()["count"] == 0
        for path in (f"/tasks/{task.uuid}/", f"/incidents/{secret.name}/tasks/"):
            assert api.get(path).status_code == 404
        assert api.post(f"/tasks/{task.uuid}/resolve/").status_code == 404
        assert api.patch(f"/tasks/{task.uuid}/", {"title": "x"}).status_code == 404
        assert titles(Api(make.make_member(project, "admin")).get("/tasks/")) == ["Watch the insider"]

    def test_a_token_needs_the_area(self, responder):
        assert Api(responder, scopes=("people:write",)).get("/tasks/").status_code == 403
        assert Api(responder, scopes=("tasks:read",)).get("/tasks/").status_code == 200

    def test_the_number_of_queries_is_fixed(self, api, incident, django_assert_max_num_queries):
        add(incident)
        api.get("/tasks/")
        counts = []
        for _ in range(2):
            with django_assert_max_num_queries(12) as queries:
                api.get("/tasks/")
            counts.append(len(queries))
            for number in range(10):
                add(incident, f"More {number}", assignees=[make.make_individual(incident.project)])

        assert counts[0] == counts[1]


class TestMany:
    def test_a_few_are_done_at_once(self, api, incident):
        several = [add(incident, f"Task {number}") for number in range(3)]

        answer = api.post("/tasks/resolve/", {"tasks": [str(task.uuid) for task in several]})

        assert answer.status_code == 200, answer.content
        body = answer.json()
        assert (body["status"], body["total"], body["done"], body["refused"]) == ("succeeded", 3, 3, [])
        assert not Task.objects.open().exists()

    def test_what_may_not_be_is_named_and_the_rest_is_done(self, project, incident):
        member = make.make_member(project, "member")
        me = make.individual_of(member, project)
        mine, other = add(incident, "Mine", owner=me), add(incident, "Not mine")

        body = Api(member).post("/tasks/resolve/", {"tasks": [str(mine.uuid), str(other.uuid)]}).json()

        assert [row["task"] for row in body["refused"]] == [str(other.uuid)]
        assert "Only its owner" in body["refused"][0]["reason"]
        assert [task.title for task in Task.objects.open()] == ["Not mine"]

    def test_an_invisible_one_stops_all_of_it(self, api, incident, secret):
        several = [add(incident), add(secret)]

        answer = api.post("/tasks/resolve/", {"tasks": [str(task.uuid) for task in several]})

        assert at_fault(answer) == {"tasks"}
        assert Task.objects.open().count() == 2

    def test_more_than_fifty_are_a_job_whose_progress_is_told(self, api, incident, responder):
        several = [add(incident, f"Task {number}") for number in range(51)]

        body = api.post("/tasks/resolve/", {"tasks": [str(task.uuid) for task in several]}).json()

        assert (body["status"], body["total"], body["done"]) == ("pending", 51, 0)
        assert Task.objects.open().count() == 51
        jobs.run_due()
        told = api.get(f"/task-jobs/{body['id']}/").json()
        assert (told["status"], told["done"], told["refused"]) == ("succeeded", 51, [])
        assert not Task.objects.open().exists()
        assert set(Task.objects.values_list("resolved_by", flat=True)) == {responder.pk}

    def test_a_job_is_its_askers_alone(self, api, incident, project):
        body = api.post("/tasks/resolve/", {"tasks": [str(add(incident).uuid)]}).json()

        assert Api(make.make_member(project, "owner")).get(f"/task-jobs/{body['id']}/").status_code == 404

    def test_whoever_lost_the_right_meanwhile_finishes_nothing(self, api, incident, responder):
        several = [add(incident, f"Task {number}") for number in range(51)]
        api.post("/tasks/resolve/", {"tasks": [str(task.uuid) for task in several]})
        responder.memberships.all().delete()

        jobs.run_due()

        assert Task.objects.open().count() == 51


def test_whoever_takes_part_takes_a_task_and_others_do_not(project, incident):
    member, stranger = make.make_member(project, "member"), make.make_member(project, "member")
    person, by = make.individual_of(member, project), {"actor": make.system(), "now": timezone.now()}
    people.add_participant(subject=incident, individual=person, role="participant", **by)
    task = tasks.create_task(subject=incident, title="Collect the logs", **by)

    taken = [Api(member).post(f"/tasks/{task.uuid}/take/") for _time in range(2)]
    refused = Api(stranger).post(f"/tasks/{task.uuid}/take/")

    assert [answer.status_code for answer in taken] == [200, 200]
    assert [one["name"] for one in taken[0].json()["assignees"]] == [str(person)]
    assert task.assignees.count() == 1
    assert refused.status_code == 403
