"""The incident's pages in the console: the report, the page with its dialogs, what leaks to nobody."""

import html
import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.flows import subjects
from core.models import Project, RestrictedRead, SubjectLink
from core.operations import plan
from core.operations.models import Operation
from core.timeline import Event
from core.timeline import flows as timeline
from incidents import flows
from incidents.models import Incident, Severity, Type
from knowledge.models import Tag, TagType
from people.flows import add_participant, assign_role
from people.models import Participant, Role
from tests.factories import actor_for, declare, individual_of, make_individual, make_member, make_project, system

pytestmark = pytest.mark.django_db


def change(incident: Incident, tab: str = "") -> str:
    url = reverse("admin:incidents_incident_change", args=[incident.pk])
    return f"{url}?tab={tab}" if tab else url


def opened(incident: Incident, dialog: str) -> str:
    return reverse(f"admin:incidents_incident_{dialog}", args=[incident.pk])


def seen(incident: Incident) -> dict[str, int]:
    """What a dialog that was opened now carries."""
    incident.refresh_from_db()
    return {"version": incident.version, "seen": incident.event_count}


@pytest.fixture
def project() -> Project:
    return make_project(name="Security")


@pytest.fixture
def responder(client, project):
    user = make_member(project, "responder", name="Rita Sponder")
    client.force_login(user)
    return user


@pytest.fixture
def incident(project) -> Incident:
    return declare(project, title="Payroll export readable", description="19 days")


