"""The directory in the console: a person's page at three in the morning, leaving, merging, teams, importing."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from core.models import Project
from core.models.subjects import Visibility
from core.operations import jobs
from core.operations.models import Job
from people.flows import add_participant, assign_role
from people.models import ContactMethod, ExternalIdentity, Individual, Merge, Role, Service, Shift, Task, Team
from tests import factories as make

pytestmark = pytest.mark.django_db


def page(model: str, name: str, *args: object) -> str:
    return reverse(f"admin:people_{model}_{name}", args=args)


def shown(response):
    return response.content.decode()


@pytest.fixture
def project() -> Project:
    return make.make_project(name="Security")


@pytest.fixture
def manager(client, project):
    user = make.make_member(project, "manager", name="Mona")
    client.force_login(user)
    return user


@pytest.fixture
def ada(project):
    person = make.make_individual(project, "ada@example.com", "Ada Lovelace")
    Individual.objects.filter(pk=person.pk).update(time_zone="Asia/Tokyo", mobile_phone="+81 3 1234")
    person.refresh_from_db()
    return person


@pytest.fixture
def bob(project):
    return make.make_individual(project, "bob@example.com", "Bob")


# The page of a person


def fill(project, person, **incident):
    """A role, a task and a shift of the person."""
    now = timezone.now()
    subject = make.declare(project, commander=person.email, **incident)
    Task.objects.create(incident=subject, title=f"Task of {subject.title}", owner=person, due_at=now)
    service = Service.objects.create(project=project, name=f"Service {subject.name}")
    for hours in (-1, 9):
        start = now + timedelta(hours=hours)
        Shift.objects.create(
            service=service, individual=person, starts_at=start, ends_at=start + timedelta(hours=8), source="rotation"
        )
    return subject


def test_the_page_tells_what_one_needs_at_three_in_the_morning(client, manager, project, ada):
    incident = fill(project, ada, title="Mail is down")
    team = Team.objects.create(organization=project.organization, name="Blue")
    team.members.create(individual=ada)

    text = shown(client.get(page("individual", "change", ada.pk)))

    for told in ("ada@example.com", "+81 3 1234", "there now (Asia/Tokyo)", ">Blue</a>", f"Service {incident.name}",
                 "Incident Commander", f"{incident.name} Mail is down", "Task of Mail is down"):  # fmt: skip
        assert told in text
    for offered in ("Deactivate…", "Merge…"):
        assert offered in text
    assert ">Reactivate<" not in text


def test_restricted_subjects_out_of_sight_are_not_on_the_page(client, manager, project, ada):
    secret = fill(project, ada, title="Zyxquark", visibility=Visibility.RESTRICTED)
    Service.objects.all().delete()

    text = shown(client.get(page("individual", "change", ada.pk)))
    dialog = shown(client.get(page("individual", "let-go", ada.pk)))

    for told in (text, dialog):
        assert "Zyxquark" not in told
        assert secret.name not in told
    assert "an owner has to do this" in dialog


def test_who_takes_part_in_the_restricted_subject_sees_it_there(client, manager, project, ada):
    secret = fill(project, ada, title="Zyxquark", visibility=Visibility.RESTRICTED)
    add_participant(
        subject=secret, individual=make.individual_of(manager, project), actor=make.system(), now=timezone.now()
    )

    assert "Zyxquark" in shown(client.get(page("individual", "change", ada.pk)))


def test_services_of_other_projects_are_not_on_the_page(client, manager, project, ada):
    hidden = make.make_project(project.organization, name="Hidden")
    fill(hidden, ada, title="Zyxquark")

    text = shown(client.get(page("individual", "change", ada.pk)))

    assert "Zyxquark" not in text
    assert "Service " not in text


def test_a_person_with_much_costs_the_page_no_more_queries(
    client, manager, project, ada, django_assert_max_num_queries
):
    url = page("individual", "change", ada.pk)
    client.get(url)
    with django_assert_max_num_queries(40) as few:
        client.get(url)
    for _ in range(3):
        fill(project, ada)

    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(url)


def test_the_list_is_filtered_by_team_and_costs_the_same(
    client, manager, project, ada, bob, django_assert_max_num_queries
):
    team = Team.objects.create(organization=project.organization, name="Blue")
    team.members.create(individual=ada)
    url = page("individual", "changelist")

    text = shown(client.get(url, {"member_of": team.pk}))
    client.get(url)
    with django_assert_max_num_queries(30) as few:
        client.get(url)
    for number in range(10):
        make.make_individual(project, f"more{number}@example.com")
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(url)

    assert "ada@example.com" in text
    assert "bob@example.com" not in text


def test_the_teams_of_others_are_no_filter(client, manager, project):
    Team.objects.create(organization=make.make_organization(), name="Foreign team")

    assert "Foreign team" not in shown(client.get(page("individual", "changelist")))


# Leaving


def test_one_dialog_lists_every_duty_and_hands_them_over(client, manager, project, ada, bob):
    incident = fill(project, ada, title="Mail is down")
    url = page("individual", "let-go", ada.pk)

    asked = shown(client.get(url))
    refused = client.post(url, {})
    strange = client.post(url, {"successor": "nobody@example.com"})
    client.post(url, {"successor": "bob@example.com"})

    assert f"Incident Commander of {incident.name} “Mail is down”" in asked
    assert "Owns the task “Task of Mail is down”" in asked
    assert "Choose who takes over from Ada Lovelace" in shown(refused)
    assert "Nobody active here has the address nobody@example.com." in shown(strange)
    held = Role.objects.of(incident).get(role="incident_commander", renounced_at=None)
    assert held.participant.individual == bob
    ada.refresh_from_db()
    assert not ada.is_active
    assert "Deactivated" in shown(client.get(page("individual", "change", ada.pk)))


def test_single_duties_go_to_whom_was_chosen(client, manager, project, ada, bob):
    incident = fill(project, ada)
    cora = make.make_individual(project, "cora@example.com")

    client.post(page("individual", "let-go", ada.pk), {"successor": "bob@example.com", "duty-0": "cora@example.com"})

    assert Role.objects.of(incident).get(role="incident_commander", renounced_at=None).participant.individual == cora
    assert Task.objects.get(incident=incident).owner == bob


def test_a_manager_is_told_before_that_an_account_is_an_owners_to_end(client, manager, project):
    colleague = make.individual_of(make.make_member(project, "responder"), project)
    url = page("individual", "let-go", colleague.pk)

    assert "They have an account: an owner has to do this." in shown(client.get(url))
    assert "Only an owner of the organization" in shown(client.post(url, {}))
    assert Individual.objects.get(pk=colleague.pk).is_active


def test_who_left_comes_back_by_the_button(client, manager, project, ada):
    client.post(page("individual", "let-go", ada.pk), {})

    client.post(page("individual", "let-return", ada.pk), {})

    ada.refresh_from_db()
    assert ada.is_active


def test_a_responder_lets_nobody_go(client, project, ada):
    client.force_login(make.make_member(project, "responder"))

    assert client.post(page("individual", "let-go", ada.pk), {}).status_code == 403
    assert "Deactivate…" not in shown(client.get(page("individual", "change", ada.pk)))
    assert Individual.objects.get(pk=ada.pk).is_active


def test_ending_the_account_of_a_commander_in_the_console_is_refused(client, project):
    client.force_login(make.make_member(project, "owner"))
    leaver = make.make_member(project, "responder", email="ada@example.com", name="Ada")
    make.individual_of(leaver, project)
    make.declare(project, commander="ada@example.com")

    answer = client.post(reverse("admin:core_user_deactivate", args=[leaver.pk]), {})

    assert "Choose who takes over from Ada" in shown(answer)
    leaver.refresh_from_db()
    assert leaver.is_active


def test_nobody_is_deleted_who_answers_for_something(client, manager, project, ada, bob):
    Service.objects.create(project=project, name="Mail", owner=ada)

    refused = client.post(page("individual", "delete", ada.pk))
    client.post(page("individual", "delete", bob.pk))

    assert "Deactivate them instead" in shown(refused)
    assert list(Individual.objects.filter(pk__in=[ada.pk, bob.pk])) == [ada]


# Merging


def test_two_become_one_and_two_again(client, manager, project, ada, bob):
    incident = make.declare(project, commander="bob@example.com")
    assign_role(subject=incident, individual=ada, role="scribe", actor=make.system(), now=timezone.now())

    client.post(page("individual", "merge", ada.pk), {"gone": "bob@example.com"})
    done = Merge.objects.get()
    listed = shown(client.get(page("merge", "changelist")))
    text = shown(client.get(page("individual", "change", bob.pk)))
    client.post(page("merge", "undo", done.pk), {})

    assert "Bob" in listed
    assert "merged into Ada Lovelace" in text
    bob.refresh_from_db()
    assert bob.is_active
    assert Role.objects.of(incident).get(role="incident_commander").participant.individual == bob
    assert "Undo…" not in shown(client.get(page("merge", "change", done.pk)))


def test_a_responder_sees_no_merges(client, project, manager, ada, bob):
    client.post(page("individual", "merge", ada.pk), {"gone": "bob@example.com"})
    client.force_login(make.make_member(project, "responder"))

    assert client.get(page("merge", "changelist")).status_code == 403
    assert client.get(page("merge", "change", Merge.objects.get().pk)).status_code in {403, 404}


# Teams


def test_a_team_gets_members_and_a_lead_and_loses_them(client, manager, project, ada, bob):
    client.post(page("team", "add"), {"organization": project.organization_id, "name": "Blue", "is_active": "on"})
    team = Team.objects.get()
    client.post(page("team", "add-members", team.pk), {"members": "ada@example.com\nBob@example.com"})
    client.post(
        page("team", "change", team.pk), {"name": "Blue", "lead": ada.pk, "is_active": "on", "version": team.version}
    )
    team.refresh_from_db()
    assert (team.lead, team.members.count()) == (ada, 2)

    listed = shown(client.get(page("team", "changelist")))
    text = shown(client.get(page("team", "change", team.pk)))
    client.post(page("teammember", "remove", team.members.get(individual=ada).pk), {})

    assert "Ada Lovelace" in listed
    assert "bob@example.com" in text
    team.refresh_from_db()
    assert (team.lead, list(team.members.values_list("individual__email", flat=True))) == (None, ["bob@example.com"])


def test_an_unknown_address_joins_no_team(client, manager, project, ada):
    team = Team.objects.create(organization=project.organization, name="Blue")

    answer = client.post(page("team", "add-members", team.pk), {"members": "ada@example.com\nwho@example.com"})

    assert "Nobody active here has the address who@example.com." in shown(answer)
    assert not team.members.exists()


def test_a_new_team_offers_nobody_as_lead(client, manager, project, ada):
    make.make_individual(make.make_project(), "foreign@example.com", "Xaver Foreign")

    text = shown(client.get(page("team", "add")))

    assert "Xaver" not in text
    assert "Ada Lovelace" not in text


def test_only_a_member_leads(client, manager, project, ada):
    team = Team.objects.create(organization=project.organization, name="Blue")

    client.post(page("team", "change", team.pk), {"name": "Blue", "lead": ada.pk, "version": 1})

    team.refresh_from_db()
    assert team.lead is None


# External ids and contact methods


def identities(*rows, initial=0):
    data = {"identities-TOTAL_FORMS": len(rows), "identities-INITIAL_FORMS": initial}
    for number, row in enumerate(rows):
        data |= {f"identities-{number}-{name}": value for name, value in row.items()}
    return data


def test_external_ids_are_written_with_the_person(client, manager, project, ada, bob):
    ExternalIdentity.objects.create(organization=project.organization, individual=bob, system="slack", value="U2")
    plain = {"email": ada.email, "name": ada.name, "version": ada.version}
    url = page("individual", "change", ada.pk)

    taken = client.post(url, {**plain, **identities({"system": "slack", "value": "U2"})})
    saved = client.post(url, {**plain, **identities({"system": "slack", "value": "U1"})})

    assert "is Bob already" in shown(taken)
    assert saved.status_code == 302, saved.context["errors"]
    assert [str(row) for row in ada.identities.all()] == ["slack: U1"]


def test_ways_to_reach_are_added_changed_and_removed(client, manager, project, ada):
    secret = "https://hooks.example.com/T1/quizzical"
    client.post(
        page("individual", "add-way", ada.pk), {"kind": "webhook", "address": secret, "order": 2, "enabled": "on"}
    )
    way = ContactMethod.objects.get()
    form = shown(client.get(page("contactmethod", "change", way.pk)))
    client.post(
        page("contactmethod", "change", way.pk), {"kind": "webhook", "address": "", "order": 1, "version": way.version}
    )
    way.refresh_from_db()
    text = shown(client.get(page("individual", "change", ada.pk)))

    assert (way.address, way.order, way.enabled) == (secret, 1, False)
    assert "https://hooks.example.com/…" in text
    assert "not in use" in text
    assert "quizzical" not in text + form
    client.post(page("contactmethod", "remove", way.pk), {})
    assert not ContactMethod.objects.exists()


def test_people_keep_their_own_ways_and_see_no_others(client, project, ada):
    rosa = make.make_member(project, "responder", name="Rosa")
    client.force_login(rosa)
    own = make.individual_of(rosa, project)
    ContactMethod.objects.create(
        organization=project.organization, individual=ada, kind="email", address="hidden@example.com"
    )

    client.post(
        page("individual", "add-way", own.pk),
        {"kind": "email", "address": "r@example.com", "order": 1, "enabled": "on"},
    )
    other = client.post(
        page("individual", "add-way", ada.pk), {"kind": "email", "address": "x@example.com", "order": 1}
    )

    assert "r@example.com" in shown(client.get(page("individual", "change", own.pk)))
    assert "hidden@example.com" not in shown(client.get(page("individual", "change", ada.pk)))
    assert "Only a manager" in shown(other)
    way = ContactMethod.objects.get(individual=ada)
    assert client.post(page("contactmethod", "remove", way.pk), {}).status_code == 404
    assert ContactMethod.objects.count() == 2


# Importing

FILE = b"""email,name,team,shoes
ada@example.com,Ada King,Blue,38
nobody,X,,
<b>new</b>@example.com,New,,
new@example.com,=1+1,,
"""


def upload(client, project, content=FILE):
    file = SimpleUploadedFile("people.csv", content, content_type="text/csv")
    return client.post(
        reverse("admin:people_individual_import"), {"organization": project.organization_id, "file": file}
    )


def test_upload_look_say_yes_and_watch(client, manager, project, ada):
    assert "Import…" in shown(client.get(page("individual", "changelist")))
    sent = upload(client, project)
    url = sent["Location"]
    looked = shown(client.get(url))
    assert Individual.objects.get(pk=ada.pk).name == "Ada Lovelace"

    client.post(url)
    waiting = client.get(url)
    client.post(url)
    jobs.run_due()
    done = shown(client.get(url))

    assert '<s class="muted">Ada Lovelace</s> → Ada King' in looked
    assert "is not an e-mail address" in looked
    assert "shoes" in looked
    assert "Import 2 lines" in looked
    assert "<b>new</b>" not in looked
    assert waiting["Refresh"]
    assert "Changed: name: Ada Lovelace → Ada King" in done
    assert Individual.objects.get(email="new@example.com").name == "=1+1"
    assert Job.objects.count() == 1


def test_a_file_that_is_none_is_refused_at_its_field(client, manager, project):
    answer = upload(client, project, b"name\nAda\n")

    assert "The first line names the columns" in answer.context["form"].errors["file"][0]
    assert not Job.objects.exists()


def test_an_upload_is_its_uploaders_until_the_yes(client, manager, project):
    url = upload(client, project)["Location"]
    client.force_login(make.make_member(project, "manager"))

    assert client.get(url).status_code == 404
    assert client.post(url).status_code == 404


def test_a_responder_imports_nobody(client, project):
    client.force_login(make.make_member(project, "responder"))

    assert upload(client, project).status_code == 403
    assert "Import…" not in shown(client.get(page("individual", "changelist")))


def test_no_file_is_taken_for_a_foreign_organization(client, manager):
    answer = upload(client, make.make_project())

    assert answer.context["form"].errors["organization"]
    assert not Job.objects.exists()
