"""Pages for those without the console: logging in, reporting, the status page, taking part in one incident."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from core.attachments import flows as attachments
from core.attachments.models import Attachment
from core.models import RestrictedRead
from core.timeline import Event
from core.timeline import flows as timeline
from incidents import flows
from incidents.models import Incident, Type
from people import flows as people
from people.flows import handovers, pages
from people.flows.tasks import create_task
from people.models import Participant, Role, Service, Task
from tests.factories import actor_for, declare, individual_of, make_individual, make_member, make_project, system

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project(name="Security")


@pytest.fixture
def member(client, project):
    user = make_member(project, "member", name="Mia Member")
    client.force_login(user)
    return user


@pytest.fixture
def incident(project):
    return declare(project, title="Payroll export readable", description="19 days")


def takes_part(incident, user):
    person = individual_of(user, incident.project)
    people.add_participant(subject=incident, individual=person, role="participant", actor=system(), now=timezone.now())
    return person


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


OUTSIDERS = ["outsider", "member", "responder", "manager"]


@pytest.mark.parametrize("role", OUTSIDERS)
def test_no_page_for_members_tells_of_what_its_reader_may_not_see(client, project, role, settings, tmp_path):
    """The leak walk of these pages: by name, by old name, by id, by file, in lists, in counts, and while typing."""
    settings.MEDIA_ROOT = tmp_path
    hidden = declare(project, title="Zyxquark title", description="Zyxquark text", visibility="restricted")
    by = {"actor": actor_for(make_member(project, "admin")), "now": timezone.now()}
    secret = SimpleUploadedFile("zyxquark.txt", b"zyxquark")
    attachments.attach(subject=hidden, files=[secret], description="Zyxquark entry", **by)
    create_task(subject=hidden, title="Zyxquark task", **by)
    client.force_login(make_member(make_project(), "owner") if role == "outsider" else make_member(project, role))
    file = Attachment.objects.get()
    before = Event.objects.count()

    for path in (f"/i/{hidden.name}/", f"/i/{hidden.name.lower()}/", f"/files/{file.uuid}/", f"/i/{hidden.pk}/"):
        for headers in ({}, {"X-Live": "1", "If-None-Match": '"*"'}):
            assert client.get(path, headers=headers).status_code == 404
    told = [client.get("/status/"), client.get("/report/"), client.get("/report/?title=Zyxquark")]
    told += [client.post("/report/similar/", {"title": "Zyxquark title", "description": "Zyxquark text entry"})]
    told += [client.post(f"/i/{hidden.name}/{verb}/", {"description": "x"}) for verb in ("join", "entry", "nothing")]
    for answer in told:
        assert b"zyxquark" not in answer.content.lower().replace(b'"zyxquark"', b"")
        assert hidden.name.encode() not in answer.content
    assert "All quiet" in words(told[0])
    assert Event.objects.count() == before


class TestLogin:
    def test_a_member_comes_in_and_lands_where_they_wanted(self, project, incident):
        user, client = make_member(project, "member"), Client()
        there = f"/i/{incident.name}/"
        sent = {"username": user.email.upper(), "password": "correct horse battery"}

        away = client.get(there)
        assert away["Location"] == f"/login/?next={there}"
        assert client.post(away["Location"], {**sent, "next": there})["Location"] == there

    def test_the_password_must_be_right_and_another_site_is_not_gone_to(self, project):
        user, client = make_member(project, "member"), Client()

        wrong = client.post("/login/", {"username": user.email, "password": "nearly"})
        led_away = client.post(
            "/login/?next=https://evil.example/", {"username": user.email, "password": "correct horse battery"}
        )

        assert "do not belong together" in words(wrong)
        assert led_away["Location"] == "/"

    @pytest.mark.parametrize(("role", "lands"), [("member", "/status/"), ("responder", "/admin/")])
    def test_the_root_leads_each_to_their_pages(self, client, project, role, lands):
        client.force_login(make_member(project, role))

        assert client.get("/")["Location"] == lands
        assert Client().get("/")["Location"] == "/login/"

    def test_logging_out_takes_a_post(self, client, member):
        assert client.get("/logout/").status_code == 405
        assert client.post("/logout/")["Location"] == "/login/"
        assert client.get("/status/").status_code == 302


class TestReport:
    def form(self, client, **fields):
        form = client.get("/report/").context["form"]
        first = {name: form[name].value() for name in ("key", "type", "severity", "priority")}
        return {**first, "project": form.chosen_project.pk, **fields}

    def test_a_member_reports_in_three_fields_and_sees_it(self, client, member, project):
        answer = client.post("/report/", self.form(client, title="Lost laptop", description="On the train"))

        incident = Incident.objects.get()
        assert answer["Location"] == f"/i/{incident.name}/"
        page = words(client.get(answer["Location"]))
        assert "Lost laptop" in page
        assert "You take part as: Reporter" in page
        assert Role.objects.get(incident=incident, role="reporter").participant.individual.user == member

    def test_sent_twice_it_makes_one_incident(self, client, member, project):
        sent = self.form(client, title="Lost laptop")

        answers = [client.post("/report/", sent)["Location"] for _time in range(2)]

        assert Incident.objects.count() == 1
        assert len(set(answers)) == 1

    def test_what_is_wrong_is_said_at_its_field_and_the_rest_stays_typed(self, client, member, project):
        answer = client.post("/report/", self.form(client, title="", description="Typed for a minute"))

        assert answer.status_code == 400
        assert answer.context["form"].errors.keys() == {"title"}
        assert "Typed for a minute" in answer.content.decode()
        assert not Incident.objects.exists()

    def test_the_type_explains_itself_and_the_project_instructs(self, client, member, project):
        kind = Type.objects.filter(project=project).first()
        Type.objects.filter(pk=kind.pk).update(description="Somebody got in.")
        type(project).objects.filter(pk=project.pk).update(report_instructions="Call 112 if it burns.")

        page = words(client.get("/report/"))

        assert "Somebody got in." in page
        assert "Call 112 if it burns." in page

    def test_somebody_without_a_project_is_told_whom_to_ask(self, client, django_user_model):
        client.force_login(django_user_model.objects.create_user("new@example.com", "correct horse battery"))

        answer = client.get("/report/")

        assert answer.status_code == 403
        assert "ask an admin" in words(answer)

    def test_a_project_that_is_not_ones_own_is_not_reported_in(self, client, member):
        other = make_project()

        answer = client.post("/report/", self.form(client, title="x") | {"project": other.pk})

        assert answer.status_code == 400
        assert not Incident.objects.exists()


class TestDuplicates:
    def ask(self, client, title, description="") -> str:
        return words(client.post("/report/similar/", {"title": title, "description": description}))

    def test_what_is_open_or_recent_and_alike_is_shown_with_its_link(self, client, member, project):
        alike = declare(project, title="Phishing mail from the payroll department")
        closed = declare(project, title="Payroll phishing again")
        flows.change_status(incident=closed, to="closed", actor=system(), now=timezone.now())
        declare(project, title="Printer on fire")

        answer = client.post("/report/similar/", {"title": "Phished by a payroll mail"})

        assert alike.name in words(answer)
        assert closed.name in words(answer)
        assert "Printer" not in words(answer)
        assert f"/i/{alike.name}/" in answer.content.decode()

    def test_old_closed_ones_are_not(self, client, member, project):
        old = declare(project, title="Payroll phishing long ago")
        flows.change_status(incident=old, to="closed", actor=system(), now=timezone.now())
        Incident.objects.filter(pk=old.pk).update(reported_at=timezone.now() - timezone.timedelta(days=31))

        assert old.name not in self.ask(client, "Payroll phishing")

    def test_one_common_word_makes_no_duplicate_and_five_are_enough(self, client, member, project):
        for number in range(7):
            declare(project, title=f"Server room door found open {number}")

        assert "known already" not in self.ask(client, "The server was slow after the update was installed")
        assert self.ask(client, "Door of the server room open").count("Server room door") == 5

    @pytest.mark.parametrize("title", ["", "  ", "of the", "\x00", "' OR 1=1 --", '"unbalanced* NEAR(', "a" * 5000])
    def test_anything_may_be_typed(self, client, member, project, title):
        assert client.post("/report/similar/", {"title": title}).status_code == 200

    def test_neither_hidden_ones_nor_other_projects_are_hinted_at(self, client, member, project):
        declare(project, title="Zyxquark merger plans", visibility="restricted")
        declare(make_project(), title="Zyxquark merger plans")
        gone = declare(project, title="Zyxquark merger plans")
        Incident.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())

        assert self.ask(client, "Zyxquark merger plans").strip() == ""

    def test_it_is_asked_by_post_so_that_no_log_has_it(self, client, member):
        assert client.get("/report/similar/?title=x").status_code == 405


class TestStatus:
    def test_active_and_stable_ones_stand_there_with_what_matters(self, client, member, project, incident):
        timeline.add_entry(subject=incident, description="Access withdrawn", actor=system(), now=timezone.now())
        calm = declare(project, title="Calm by now")
        over = declare(project, title="Over and done")
        flows.change_status(incident=calm, to="stable", actor=system(), now=timezone.now())
        flows.change_status(incident=over, to="closed", actor=system(), now=timezone.now())

        page = words(client.get("/status/"))

        assert "1 active incident, 1 stable" in page
        assert "Access withdrawn" in page
        assert "led by Commander" in page
        assert page.index("Payroll export") < page.index("Calm by now")
        assert "Over and done" not in page

    def test_nothing_going_on_says_so(self, client, member):
        assert "All quiet" in words(client.get("/status/"))

    def test_hidden_ones_are_neither_shown_nor_counted(self, client, member, project):
        declare(project, title="Zyxquark", visibility="restricted")
        declare(make_project(), title="Zyxquark")

        page = words(client.get("/status/"))

        assert "Zyxquark" not in page
        assert "All quiet" in page

    def test_asked_again_it_answers_only_when_something_changed(self, client, member, incident):
        tag = client.get("/status/")["ETag"]
        assert client.get("/status/", headers={"If-None-Match": tag}).status_code == 304

        timeline.add_entry(subject=incident, description="New", actor=system(), now=timezone.now())
        assert client.get("/status/", headers={"If-None-Match": tag}).status_code == 200

    def test_the_number_of_queries_does_not_grow(self, client, member, project, django_assert_max_num_queries):
        for _one in range(8):
            declare(project)

        with django_assert_max_num_queries(12):
            client.get("/status/")


class TestResponder:
    def url(self, incident, *parts) -> str:
        return "/".join([f"/i/{incident.name}", *map(str, parts), ""])

    def test_a_member_reads_joins_and_writes(self, client, member, incident):
        before = client.get(self.url(incident))
        assert "19 days" in words(before)
        assert 'name="description"' not in before.content.decode()
        assert client.post(self.url(incident, "entry"), {"description": "too early"}).status_code == 403

        assert client.post(self.url(incident, "join"))["Location"] == self.url(incident)
        client.post(self.url(incident, "entry"), {"description": "I saw\r\nit too", "decision": "on"})

        entry = Event.objects.of(incident).latest("seq")
        assert (entry.description, entry.kind, entry.user) == ("I saw\nit too", "decision", member)
        assert "You take part as: Observer" in words(client.get(self.url(incident)))

    def test_names_are_found_in_small_letters(self, client, member, incident):
        assert client.get(f"/i/{incident.name.lower()}/").status_code == 200

    def test_a_screenshot_comes_with_an_entry(self, client, member, incident, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path
        takes_part(incident, member)
        shot = SimpleUploadedFile("shot.png", b"\x89PNG\r\n\x1a\n", "image/png")

        client.post(self.url(incident, "entry"), {"description": "Look", "file": shot})

        row = Attachment.objects.get()
        assert row.event.description == "Look"
        assert f"/files/{row.uuid}/" in client.get(self.url(incident)).content.decode()

    def test_a_refused_entry_keeps_what_was_typed(self, client, member, incident):
        takes_part(incident, member)
        bad = SimpleUploadedFile("run.exe", b"MZ")

        answer = client.post(self.url(incident, "entry"), {"description": "A long story", "file": bad})

        assert answer.status_code == 400
        assert "run.exe may not be attached" in words(answer)
        assert "A long story" in answer.content.decode()

    def test_what_is_far_too_large_is_cut_off_while_it_comes_in(self, client, member, incident, settings):
        settings.ATTACHMENT_MAX_BYTES = 100
        takes_part(incident, member)
        large = SimpleUploadedFile("large.txt", b"x" * 200_000)
        before = Event.objects.count()

        answer = client.post(self.url(incident, "entry"), {"description": "Look", "file": large})

        assert answer.status_code == 400
        assert "too large" in words(answer)
        assert Event.objects.count() == before

    def test_a_page_is_acknowledged_with_one_press(self, client, member, incident):
        person = takes_part(incident, member)
        page = pages.page(
            subject=incident, fact="test", individual=person, message="Please look", actor=system(), now=timezone.now()
        )
        assert "Please look" in words(client.get(self.url(incident)))

        client.post(self.url(incident, "acknowledge", page.uuid))

        page.refresh_from_db()
        assert (page.status, page.acknowledged_by) == ("acknowledged", person)
        assert "You are paged" not in words(client.get(self.url(incident)))

    def test_a_page_is_acknowledged_after_the_deadline_while_nobody_else_has_answered(self, client, member, incident):
        person = takes_part(incident, member)
        service = Service.objects.create(
            project=incident.project, name="Mail", owner=make_individual(incident.project, "owner@example.com")
        )
        page = pages.page(
            subject=incident, fact="test", individual=person, service=service, actor=system(), now=timezone.now()
        )
        pages.advance(page_id=page.pk, now=timezone.now() + timedelta(minutes=30))
        assert [call.status for call in page.calls.order_by("position")] == ["unanswered", "calling"]
        assert "You are paged" in words(client.get(self.url(incident)))

        client.post(self.url(incident, "acknowledge", page.uuid))

        page.refresh_from_db()
        assert (page.status, page.acknowledged_by) == ("acknowledged", person)
        assert "You are paged" not in words(client.get(self.url(incident)))

    def test_a_page_for_somebody_else_is_not_shown_and_not_answered(self, client, member, project, incident):
        takes_part(incident, member)
        other = make_individual(project)
        page = pages.page(subject=incident, fact="test", individual=other, actor=system(), now=timezone.now())

        assert "You are paged" not in words(client.get(self.url(incident)))
        assert client.post(self.url(incident, "acknowledge", page.uuid)).status_code == 403
        page.refresh_from_db()
        assert page.status == "waiting"

    def test_a_task_is_taken_and_finished(self, client, member, incident):
        takes_part(incident, member)
        task = create_task(subject=incident, title="Collect the logs", actor=system(), now=timezone.now())
        assert "Collect the logs" in words(client.get(self.url(incident)))
        assert client.post(self.url(incident, "finish", task.uuid)).status_code == 403

        client.post(self.url(incident, "take", task.uuid))
        client.post(self.url(incident, "finish", task.uuid))

        task.refresh_from_db()
        assert (task.status, task.resolved_by) == ("resolved", member)
        told = list(Event.objects.of(incident).filter(kind="task_updated").values_list("description", flat=True))
        assert "Mia Member took the task “Collect the logs”" in told
        assert client.post(self.url(incident, "take", task.uuid)).status_code == 409

    def test_ones_own_task_is_finished_and_not_taken(self, client, member, incident):
        person = takes_part(incident, member)
        create_task(subject=incident, title="Collect the logs", owner=person, actor=system(), now=timezone.now())

        page = client.get(self.url(incident)).content.decode()

        assert "Finish: Collect the logs" in page
        assert "Take: Collect the logs" not in page

    def test_who_takes_no_part_takes_no_task(self, client, member, incident):
        task = create_task(subject=incident, title="Collect the logs", actor=system(), now=timezone.now())

        assert client.post(self.url(incident, "take", task.uuid)).status_code == 403
        assert not task.assignees.exists()

    @pytest.mark.parametrize(("answer", "status"), [("accept", "accepted"), ("decline", "declined")])
    def test_a_hand_over_is_answered(self, client, member, incident, answer, status):
        person = takes_part(incident, member)
        offer = handovers.offer(
            subject=incident, role="incident_commander", to=person, summary="All is in the safe", actor=system(),
            now=timezone.now(),
        )  # fmt: skip
        assert "All is in the safe" in words(client.get(self.url(incident)))

        client.post(self.url(incident, answer, offer.uuid))

        offer.refresh_from_db()
        assert offer.status == status
        leads = Role.objects.of(incident).get(role="incident_commander", renounced_at=None).participant.individual
        assert (leads == person) is (answer == "accept")

    def test_it_renews_itself_only_when_something_changed(self, client, member, incident):
        tag = client.get(self.url(incident))["ETag"]
        assert client.get(self.url(incident), headers={"If-None-Match": tag}).status_code == 304

        event = timeline.add_entry(subject=incident, description="New", actor=system(), now=timezone.now())
        second = client.get(self.url(incident), headers={"If-None-Match": tag})
        assert second.status_code == 200

        timeline.pin(event=event, actor=system(), now=timezone.now())
        assert client.get(self.url(incident), headers={"If-None-Match": second["ETag"]}).status_code == 200

    def test_a_restricted_one_is_there_for_its_participants_and_each_read_is_noted(self, client, member, project):
        hidden = declare(project, title="Zyxquark", visibility="restricted")
        assert client.get(self.url(hidden)).status_code == 404

        takes_part(hidden, member)
        assert client.get(self.url(hidden)).status_code == 200
        assert RestrictedRead.objects.of(hidden).get().user == member

    def test_without_a_log_in_nothing_is_said(self, incident):
        for path in (self.url(incident), self.url(incident, "join"), "/status/", "/report/"):
            answer = Client().get(path)
            assert answer.status_code in {302, 405}
            assert b"Payroll" not in answer.content

    @pytest.mark.parametrize("verb", ["join", "entry", "acknowledge", "take", "finish", "accept", "decline", "nothing"])
    def test_who_does_not_see_it_changes_nothing(self, client, member, project, verb):
        hidden = declare(project, title="Zyxquark", visibility="restricted")
        task = create_task(subject=hidden, title="t", actor=system(), now=timezone.now())
        seen = declare(project)
        before = hidden.event_count

        for url in (self.url(hidden, verb), self.url(hidden, verb, task.uuid)):
            answer = client.post(url, {"description": "x"})
            assert answer.status_code == 404
            assert b"Zyxquark" not in answer.content
        # Nor by the way of one that they do see.
        assert client.post(self.url(seen, verb, task.uuid), {"description": "x"}).status_code in {302, 403, 404}

        hidden.refresh_from_db()
        task.refresh_from_db()
        assert (hidden.event_count, task.status) == (before + 1, Task.Status.OPEN)
        assert not Participant.objects.of(hidden).filter(individual__user=member).exists()

    def test_a_responder_is_led_to_the_console(self, client, project, incident):
        client.force_login(make_member(project, "responder"))

        assert f"/admin/incidents/incident/{incident.pk}/change/" in client.get(self.url(incident)).content.decode()

    def test_the_number_of_queries_does_not_grow(self, client, member, project, django_assert_max_num_queries):
        incident, by = declare(project), actor_for(make_member(project, "admin"))
        takes_part(incident, member)
        for number in range(12):
            create_task(subject=incident, title=f"t{number}", actor=by, now=timezone.now())
            timeline.add_entry(subject=incident, description="x", actor=by, now=timezone.now())

        with django_assert_max_num_queries(30):
            client.get(self.url(incident))


def test_who_leads_is_said_beside_the_status(client, member, incident):
    page = words(client.get(f"/i/{incident.name}/"))

    assert page.index("Incident Commander") < page.index("What happened") < page.index("Timeline")


def test_a_task_says_that_it_is_overdue(client, member, incident):
    by = {"actor": system(), "now": timezone.now()}
    create_task(subject=incident, title="In time", due_at=timezone.now() + timedelta(days=2), **by)
    late = create_task(subject=incident, title="Late", due_at=timezone.now() + timedelta(hours=1), **by)
    Task.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(hours=5))

    page = words(client.get(f"/i/{incident.name}/"))

    assert page.count("Overdue") == 1
    assert page.index("Late") < page.index("Overdue 5 h") < page.index("In time")