class TestReport:
    def url(self, project=None) -> str:
        return reverse("admin:incidents_incident_add") + (f"?project={project.pk}" if project else "")

    def form(self, client: Client, here: Project, **fields: object) -> dict[str, object]:
        form = client.get(self.url(here)).context["form"]
        first = {name: form[name].value() for name in ("key", "type", "severity", "priority")}
        return {"title": "Ransom note", "project": here.pk, **first, **fields}

    def test_a_responder_reports_and_lands_on_the_incident(self, client, responder, project):
        answer = client.post(self.url(), self.form(client, project, description="  Two hosts\nand more "))

        incident = Incident.objects.get(title="Ransom note")
        assert answer.status_code == 302
        assert answer["Location"] == change(incident)
        assert incident.description == "  Two hosts\nand more "
        assert Role.objects.get(incident=incident, role="reporter").participant.individual.user == responder

    def test_browsers_line_ends_are_stored_as_people_type_them(self, client, responder, project):
        client.post(self.url(), self.form(client, project, description="one\r\ntwo"))

        assert Incident.objects.get(title="Ransom note").description == "one\ntwo"

    def test_sent_twice_it_makes_one_incident_and_lands_on_the_same_page(self, client, responder, project):
        form = self.form(client, project)

        first, second = client.post(self.url(), form), client.post(self.url(), form)

        assert first["Location"] == second["Location"]
        assert Incident.objects.filter(title="Ransom note").count() == 1

    def test_back_and_sent_again_it_asks_before_it_makes_a_second_one(self, client, responder, project):
        form = self.form(client, project)
        first = client.post(self.url(), form)

        # Back brings the words, and the page a new key.
        asked = client.post(self.url(), {**form, "key": "another"})
        shown = asked.context["form"]
        assert Incident.objects.count() == 1
        assert f"a short while ago: {Incident.objects.get().name}" in asked.content.decode()

        again = client.post(self.url(), {**form, "key": shown["key"].value(), "besides": shown["besides"].value()})
        assert again.status_code == 302
        assert again["Location"] != first["Location"]
        assert Incident.objects.filter(title="Ransom note").count() == 2

    def test_another_person_reports_the_same_without_being_asked(self, client, responder, project):
        client.post(self.url(), self.form(client, project))
        client.force_login(make_member(project, "responder"))

        assert client.post(self.url(), self.form(client, project)).status_code == 302

    def test_a_refused_form_begins_where_something_is_wrong(self, client, responder, project):
        answer = client.post(self.url(), self.form(client, project, commander="nobody"))

        fields = re.findall(r"<(?:input|textarea|select)[^>]* autofocus[^>]*>", answer.content.decode())
        assert [re.search(r'name="([^"]+)"', field).group(1) for field in fields] == ["commander"]

    def test_the_same_form_with_other_words_asks_before_it_makes_a_second_one(self, client, responder, project):
        form = self.form(client, project)
        client.post(self.url(), form)

        asked = client.post(self.url(), {**form, "title": "Another"})
        again = client.post(self.url(), {**form, "title": "Another", "key": asked.context["form"]["key"].value()})

        assert "second incident" in asked.content.decode()
        assert again.status_code == 302
        assert Incident.objects.filter(title="Another").count() == 1

    def test_an_empty_title_stays_in_the_form_with_what_was_typed(self, client, responder, project):
        answer = client.post(self.url(), self.form(client, project, title="   ", description="kept"))

        assert answer.status_code == 200
        assert "title" in answer.context["form"].errors
        assert "kept" in answer.content.decode()
        assert not Incident.objects.exists()

    def test_another_projects_words_are_refused_at_their_fields(self, client, responder, project):
        foreign = make_project()

        answer = client.post(
            self.url(), self.form(client, project, type=Type.objects.get(project=foreign).pk, project=foreign.pk)
        )

        assert answer.status_code == 200
        assert "project" in answer.context["form"].errors
        assert not Incident.objects.exists()

    def test_the_choices_follow_the_project(self, client, project):
        second = make_project(project.organization, "Second")
        owner = make_member(project, "owner")
        client.force_login(owner)
        Type.objects.create(project=second, name="Only in the second")

        assert "Only in the second" not in client.get(self.url(project)).content.decode()
        assert "Only in the second" in client.get(self.url(second)).content.decode()

    def test_disabled_words_are_not_offered(self, client, responder, project):
        Severity.objects.filter(project=project, name="Critical").update(enabled=False)

        assert "Critical" not in client.get(self.url()).content.decode()

    def test_the_projects_hints_stand_in_the_form(self, client, responder, project):
        Project.objects.filter(pk=project.pk).update(report_instructions="Call first", title_hint="What is affected")

        text = client.get(self.url()).content.decode()

        assert "Call first" in text
        assert "What is affected" in text

    def test_a_named_commander_and_tags_are_taken(self, client, responder, project):
        tag = Tag.objects.create(project=project, tag_type=TagType.objects.create(project=project, name="a"), name="b")

        client.post(
            self.url(), self.form(client, project, commander="new@example.com", tags=[tag.pk], visibility="restricted")
        )

        incident = Incident.objects.get(title="Ransom note")
        assert list(incident.tags.all()) == [tag]
        assert incident.is_restricted
        assert (
            Role.objects.get(incident=incident, role="incident_commander").participant.individual.email
            == "new@example.com"
        )


