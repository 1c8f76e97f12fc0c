"""The directory in Chromium: a person's page, letting somebody go, importing a file."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from core.operations import jobs
from people.models import Individual, Service, Shift, Task, Team
from tests import factories as make
from tests.browser.pictures import picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def manager(project):
    return make.make_member(project, "manager", name="Mona Manager")


@pytest.fixture
def ada(project):
    ada = make.make_individual(project, "ada@example.com", "Ada Lovelace")
    Individual.objects.filter(pk=ada.pk).update(
        time_zone="Asia/Tokyo", mobile_phone="+81 3 1234", title="Analyst", department="Engines"
    )
    now = timezone.now()
    for title in ("Mail is down", "A laptop was stolen"):
        incident = make.declare(project, commander="ada@example.com", title=title)
        Task.objects.create(incident=incident, title="Read the logs", owner=ada, due_at=now + timedelta(days=1))
    service = Service.objects.create(project=project, name="Mail")
    for hours in (-1, 20):
        start = now + timedelta(hours=hours)
        Shift.objects.create(
            service=service, individual=ada, starts_at=start, ends_at=start + timedelta(hours=8), source="rotation"
        )
    team = Team.objects.create(organization=project.organization, name="Blue", lead=ada)
    team.members.create(individual=ada)
    return ada


def test_a_manager_lets_a_commander_go_in_one_dialog(open_page, project, manager, ada):
    make.make_individual(project, "hedy@example.com", "Hedy Heir")
    page = open_page(manager, f"/admin/people/individual/{ada.pk}/change/")
    picture(page, "person")

    page.get_by_role("link", name="Deactivate…").click()
    expect(page.get_by_text("Owns the task “Read the logs”").first).to_be_visible()
    picture(page, "leaving")
    page.get_by_role("button", name="Deactivate").click()
    expect(page.get_by_text("Choose who takes over from Ada Lovelace")).to_be_visible()
    picture(page, "leaving-refused")
    page.get_by_label("Who takes over").fill("hedy@example.com")
    page.get_by_role("button", name="Deactivate").click()

    expect(page.get_by_text("Deactivated").first).to_be_visible()
    expect(page.get_by_text("No open task that you see.")).to_be_visible()
    picture(page, "gone")


def test_a_file_is_uploaded_looked_at_and_imported(open_page, project, manager, ada, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("email;name;team;shoes\nada@example.com;Ada King;Red;38\nnobody;;;\ngrace@example.com;Grace;;\n")
    page = open_page(manager, "/admin/people/individual/")
    picture(page, "people")

    page.get_by_role("link", name="Import…").click()
    picture(page, "import")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Show what will happen").click()
    expect(page.get_by_text("“nobody” is not an e-mail address.")).to_be_visible()
    picture(page, "import-preview")
    page.get_by_role("button", name="Import 2 lines").click()
    expect(page.get_by_text("A worker begins within seconds.")).to_be_visible()
    jobs.run_due()

    expect(page.get_by_text("Changed: name: Ada Lovelace → Ada King")).to_be_visible(timeout=10_000)
    picture(page, "import-result")


def test_a_team_takes_members_in(open_page, project, manager, ada):
    make.make_individual(project, "hedy@example.com", "Hedy Heir")
    page = open_page(manager, f"/admin/people/team/{Team.objects.get().pk}/change/")

    page.get_by_role("link", name="Add members").click()
    page.get_by_role("textbox", name="Who").fill("hedy@example.com")
    page.get_by_role("button", name="Add", exact=True).click()

    expect(page.get_by_role("link", name="Hedy Heir")).to_be_visible()
    picture(page, "team")
