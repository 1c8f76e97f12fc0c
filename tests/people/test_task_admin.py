"""Tasks in the console: on the incident's page, in the list, on the home page."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from core.operations import jobs
from incidents import flows as incidents
from people import flows as people
from people.flows import tasks
from people.models import Participant, Task, TaskAssignee
from tests import factories as make

pytestmark = pytest.mark.django_db

LIST = "/admin/people/task/"


@pytest.fixture
def project():
    return make.make_project(name="Security", time_zone="Europe/Berlin")


@pytest.fixture
def responder(client, project):
    user = make.make_member(project, "responder", name="Rosa", email="rosa@example.com")
    client.force_login(user)
    return user


@pytest.fixture
def incident(project):
    return make.declare(project, title="Laptop stolen")


@pytest.fixture
def rosa(responder, project):
    return make.individual_of(responder, project)


def add(subject, title="Change the keys", now=None, **fields) -> Task:
    return tasks.create_task(subject=subject, title=title, actor=make.system(), now=now or timezone.now(), **fields)


def late(subject, title="Late", **fields) -> Task:
    """Due an hour ago."""
    now = timezone.now()
    return add(subject, title, now=now - timedelta(hours=2), due_at=now - timedelta(hours=1), **fields)


def panel(incident):
    return reverse("admin:incidents_incident_change", args=[incident.pk]) + "?tab=tasks"


def opened(task, name):
    return reverse(f"admin:people_task_{name}", args=[task.pk])


def text_of(response):
    assert response.status_code == 200
    return response.content.decode()


def shown(client, **asked):
    """The titles of the list, as asked."""
    return [line["task"].title for line in client.get(LIST, asked).context["lines"]]


class TestPanel:
    def test_without_tasks_it_says_so_and_offers_to_add_one(self, client, responder, incident):
        text = text_of(client.get(panel(incident)))

        assert "Nothing is to be done yet" in text
        assert reverse("admin:incidents_incident_add-task", args=[incident.pk]) in text

    def test_open_ones_come_first_and_overdue_is_said_in_words(self, client, responder, incident, rosa):
        done = add(incident, "Done already")
        tasks.resolve_task(task=done, actor=make.system(), now=timezone.now())
        add(incident, "Still time", source="review", owner=rosa, priority="high")
        late(incident, "Too late", description="Ask the bank.")

        text = text_of(client.get(panel(incident)))

        assert text.index("Too late") < text.index("Still time") < text.index("Done already")
        assert text.count("Overdue") == 1
        assert "High priority" in text
        assert "Ask the bank." in text
        assert "From the review" in text
        assert opened(done, "reopen") in text
        # Two are open.
        tab = next(tab for tab in client.get(panel(incident)).context["tabs"] if tab["here"])
        assert tab["count"] == 2

    def test_one_is_added_in_place_with_people(self, client, responder, incident, project):
        url = reverse("admin:incidents_incident_add-task", args=[incident.pk])
        ada = make.make_individual(project, "ada@example.com")
        people.add_participant(subject=incident, individual=ada, actor=make.system(), now=timezone.now())
        form = client.get(url).context["form"]
        assert form.initial["owner"] == "rosa@example.com"

        answer = client.post(
            url,
            {"title": "Change the keys", "description": "All\r\nof them", "owner": "rosa@example.com",
             "assignees": [ada.pk], "also": "new@example.com", "due_at": "", "priority": "high", "source": "incident",
             "reminders": "on"},
        )  # fmt: skip

        assert answer.status_code == 302
        task = Task.objects.get()
        assert (task.title, task.description, task.owner.email, task.priority) == (
            "Change the keys", "All\nof them", "rosa@example.com", "high"
        )  # fmt: skip
        assert sorted(row.individual.email for row in task.assignees.all()) == ["ada@example.com", "new@example.com"]
        assert Participant.objects.filter(incident=incident, individual__email="new@example.com").exists()

    def test_what_is_wrong_stays_in_the_dialog_at_its_field(self, client, responder, incident):
        url = reverse("admin:incidents_incident_add-task", args=[incident.pk])

        answer = client.post(
            url,
            {"title": "x", "owner": "rosa@example.com", "due_at": "2020-01-01T09:00:00", "priority": "low",
             "source": "incident"},
        )  # fmt: skip

        assert "due_at" in answer.context["form"].errors
        assert not Task.objects.exists()

    def test_a_closed_one_offers_follow_ups_only(self, client, responder, incident):
        incidents.change_status(incident=incident, to="closed", actor=make.system(), now=timezone.now())

        form = client.get(reverse("admin:incidents_incident_add-task", args=[incident.pk])).context["form"]

        assert [value for value, _label in form.fields["source"].choices] == ["review", "follow_up"]

    def test_finished_and_reopened_by_a_button(self, client, responder, incident):
        task = add(incident)

        client.post(opened(task, "resolve"))
        task.refresh_from_db()
        assert (task.status, task.resolved_by) == ("resolved", responder)
        client.post(opened(task, "reopen"))

        task.refresh_from_db()
        assert task.is_open

    def test_only_what_was_changed_is_written(self, client, responder, incident, project):
        task = late(incident, "Late", assignees=[make.make_individual(project)])
        form = client.get(opened(task, "edit")).context["form"]
        given = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}

        answer = client.post(opened(task, "edit"), {**given, "due_at": f"{task.due_at:%Y-%m-%dT%H:%M:%S}",
                                                    "title": "Later"})  # fmt: skip

        assert answer.status_code == 302, answer.context["form"].errors
        was, task = task.due_at, Task.objects.get()
        assert (task.title, task.version, task.assignees.count()) == ("Later", 2, 1)
        assert abs(task.due_at - was) < timedelta(seconds=1)

    def test_an_older_dialog_changes_nothing(self, client, responder, incident):
        task = add(incident)
        form = client.get(opened(task, "edit")).context["form"]
        given = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
        given["due_at"] = f"{task.due_at:%Y-%m-%dT%H:%M:%S}"
        tasks.edit_task(task=task, title="First", actor=make.system(), now=timezone.now())

        answer = client.post(opened(task, "edit"), {**given, "title": "Second"})

        assert "meanwhile" in answer.content.decode()
        assert Task.objects.get().title == "First"

    def test_the_number_of_queries_is_fixed(self, client, responder, project, django_assert_max_num_queries):
        small, large = make.declare(project), make.declare(project)
        add(small)
        for number in range(20):
            add(large, f"Task {number}", assignees=[make.make_individual(project)])
        client.get(panel(small))

        counts = []
        for one in (small, large):
            with django_assert_max_num_queries(45) as queries:
                client.get(panel(one))
            counts.append(len(queries))

        assert counts[0] == counts[1]

    def test_texts_are_shown_and_never_run(self, client, responder, incident):
        add(incident, "<script>alert(1)</script>", description="<img src=x onerror=alert(1)>")

        for url in (panel(incident), f"{LIST}?tab=open", "/admin/"):
            text = text_of(client.get(url))
            assert "<script>alert(1)" not in text
            assert "<img src=x" not in text


class TestList:
    def test_its_tabs(self, client, incident, rosa):
        add(incident, "Mine", assignees=[rosa])
        add(incident, "Of others")
        late(incident, "Late")
        tasks.resolve_task(task=add(incident, "Done"), actor=make.system(), now=timezone.now())

        assert shown(client) == ["Mine"]
        assert shown(client, tab="open") == ["Late", "Mine", "Of others"]
        assert shown(client, tab="overdue") == ["Late"]
        assert shown(client, tab="resolved") == ["Done"]
        assert sorted(shown(client, tab="all")) == ["Done", "Late", "Mine", "Of others"]
        counts = {str(tab["title"]): tab["count"] for tab in client.get(LIST).context["listing"].tabs}
        assert counts == {"Mine": "1", "Open": "3", "Overdue": "1", "Resolved": None, "All": None}

    def test_whoever_has_more_than_99_late_ones_is_told_no_number(self, client, incident, rosa):
        first = late(incident, "Late")
        Task.objects.bulk_create(
            Task(incident=incident, title="Late", owner=first.owner, due_at=first.due_at) for _ in range(99)
        )
        TaskAssignee.objects.bulk_create(TaskAssignee(task=task, individual=rosa) for task in Task.objects.all())

        response = client.get(LIST)

        counts = {str(tab["title"]): tab["count"] for tab in response.context["listing"].tabs}
        assert (counts["Mine"], counts["Overdue"]) == ("99+", "100")
        badges = [item.get("badge") for group in response.context["sidebar_navigation"] for item in group["items"]]
        assert "99+" in badges
        assert "99+ of them yours" in text_of(client.get("/admin/"))

    def test_its_filters(self, client, project, responder, incident, rosa):
        second = make.make_project(project.organization, "Second")
        people_of = make.make_individual(project, "ada@example.com", "Ada Lovelace")
        add(incident, "High", priority="high")
        add(incident, "Review", source="review")
        add(incident, "Adas", assignees=[people_of])
        make.memberships.grant(
            user=responder, project=second, role="responder", actor=make.system(), now=timezone.now()
        )
        add(make.declare(second), "Elsewhere")

        assert shown(client, tab="open", priority="high") == ["High"]
        assert shown(client, tab="open", source="review") == ["Review"]
        assert shown(client, tab="open", person="ada@example.com") == ["Adas"]
        assert shown(client, tab="open", person="lovelace") == ["Adas"]
        assert shown(client, tab="open", project="Second") == ["Elsewhere"]
        assert shown(client, tab="open", q="adas") == ["Adas"]
        assert "Review" not in shown(client, tab="open", due="7")
        assert "Review" in shown(client, tab="open", due="30")
        assert shown(client, tab="open", until="2020-01-01") == []
        assert len(shown(client, tab="open", due="nonsense", until="x", page="99")) == 4

    def test_when_nothing_matches_it_says_so(self, client, responder, incident):
        add(incident)

        assert "No task matches." in text_of(client.get(LIST, {"tab": "open", "q": "zeppelin"}))
        assert "Nothing is overdue." in text_of(client.get(LIST, {"tab": "overdue"}))

    def test_nobody_sees_those_of_restricted_or_foreign_incidents(self, client, responder, project):
        secret = make.declare(project, title="Insider case", visibility="restricted")
        task = late(secret, "Watch the insider")
        late(make.declare(make.make_project()), "Foreign")

        for tab in ("mine", "open", "overdue", "all"):
            text = text_of(client.get(LIST, {"tab": tab}))
            assert "nsider" not in text
            assert "Foreign" not in text
            assert secret.name not in text
        assert client.get(LIST, {"tab": "open"}).context["listing"].total == 0
        for name in ("edit", "resolve", "reopen"):
            assert client.get(opened(task, name)).status_code == 404
            assert client.post(opened(task, name)).status_code == 404
        many = client.get(f"{LIST}resolve-many/", {"task": task.pk})
        assert "nsider" not in text_of(many)

    def test_the_number_of_queries_is_fixed(self, client, incident, rosa, django_assert_max_num_queries):
        add(incident, "First", assignees=[rosa])
        client.get(LIST, {"tab": "open"})
        counts = []
        for _ in range(2):
            with django_assert_max_num_queries(30) as queries:
                client.get(LIST, {"tab": "open"})
            counts.append(len(queries))
            for number in range(15):
                add(incident, f"More {number}", assignees=[rosa, make.make_individual(incident.project)])

        assert counts[0] == counts[1]

    def test_a_member_has_no_console_and_a_stranger_no_list(self, client, project):
        client.force_login(make.make_member(project, "member"))

        assert client.get(LIST).status_code == 403


class TestMany:
    def url(self, **asked):
        return f"{LIST}resolve-many/?{urlencode(asked, doseq=True)}"

    def finish(self, client, url):
        form = client.get(url).context["form"]
        answer = client.post(url, {"key": form.initial["key"]})
        assert answer.status_code == 302
        return form, [str(message) for message in get_messages(answer.wsgi_request)]

    def test_the_chosen_are_finished(self, client, responder, incident):
        chosen, other = [add(incident, "One"), add(incident, "Two")], add(incident, "Three")

        _form, told = self.finish(client, self.url(task=[task.pk for task in chosen]))

        assert told == ["Finished: 2."]
        assert list(Task.objects.open()) == [other]

    def test_all_that_match_are_what_the_list_shows(self, client, responder, incident):
        add(incident, "High", priority="high")
        add(incident, "Low", priority="low")

        self.finish(client, self.url(tab="open", priority="high", all=1))

        assert [task.title for task in Task.objects.open()] == ["Low"]

    def test_nothing_chosen_is_refused(self, client, responder, incident):
        add(incident)
        url = self.url(task="x")

        answer = client.post(url, {"key": "k"})

        assert "Choose at least one task." in answer.content.decode()
        assert Task.objects.open().count() == 1

    def test_more_than_fifty_are_a_job_and_the_list_tells_how_far_it_is(self, client, responder, incident):
        for number in range(51):
            add(incident, f"Task {number}")

        form, told = self.finish(client, self.url(tab="open", all=1))
        again = client.post(self.url(tab="open", all=1), {"key": form.initial["key"]})

        assert told == ["51 tasks are being finished."]
        assert again.status_code == 302
        assert "Finishing tasks: 0 of 51 so far." in text_of(client.get(LIST, {"tab": "open"}))
        assert jobs.run_due() == 1
        assert "51 of 51 tasks were gone through." in text_of(client.get(LIST, {"tab": "open"}))
        assert not Task.objects.open().exists()

    def test_what_may_not_be_finished_is_told(self, client, project, responder):
        admin = make.make_member(project, "admin")
        secret = make.declare(project, visibility="restricted", by=admin)
        people.add_participant(
            subject=secret, individual=make.individual_of(responder, project), actor=make.system(), now=timezone.now()
        )
        add(secret, "Not mine")

        _form, told = self.finish(client, self.url(tab="open", all=1))

        assert told == [
            "Finished: 0. Not finished: 1. "
            "Only its owner, those who do it, and whoever may edit the subject may change this task."
        ]
        assert Task.objects.open().count() == 1


class TestHome:
    def test_the_card_shows_mine_by_due(self, client, incident, rosa):
        add(incident, "Later", owner=rosa, source="review")
        late(incident, "First", assignees=[rosa])
        add(incident, "Of others")

        text = text_of(client.get("/admin/"))
        card = text[text.index("My tasks") :]

        assert card.index("First") < card.index("Later")
        assert "Of others" not in card

    def test_the_sidebar_counts_what_is_overdue_of_mine(self, client, incident, rosa):
        assert not _badge(client)

        late(incident, "Late", owner=rosa)
        late(incident, "Of others")

        assert _badge(client) == "1"

    def test_without_work_it_says_so(self, client, responder):
        assert "Nothing is waiting for you." in text_of(client.get("/admin/"))

    def test_ctrl_k_leads_to_the_incidents_tab(self, client, responder, incident):
        add(incident, "Rotate the zeppelin keys")

        answer = client.get("/admin/search/", {"s": "zeppelin"})

        assert panel(incident) in answer.content.decode()


class TestLeaving:
    def part(self, incident, person):
        return Participant.objects.get(incident=incident, individual=person)

    def test_removing_somebody_hands_their_tasks_over_in_the_same_step(self, client, responder, incident, project):
        ada = make.make_individual(project, "ada@example.com")
        task = add(incident, "Call the bank", owner=ada)
        url = reverse("admin:people_participant_remove", args=[self.part(incident, ada).pk])

        text = text_of(client.get(url))
        refused = client.post(url, {})
        done = client.post(url, {"successor": "bob@example.com"})

        assert "Call the bank" in text
        assert "Call the bank" in refused.content.decode()
        assert done.status_code == 302
        task.refresh_from_db()
        assert task.owner.email == "bob@example.com"
        assert self.part(incident, ada).left_at is not None

    def test_the_lead_with_tasks_hands_both_over(self, client, responder, incident):
        task = add(incident)
        lead = task.owner
        url = reverse("admin:people_participant_remove", args=[self.part(incident, lead).pk])

        assert client.post(url, {"successor": "bob@example.com"}).status_code == 302

        task.refresh_from_db()
        assert task.owner.email == "bob@example.com"
        held = self.part(incident, task.owner).roles.filter(role="incident_commander", renounced_at=None)
        assert held.exists()

    def test_leaving_offers_the_same(self, client, incident, rosa):
        task = add(incident, "Call the bank", owner=rosa)
        url = reverse("admin:incidents_incident_leave", args=[incident.pk])

        assert "Call the bank" in text_of(client.get(url))
        assert client.post(url, {"successor": "bob@example.com"}).status_code == 302

        task.refresh_from_db()
        assert task.owner.email == "bob@example.com"
        assert self.part(incident, rosa).left_at is not None

    def test_without_tasks_leaving_asks_nothing(self, client, incident, rosa):
        people.add_participant(subject=incident, individual=rosa, actor=make.system(), now=timezone.now())
        url = reverse("admin:incidents_incident_leave", args=[incident.pk])

        assert "successor" not in client.get(url).context["form"].fields
        client.post(url, {})

        assert self.part(incident, rosa).left_at is not None


def _badge(client):
    for group in client.get("/admin/").context["sidebar_navigation"]:
        for item in group["items"]:
            if str(item["title"]) == "Tasks":
                return item.get("badge")
    return None