class TestPage:
    def test_it_shows_what_it_is_and_who_has_it(self, client, responder, incident):
        text = client.get(change(incident)).content.decode()

        assert f"{incident.name} &nbsp;Payroll export readable" in text
        assert "Commander" in text
        assert "Mark stable" in text

    @pytest.mark.parametrize(
        "tab", ["overview", "timeline", "people", "resources", "operations", "history", "nonsense"]
    )
    def test_every_tab_opens(self, client, responder, incident, tab):
        assert client.get(change(incident, tab)).status_code == 200

    def test_it_is_found_by_its_name_too(self, client, responder, incident):
        assert client.get(f"/admin/incidents/incident/{incident.name.lower()}/change/").status_code == 200

    def test_it_changes_nothing_by_posting_to_it(self, client, responder, incident):
        assert client.post(change(incident), {"title": "X"}).status_code == 405

    def test_text_is_shown_and_never_run(self, client, responder, project):
        nasty = declare(project, title="<script>alert(1)</script>", description="<img src=x onerror=alert(1)>")

        text = client.get(change(nasty)).content.decode()

        assert "<script>alert(1)" not in text
        assert "<img src=x" not in text

    def test_a_failed_operation_speaks_first(self, client, responder, incident):
        row = Operation.objects.filter(incident=incident, action="ticket.create").get()
        Operation.objects.filter(pk=row.pk).update(status="failed", error="Jira answered: no such field.")

        text = client.get(change(incident)).content.decode()

        assert "The ticket was not made." in text
        assert "Jira answered: no such field." in text
        assert text.index("The ticket was not made.") < text.index("What happened")
        assert reverse("admin:core_operation_retry", args=[row.pk]) in text

    @pytest.mark.parametrize("tab", ["", "timeline", "people", "operations"])
    def test_the_number_of_queries_is_fixed(self, client, responder, project, django_assert_max_num_queries, tab):
        small, large = declare(project), declare(project)
        for number in range(24):
            timeline.add_entry(subject=large, description=f"entry {number}", actor=system(), now=timezone.now())
            add_participant(subject=large, individual=make_individual(project), actor=system(), now=timezone.now())
        client.get(change(small, tab))

        counts = []
        for one in (small, large):
            with django_assert_max_num_queries(45) as queries:
                client.get(change(one, tab))
            counts.append(len(queries))

        assert counts[0] == counts[1]


class TestRestricted:
    @pytest.fixture
    def secret(self, project) -> Incident:
        return declare(project, title="Insider case", visibility="restricted")

    def test_a_responder_who_takes_no_part_finds_nothing_anywhere(self, client, responder, secret):
        event = Event.objects.of(secret).first()
        person = Participant.objects.of(secret).first()
        operation = Operation.objects.of(secret).first()
        pages = [
            change(secret),
            *(opened(secret, name) for name in (
                "add-entry", "mark-stable", "close", "edit", "assign-role", "join", "leave", "link", "put-away"
            )),
            reverse("admin:core_event_correct", args=[event.pk]),
            reverse("admin:core_event_pin", args=[event.pk]),
            reverse("admin:people_participant_remove", args=[person.pk]),
            reverse("admin:core_operation_change", args=[operation.pk]),
            reverse("admin:core_operation_retry", args=[operation.pk]),
            f"/admin/incidents/incident/{secret.name}/change/",
        ]  # fmt: skip

        for url in pages:
            assert client.get(url).status_code == 404, url
            assert client.post(url, {"description": "x"}).status_code == 404, url
        assert "Insider" not in client.get(reverse("admin:incidents_incident_changelist") + "?tab=all").content.decode()
        assert "Insider" not in client.get(reverse("admin:index")).content.decode()

    def test_nothing_changed_by_the_refused_posts(self, client, responder, secret):
        before = Event.objects.of(secret).count()

        client.post(opened(secret, "add-entry"), {"description": "x"})

        assert Event.objects.of(secret).count() == before

    def test_a_participant_reads_it_and_the_read_is_noted(self, client, responder, secret, project):
        add_participant(
            subject=secret, individual=individual_of(responder, project), actor=system(), now=timezone.now()
        )

        assert client.get(change(secret)).status_code == 200
        assert RestrictedRead.objects.get(incident=secret).user == responder

    @pytest.mark.parametrize(("role", "told"), [("incident_commander", True), ("liaison", False)])
    def test_who_read_it_is_shown_to_whoever_leads_it(self, client, responder, secret, project, role, told):
        reader = make_member(project, "admin", name="Curious Admin")
        subjects.note_read(subject=secret, actor=actor_for(reader), now=timezone.now())
        person = individual_of(responder, project)
        assign_role(subject=secret, role=role, individual=person, actor=system(), now=timezone.now())

        page = client.get(f"{change(secret)}?tab=history").content.decode()

        assert ("Who read it" in page) is told
        assert ("Curious Admin" in page) is told

    def test_the_timeline_shows_the_old_and_the_new_text_and_of_a_long_one_the_beginning(
        self, client, responder, incident
    ):
        edit = {"incident": incident, "actor": system(), "now": timezone.now()}
        flows.edit(description="It begins so. " + "x" * 9000, **edit)

        page = client.get(f"{change(incident)}?tab=timeline").content.decode()

        assert "Old and new text" in page
        assert "19 days" in page.split("Old and new text")[1]
        assert "It begins so." in page.split("Since then")[1]
        assert "x" * 4000 not in page

    def test_whoever_would_lock_themselves_out_is_told_before(self, client, responder, incident, project):
        assert "You yourself would not see it any more." in client.get(opened(incident, "edit")).content.decode()

        person = individual_of(responder, project)
        add_participant(subject=incident, individual=person, actor=system(), now=timezone.now())
        assert "change nothing, not even this" in client.get(opened(incident, "edit")).content.decode()

        assign_role(
            subject=incident, role="scribe", individual=person, actor=system(), now=timezone.now()
        )  # fmt: skip
        assert "You yourself" not in client.get(opened(incident, "edit")).content.decode()

    def test_an_observer_of_it_writes_the_timeline_and_changes_nothing_else(self, client, responder, secret, project):
        add_participant(
            subject=secret, individual=individual_of(responder, project), actor=system(), now=timezone.now()
        )

        assert client.post(opened(secret, "add-entry"), {"description": "seen"}).status_code == 302
        assert client.post(opened(secret, "close"), seen(secret)).status_code == 403
        secret.refresh_from_db()
        assert secret.status == "active"

    def test_a_read_of_an_open_one_leaves_no_row(self, client, responder, incident):
        client.get(change(incident))

        assert not RestrictedRead.objects.exists()


