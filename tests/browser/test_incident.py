"""An incident from the report to closed, by keyboard, in Chromium."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from core.models import User
from core.timeline import Event
from incidents.models import Incident
from people.flows.tasks import create_task
from people.models import Task
from tests.browser.pictures import picture
from tests.factories import actor_for, declare, make_individual, make_member, make_project

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def responder() -> User:
    return make_member(make_project(name="Security"), "admin", name="Rita Sponder")


def change(incident: Incident) -> str:
    return reverse("admin:incidents_incident_change", args=[incident.pk])


def test_a_whole_incident_by_keyboard(open_page, responder):
    # Given the list, N opens the report
    page = open_page(responder, reverse("admin:incidents_incident_changelist"))
    page.keyboard.press("n")
    page.wait_for_url("**/add/")
    page.get_by_label("What happened, in a few words").fill("Ransom note on two build agents")
    page.get_by_role("button", name="Report", exact=True).click()
    page.wait_for_url(re.compile(r"/\d+/change/$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ransom note on two build agents")

    # T goes to the timeline; typing and Enter adds an entry
    page.keyboard.press("t")
    page.keyboard.type("Isolated both hosts")
    page.keyboard.press("Enter")
    expect(page.locator("li.ev").first).to_contain_text("Isolated both hosts")
    # The field stays ready for the next one; Escape leaves it, and keys are keys again
    page.keyboard.type("evicted the robber")
    page.keyboard.press("Enter")
    expect(page.locator("li.ev").first).to_contain_text("evicted the robber")
    page.keyboard.press("Escape")

    # R hands the command over in a dialog
    page.keyboard.press("r")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Who").fill("night@example.com")
    dialog.get_by_role("button", name="Assign").click()
    expect(page.locator("aside")).to_contain_text("Night")

    # S marks it stable, C closes it, and the page says what comes next
    page.keyboard.press("s")
    dialog.get_by_role("button", name="Mark stable").click()
    expect(page.locator(".steps .now")).to_contain_text("Stable")
    page.keyboard.press("c")
    expect(dialog).to_contain_text("Ends the roles of")
    dialog.get_by_role("button", name="Close", exact=True).click()
    expect(page.locator(".steps .now")).to_contain_text("Closed")
    expect(page.get_by_role("link", name=re.compile("^Reopen"))).to_be_visible()
    assert Incident.objects.get().status == "closed"


def test_keys_do_nothing_while_somebody_types(open_page, responder):
    incident = declare(responder.memberships.get().project)
    page = open_page(responder, change(incident))

    page.locator(".compose textarea").fill("")
    page.keyboard.type("screens crashed")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".compose textarea")).to_have_value("screens crashed")


def test_a_refusal_stays_in_the_dialog_at_its_field(open_page, responder):
    incident = declare(responder.memberships.get().project)
    page = open_page(responder, change(incident))

    page.keyboard.press("r")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Who").fill("nonsense")
    dialog.get_by_role("button", name="Assign").click()

    expect(dialog.locator(".errors")).to_contain_text("Nobody here is called “nonsense”")
    page.keyboard.press("Escape")
    expect(dialog.get_by_role("alert").first).to_contain_text("Press Escape again")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_somebody_known_is_named(open_page, responder):
    project = responder.memberships.get().project
    incident = declare(project)
    person = make_individual(project, "daniel@example.com", "Daniel Ortiz")
    page = open_page(responder, change(incident))

    page.keyboard.press("r")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Who").fill("daniel ortiz")
    dialog.get_by_role("button", name="Assign").click()

    expect(page.locator("aside")).to_contain_text("Daniel Ortiz")
    assert incident.participants.filter(individual=person).exists()


def test_what_is_next_and_late_stands_on_the_first_tab(open_page, responder):
    incident = declare(responder.memberships.get().project)
    for title in ("Rotate the keys", "Call the bank"):
        create_task(subject=incident, title=title, actor=actor_for(responder), now=timezone.now())
    Task.objects.filter(title="Call the bank").update(due_at=timezone.now() - timedelta(hours=5, minutes=1))
    page = open_page(responder, change(incident))

    card = page.locator("aside .card").first
    expect(card).to_contain_text("Call the bank")
    expect(card.locator(".badge.red")).to_contain_text("Overdue 5 h")
    picture(page, "incident-next")
    page.keyboard.press("c")
    expect(page.get_by_role("dialog")).to_contain_text("2 tasks stay open, 1 of them overdue.")


def test_what_is_gone_meanwhile_is_said_in_the_dialog(open_page, responder):
    incident = declare(responder.memberships.get().project)
    page = open_page(responder, change(incident))
    page.keyboard.press("s")
    expect(page.get_by_role("dialog")).to_contain_text("Makes the review document")
    Incident.objects.update(deleted_at=incident.reported_at)

    with page.expect_response("**/mark-stable/"):
        page.get_by_role("dialog").get_by_role("button", name="Mark stable").click()

    expect(page.get_by_role("dialog")).to_contain_text("not there any more")
    # The browser reports the 404 on its console, as it should.
    open_page.complaints.clear()


def test_people_are_suggested_while_typing(open_page, responder):
    project = responder.memberships.get().project
    incident = declare(project, commander="ada.lovelace@example.com")
    page = open_page(responder, change(incident))

    page.keyboard.press("r")
    with page.expect_response("**/suggest/**"):
        page.get_by_role("dialog").get_by_label("Who").press_sequentially("ada")

    expect(page.locator("datalist option[value='ada.lovelace@example.com']")).to_have_count(1)


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_sticks_out_on_a_phone(open_page, responder, dark):
    incident = declare(responder.memberships.get().project, title="Payroll export readable by every contractor account")
    for path in (
        "/admin/",
        reverse("admin:incidents_incident_changelist"),
        change(incident),
        reverse("admin:incidents_incident_add"),
    ):
        page = open_page(responder, path, width=390, dark=dark)

        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert page.evaluate("document.documentElement.classList.contains('dark')") is dark


def test_without_a_script_the_page_is_there_and_dialogs_are_pages(open_page, responder):
    incident = declare(responder.memberships.get().project)
    page = open_page(responder, change(incident), script=False)
    expect(page.get_by_role("heading", level=1)).to_be_visible()

    page.locator(".compose textarea").fill("Written without a script")
    page.locator(".compose button").click()
    expect(page.locator("li.ev").first).to_contain_text("Written without a script")

    page.get_by_role("link", name=re.compile("^Mark stable")).click()
    page.get_by_role("button", name="Mark stable").click()
    expect(page.locator(".steps .now")).to_contain_text("Stable")
    assert Event.objects.filter(description="Written without a script").count() == 1


def test_times_follow_the_browsers_zone(open_page, responder):
    incident = declare(responder.memberships.get().project)
    page = open_page(responder, change(incident))
    page.reload()

    expect(page.locator(".facts time")).to_have_attribute("title", re.compile(r"CES?T$"))
