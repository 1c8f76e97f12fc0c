"""Whole stories in Chromium, each once by mouse and once by keyboard alone."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from core.operations import queue
from core.operations.models import Operation
from core.timeline import Event
from incidents.models import Incident
from people.models import Role
from tests.browser.hands import HANDS, Keyboard, Operator
from tests.browser.pictures import picture
from tests.factories import declare, individual_of, make_member, make_project

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = reverse("admin:incidents_incident_changelist")


@pytest.fixture(params=HANDS)
def hands(request):
    return HANDS[request.param]()


@pytest.fixture
def project():
    return make_project(name="Security", time_zone="Europe/Berlin")


@pytest.fixture
def rita(project):
    return make_member(project, "admin", name="Rita Sponder", email="rita@example.com")


@pytest.fixture
def nora(project):
    nora = make_member(project, "responder", name="Nora Night", email="nora@example.com")
    individual_of(nora, project)
    return nora


def change(incident: Incident) -> str:
    return reverse("admin:incidents_incident_change", args=[incident.pk])


def now_at(page, step: str) -> None:
    expect(page.locator(".steps .now")).to_contain_text(step)


def test_from_the_report_to_reopened(open_page, hands, rita, nora):
    page = open_page(rita, LIST)
    one = Operator(page, hands)
    report(one)
    triage(one)

    one.open(re.compile("^Hand over"))
    one.write("To", "nora@example.com")
    one.send("Offer")
    incident = Incident.objects.get()
    night = Operator(open_page(nora, change(incident)), hands)
    night.follow(re.compile("^Accept"))
    night.send("Accept")
    expect(night.page.locator("aside")).to_contain_text("Nora Night")
    leads = Role.objects.of(incident).get(role=Role.Name.COMMANDER, renounced_at=None)
    assert leads.participant.individual.user == nora

    write_down_and_finish_a_task(night)
    stabilise_close_and_reopen(night)
    night.follow(re.compile("^Timeline"))
    picture(night.page, "journey-reopened")
    assert Event.objects.of(incident).filter(details__reason="Both hosts are rebuilt").exists()


def report(one):
    one.follow(re.compile("^Report"))
    one.page.wait_for_url("**/add/")
    one.hands.write(one.page.get_by_label("What happened, in a few words"), "Ransom note on two build agents")
    one.hands.write(one.page.get_by_label("What is known so far"), "Both stand in the Berlin rack.")
    one.hands.press(one.page.get_by_role("button", name="Report", exact=True))
    one.page.wait_for_url(re.compile(r"/\d+/change/$"))
    expect(one.page.get_by_role("heading", level=1)).to_contain_text("Ransom note")


def triage(one):
    """How bad, and who leads."""
    one.open(re.compile("^Edit"))
    one.choose("Severity", "High")
    one.send("Save")
    expect(one.page.locator(".facts")).to_contain_text("High")
    one.open(re.compile("^Assign role"))
    one.choose("Role", "Incident Commander")
    one.write("Who", "cora@example.com")
    one.send("Assign")
    expect(one.page.locator("aside")).to_contain_text("Cora")


def write_down_and_finish_a_task(one):
    one.open(re.compile("^Add a task"))
    one.write("What is to be done?", "Change the deploy keys")
    one.send("Add")
    one.follow(re.compile("^Tasks"))
    one.hands.press(one.page.get_by_role("button", name="Finish").first)
    expect(one.page.get_by_role("button", name="Reopen")).to_be_visible()


def stabilise_close_and_reopen(one):
    one.open(re.compile("^Mark stable"))
    one.send("Mark stable")
    now_at(one.page, "Stable")
    one.open(re.compile("^Close"))
    one.write("Why", "Both hosts are rebuilt")
    one.send("Close")
    now_at(one.page, "Closed")
    one.open(re.compile("^Reopen"))
    one.send("Reopen")
    now_at(one.page, "Active")


def test_an_entry_is_corrected(open_page, hands, rita, project):
    incident = declare(project, by=rita)
    page = open_page(rita, change(incident))
    box = page.get_by_label("What happened?")
    hands.write(box, "Isolated three hosts")
    page.keyboard.press("Enter")
    wrong = page.locator("li.ev").first
    expect(wrong).to_contain_text("Isolated three hosts")

    wrong.hover()
    hands.press(wrong.get_by_role("link", name="Correct"))
    one = Operator(page, hands)
    one.write("What happened", "Isolated two hosts")
    one.write("Why it is corrected", "Miscounted")
    one.send("Correct")

    expect(page.locator("li.ev", has_text="Isolated three hosts").locator(".struck")).to_be_visible()
    expect(page.locator("li.ev", has_text="Isolated two hosts").first).to_be_visible()
    picture(page, "journey-corrected")


def test_what_failed_is_found_on_the_page_and_retried(open_page, hands, rita, project):
    incident = declare(project, by=rita)
    ticket = Operation.objects.of(incident).filter(action="ticket.create")
    ticket.update(status="failed", error="The tracker refused: the project is archived.", finished_at=timezone.now())
    page = open_page(rita, change(incident))
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The tracker refused: the project is archived.")
    picture(page, "journey-failed")

    one = Operator(page, hands)
    hands.press(alert.get_by_role("link", name="Retry"))
    one.send("Retry")
    expect(alert).to_have_count(0)
    queue.run_due(10)

    assert ticket.get().status == "succeeded"
    page.reload()
    expect(page.locator("aside")).not_to_contain_text("on its way")


def test_of_two_who_edit_at_once_the_later_one_is_told(open_page, hands, rita, nora, project):
    incident = declare(project, title="Lost laptop", by=rita)
    first = Operator(open_page(rita, change(incident)), hands)
    second = Operator(open_page(nora, change(incident)), hands)
    for one in (first, second):
        one.open(re.compile("^Edit"))
    first.write("Title", "Stolen laptop")
    first.send("Save")

    second.write("Description", "It stood in the car.")
    hands.press(second.dialog.get_by_role("button", name="Save"))

    told = second.dialog.get_by_role("alert")
    expect(told).to_contain_text("Rita Sponder")
    expect(told).to_contain_text("Stolen laptop")
    expect(second.dialog.get_by_label("Description")).to_have_value("It stood in the car.")
    picture(second.page, "journey-both")
    second.send("Save")
    expect(second.page.get_by_role("heading", level=1)).to_contain_text("Stolen laptop")
    incident.refresh_from_db()
    assert (incident.title, incident.description) == ("Stolen laptop", "It stood in the car.")


def test_a_session_that_ends_while_typing_loses_nothing(open_page, hands, rita, project):
    incident = declare(project, by=rita)
    page = open_page(rita, change(incident))
    one = Operator(page, hands)
    one.open(re.compile("^Close"))
    one.write("Why", "All of it is explained here")
    Session.objects.all().delete()

    hands.press(one.dialog.get_by_role("button", name="Close", exact=True))
    with page.expect_popup() as opened:
        hands.press(one.dialog.get_by_role("link", name=re.compile("Log in, in a new tab")))
    login = opened.value
    hands.write(login.get_by_label(re.compile("E-mail|Username", re.IGNORECASE)), rita.email)
    hands.write(login.locator("#id_password"), "correct horse battery")
    login.keyboard.press("Enter")
    login.wait_for_url(re.compile("/change/$"))
    login.close()

    expect(one.dialog.get_by_label("Why")).to_have_value("All of it is explained here")
    one.send("Close")
    now_at(page, "Closed")
    assert Event.objects.of(incident).filter(details__reason="All of it is explained here").count() == 1


def test_escape_closes_a_menu_and_goes_back_to_its_button(open_page, rita, project):
    page = open_page(rita, change(declare(project, by=rita)))
    more = page.locator(".head .actions summary")
    Keyboard().press(more)
    expect(page.locator(".head").get_by_role("link", name=re.compile("^Add a task"))).to_be_visible()

    page.keyboard.press("Tab")
    page.keyboard.press("Escape")

    expect(page.locator(".head").get_by_role("link", name=re.compile("^Add a task"))).to_be_hidden()
    expect(more).to_be_focused()