class TestDialogs:
    def test_without_the_script_a_dialog_is_a_page(self, client, responder, incident):
        text = client.get(opened(incident, "close")).content.decode()

        assert "<html" in text
        assert "csrfmiddlewaretoken" in text

    def test_with_the_script_it_is_the_modal_alone(self, client, responder, incident):
        text = client.get(opened(incident, "close"), headers={"HX-Request": "true"}).content.decode()

        assert "<html" not in text
        assert "Ends the roles of" in text

    def test_nothing_is_done_by_a_get(self, client, responder, incident):
        for name in ("mark-stable", "close", "join", "leave", "put-away"):
            client.get(opened(incident, name), seen(incident))

        incident.refresh_from_db()
        assert (incident.status, incident.deleted_at) == ("active", None)
        assert not Participant.objects.filter(individual__user=responder).exists()

    def test_a_post_without_the_token_is_refused(self, project, incident):
        client = Client(enforce_csrf_checks=True)
        client.force_login(make_member(project, "responder"))

        assert client.post(opened(incident, "close"), seen(incident)).status_code == 403
        incident.refresh_from_db()
        assert incident.status == "active"

    def test_success_sends_the_browser_back_to_where_it_came_from(self, client, responder, incident):
        came_from = f"http://testserver{change(incident, 'timeline')}"

        answer = client.post(
            opened(incident, "close"), seen(incident), headers={"HX-Request": "true", "HX-Current-URL": came_from}
        )

        assert answer.status_code == 204
        assert answer["HX-Redirect"] == came_from

    def test_it_sends_nobody_to_another_site(self, client, responder, incident):
        answer = client.post(
            opened(incident, "close"), seen(incident),
            headers={"HX-Request": "true", "HX-Current-URL": "https://evil.example/"},
        )  # fmt: skip

        assert answer["HX-Redirect"] == change(incident)

    def test_what_the_flow_refuses_stays_in_the_dialog(self, client, responder, incident):
        answer = client.post(opened(incident, "link"), {"kind": "related", "name": "INC-9999"})

        assert answer.status_code == 200
        assert "There is no such name" in answer.content.decode()


class TestMoves:
    def test_stable_closed_and_reopened(self, client, responder, incident):
        high = Severity.objects.get(project=incident.project, name="High")

        client.post(opened(incident, "mark-stable"), {**seen(incident), "severity": high.pk, "reason": "contained"})
        incident.refresh_from_db()
        assert (incident.status, incident.severity) == ("stable", high)

        client.post(opened(incident, "close"), seen(incident))
        incident.refresh_from_db()
        assert incident.status == "closed"

        client.post(opened(incident, "reopen"), seen(incident))
        incident.refresh_from_db()
        assert incident.status == "active"
        assert "contained" in client.get(change(incident, "history")).content.decode()

    def test_a_move_made_meanwhile_is_not_undone_by_an_old_dialog(self, client, responder, incident):
        old = seen(incident)
        flows.change_status(incident=incident, to="closed", actor=system(), now=timezone.now())

        answer = client.post(opened(incident, "mark-stable"), {**old, "severity": incident.severity_id})

        assert "meanwhile" in answer.content.decode()
        assert "as closed" in answer.content.decode()
        incident.refresh_from_db()
        assert incident.status == "closed"

    def test_only_what_makes_sense_is_offered(self, client, responder, incident):
        flows.change_status(incident=incident, to="closed", actor=system(), now=timezone.now())

        text = client.get(change(incident)).content.decode()

        assert "Reopen" in text
        assert opened(incident, "mark-stable") not in text
        assert opened(incident, "assign-role") not in text


class TestEdit:
    def form(self, incident: Incident, **fields: object) -> dict[str, object]:
        incident.refresh_from_db()
        shown = {
            "title": incident.title, "description": incident.description, "resolution": incident.resolution,
            "type": incident.type_id, "severity": incident.severity_id, "priority": incident.priority_id,
            "visibility": incident.visibility, "reported_at": f"{incident.reported_at:%Y-%m-%dT%H:%M:%S}",
            "tags": list(incident.tags.values_list("pk", flat=True)),
        }  # fmt: skip
        return {**seen(incident), **shown, **{f"initial-{name}": value for name, value in shown.items()}, **fields}

    def test_only_what_was_changed_is_written(self, client, responder, incident):
        before = Event.objects.of(incident).count()

        client.post(opened(incident, "edit"), self.form(incident, title="Better title"))

        incident.refresh_from_db()
        assert incident.title == "Better title"
        assert Event.objects.of(incident).count() == before + 1

    def test_texts_with_other_line_ends_are_left_as_they_are(self, client, responder, project):
        incident = declare(project, description="one\r\ntwo \n three ")

        client.post(
            opened(incident, "edit"), self.form(incident, title="Changed", description="one\r\ntwo \r\n three ")
        )

        incident.refresh_from_db()
        assert incident.description == "one\r\ntwo \n three "

    def test_two_edits_of_the_same_version_leave_one_winner_and_a_refusal_that_says_what_happened(
        self, client, responder, incident
    ):
        critical = Severity.objects.get(project=incident.project, name="Critical")
        mine = self.form(incident, title="Mine")
        flows.edit(incident=incident, severity=critical, actor=system(), now=timezone.now())

        refused = client.post(opened(incident, "edit"), mine)

        text = refused.content.decode()
        assert "meanwhile" in text
        assert "Critical" in text
        incident.refresh_from_db()
        assert incident.title != "Mine"
        # Sent again, it writes what the reader changed and leaves what the other one changed.
        again = refused.context["form"].data
        client.post(opened(incident, "edit"), {key: again.getlist(key) for key in again})
        incident.refresh_from_db()
        assert (incident.title, incident.severity) == ("Mine", critical)

    def test_a_foreign_word_is_refused_at_its_field(self, client, responder, incident):
        foreign = Type.objects.get(project=make_project())

        answer = client.post(opened(incident, "edit"), self.form(incident, type=foreign.pk))

        assert "type" in answer.context["form"].errors

    def test_a_disabled_word_stays_where_it_is(self, client, responder, incident):
        Type.objects.filter(pk=incident.type_id).update(enabled=False, default=False)

        answer = client.post(opened(incident, "edit"), self.form(incident, title="Changed"))

        assert answer.status_code == 302
        incident.refresh_from_db()
        assert incident.title == "Changed"


class TestTimeline:
    def test_an_entry_is_written_by_one_line(self, client, responder, incident):
        client.post(opened(incident, "add-entry"), {"description": "Access withdrawn", "next": change(incident)})

        event = Event.objects.of(incident).order_by("-seq").first()
        assert (event.kind, event.description, event.user) == ("custom_event", "Access withdrawn", responder)

    def test_an_empty_entry_is_refused(self, client, responder, incident):
        before = Event.objects.of(incident).count()

        answer = client.post(opened(incident, "add-entry"), {"description": "   "})

        assert answer.status_code == 200
        assert Event.objects.of(incident).count() == before

    def test_a_correction_leaves_the_old_entry_struck_through(self, client, responder, incident):
        event = timeline.add_entry(
            subject=incident, description="Wrong", actor=actor_for(responder), now=timezone.now()
        )

        client.post(
            reverse("admin:core_event_correct", args=[event.pk]), {"description": "Right", "reason": "misheard"}
        )

        text = client.get(change(incident, "timeline")).content.decode()
        assert '<span class="struck">Wrong</span>' in text
        assert "Right" in text

    def test_pinning_is_done_at_once_and_undone(self, client, responder, incident):
        event = timeline.add_entry(subject=incident, description="Keep", actor=actor_for(responder), now=timezone.now())

        client.post(reverse("admin:core_event_pin", args=[event.pk]))
        assert hasattr(Event.objects.get(pk=event.pk), "pin")
        client.post(reverse("admin:core_event_unpin", args=[event.pk]))
        assert not hasattr(Event.objects.get(pk=event.pk), "pin")

    def test_an_event_has_no_page_of_its_own(self, client, responder, incident):
        event = Event.objects.of(incident).first()

        assert client.get(f"/admin/core/event/{event.pk}/change/").status_code == 404
        assert client.get("/admin/core/event/").status_code == 404

    def test_only_admins_erase(self, client, responder, incident, project):
        event = timeline.add_entry(
            subject=incident, description="A name", actor=actor_for(responder), now=timezone.now()
        )
        url = reverse("admin:core_event_erase", args=[event.pk])
        assert client.post(url, {"reason": "asked"}).status_code == 403

        client.force_login(make_member(project, "admin"))
        client.post(url, {"reason": "asked"})

        assert Event.objects.get(pk=event.pk).description == ""

    def test_pages_of_25_and_chips_by_kind(self, client, responder, incident):
        for number in range(30):
            timeline.add_entry(subject=incident, description=f"entry {number:02}", actor=system(), now=timezone.now())

        first = client.get(change(incident, "timeline")).content.decode()
        people = client.get(change(incident, "timeline") + "&kind=people").content.decode()

        assert len(re.findall(r'class="ev"', first)) == 25
        assert "entry 29" in first
        assert "entry 00" not in first
        assert "entry 29" not in people


class TestPeople:
    def test_a_role_is_handed_over_with_a_note(self, client, responder, incident):
        client.post(
            opened(incident, "assign-role"),
            {"role": "incident_commander", "individual": "night@example.com", "note": "Phones are in the drawer"},
        )

        holder = Role.objects.get(incident=incident, role="incident_commander", renounced_at=None)
        assert holder.participant.individual.email == "night@example.com"
        assert Event.objects.of(incident).filter(description__contains="Phones are in the drawer").exists()

    def test_somebody_is_added_by_address(self, client, responder, incident):
        client.post(opened(incident, "add-participant"), {"individual": "x@example.com", "role": "observer"})

        assert Participant.objects.of(incident).filter(individual__email="x@example.com").exists()

    def test_removing_the_commander_names_the_blocker_and_hands_over_in_the_same_dialog(
        self, client, responder, incident
    ):
        commander = Role.objects.get(incident=incident, role="incident_commander").participant
        url = reverse("admin:people_participant_remove", args=[commander.pk])

        assert "hand the role over first" in client.get(url).content.decode()
        refused = client.post(url, {"successor": ""})
        assert refused.status_code == 200
        commander.refresh_from_db()
        assert commander.left_at is None

        client.post(url, {"successor": "next@example.com"})
        commander.refresh_from_db()
        assert commander.left_at is not None
        holder = Role.objects.get(incident=incident, role="incident_commander", renounced_at=None)
        assert holder.participant.individual.email == "next@example.com"

    def test_a_refused_removal_takes_the_hand_over_back(self, client, responder, incident):
        commander = Role.objects.get(incident=incident, role="incident_commander").participant

        client.post(
            reverse("admin:people_participant_remove", args=[commander.pk]), {"successor": commander.individual.email}
        )

        assert (
            Role.objects.get(incident=incident, role="incident_commander", renounced_at=None).participant == commander
        )

    def test_joining_and_leaving(self, client, responder, incident):
        client.post(opened(incident, "join"))
        part = Participant.objects.of(incident).get(individual__user=responder)
        assert part.left_at is None

        client.post(opened(incident, "leave"))
        part.refresh_from_db()
        assert part.left_at is not None

    def test_a_role_is_renounced(self, client, responder, incident, project):
        person = make_individual(project)
        assign_role(subject=incident, individual=person, role="scribe", actor=system(), now=timezone.now())
        part = Participant.objects.of(incident).get(individual=person)

        client.post(reverse("admin:people_participant_renounce", args=[part.pk]), {"role": "scribe"})

        assert not Role.objects.filter(participant=part, role="scribe", renounced_at=None).exists()

    def test_suggestions_are_of_the_own_organization(self, client, responder, project):
        make_individual(project, "ada@example.com", "Ada Rossi")
        make_individual(make_project(), "adam@example.com", "Adam Foreign")

        text = client.get(reverse("admin:people_individual_suggest") + "?q=ada").content.decode()

        assert "ada@example.com" in text
        assert "adam@example.com" not in text


class TestLinks:
    def test_linked_and_unlinked(self, client, responder, incident, project):
        other = declare(project)

        client.post(opened(incident, "link"), {"kind": "duplicate_of", "name": other.name.lower()})
        assert other.name in client.get(change(incident)).content.decode()

        client.post(reverse("admin:core_subjectlink_unlink", args=[SubjectLink.objects.get().pk]))
        assert not SubjectLink.objects.exists()

    def test_the_other_one_is_suggested_while_one_types(self, client, responder, project, incident):
        other, old = declare(project, title="Lost laptop"), declare(project, title="Lost badge")
        hidden = declare(project, title="Lost salaries", visibility="restricted")
        flows.change_status(incident=old, to="closed", actor=system(), now=timezone.now())
        dialog = client.get(opened(incident, "link")).content.decode()
        address = html.unescape(re.search(r'data-suggests="([^"]+)"', dialog).group(1))

        def suggested(text=""):
            return re.findall(r'value="([^"]+)"', client.get(f"{address}&q={text}").content.decode())

        assert suggested() == [other.name]
        assert set(suggested("lost")) == {other.name, old.name}
        assert suggested(old.name.lower()) == [old.name]
        assert suggested(hidden.name) == suggested("salaries") == suggested(incident.name) == []

    def test_a_hidden_one_is_not_there(self, client, responder, incident, project):
        hidden = declare(project, visibility="restricted")

        answer = client.post(opened(incident, "link"), {"kind": "related", "name": hidden.name})

        assert "There is no such name" in answer.content.decode()
        assert not SubjectLink.objects.exists()


class TestDeleting:
    def test_an_admin_deletes_and_restores(self, client, incident, project):
        client.force_login(make_member(project, "admin"))

        asked = client.get(opened(incident, "put-away")).content.decode()
        answer = client.post(opened(incident, "put-away"), seen(incident), headers={"HX-Request": "true"})

        assert "restore it for 30 days" in asked
        assert answer["HX-Redirect"] == reverse("admin:incidents_incident_changelist")
        assert client.get(change(incident)).status_code == 404
        deleted = client.get(reverse("admin:incidents_incident_changelist") + "?tab=deleted").content.decode()
        assert incident.title in deleted

        client.post(opened(incident, "restore"))
        assert client.get(change(incident)).status_code == 200

    def test_a_responder_does_neither(self, client, responder, incident, project):
        assert client.post(opened(incident, "put-away"), seen(incident)).status_code == 403
        flows.delete_subject(subject=incident, actor=system(), now=timezone.now())

        assert client.post(opened(incident, "restore")).status_code == 404
        listed = client.get(reverse("admin:incidents_incident_changelist") + "?tab=deleted").content.decode()
        assert incident.title not in listed


class TestOperations:
    def test_a_failed_one_is_retried_from_the_page(self, client, responder, incident):
        row = Operation.objects.filter(incident=incident).first()
        Operation.objects.filter(pk=row.pk).update(status="failed")

        client.post(reverse("admin:core_operation_retry", args=[row.pk]))

        row.refresh_from_db()
        assert row.status == "pending"

    def test_skipping_asks_why(self, client, responder, incident):
        row = Operation.objects.filter(incident=incident).first()
        Operation.objects.filter(pk=row.pk).update(status="failed")
        url = reverse("admin:core_operation_skip", args=[row.pk])

        assert client.post(url, {"reason": ""}).status_code == 200
        client.post(url, {"reason": "done by hand"})

        row.refresh_from_db()
        assert row.status == "skipped"

    def test_the_list_says_whom_a_mail_goes_to_without_a_query_a_row(
        self, client, responder, incident, project, django_assert_max_num_queries
    ):
        url = reverse("admin:core_operation_changelist")

        def mail(name):
            person = make_individual(project, name=name)
            plan(
                "email.send", subject=incident, fact=f"test:{person.pk}",
                arguments={"template": "involved", "individual": person.pk},
            )  # fmt: skip

        mail("Ada Lovelace")
        client.get(url)
        with django_assert_max_num_queries(30) as few:
            assert "Send a mail: Ada Lovelace" in client.get(url).content.decode()
        for number in range(5):
            mail(f"Person {number}")
        with django_assert_max_num_queries(30) as many:
            assert "Send a mail: Person 4" in client.get(url).content.decode()

        assert len(few) == len(many)
        row = Operation.objects.filter(action="email.send").latest("pk")
        page = reverse("admin:core_operation_change", args=[row.pk])
        assert "Send a mail: Person 4" in client.get(page).content.decode()
        tab = reverse("admin:incidents_incident_change", args=[incident.pk]) + "?tab=operations"
        assert "Send a mail: Ada Lovelace" in client.get(tab).content.decode()

    def test_the_list_shows_only_those_of_visible_subjects(self, client, responder, incident, project):
        hidden = declare(project, visibility="restricted")

        text = client.get(reverse("admin:core_operation_changelist")).content.decode()

        assert incident.name in text
        assert f">{hidden.name}<" not in text


def test_a_report_key_is_a_fresh_one_each_time(client, responder):
    url = reverse("admin:incidents_incident_add")
    keys = {client.get(url).context["form"]["key"].value() for _ in range(2)}

    assert len(keys) == 2
    assert all(uuid.UUID(key) for key in keys)
