"""The incident list in Chromium: searched while typing, walked and ticked by keyboard, changed many at once."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from incidents import flows
from incidents.models import Incident, Severity
from tests.browser.pictures import picture
from tests.factories import declare, make_member, make_project, system

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = reverse("admin:incidents_incident_changelist")


@pytest.fixture
def project():
    return make_project(name="Security", time_zone="Europe/Berlin")


@pytest.fixture
def rita(project):
    return make_member(project, "admin", name="Rita Sponder")


@pytest.fixture
def incidents(project):
    severities = list(Severity.objects.filter(project=project).order_by("order"))
    now = timezone.now()
    titles = ["Ransom note on two build agents", "Payroll export readable", "Phishing wave", "Lost laptop"]
    made = [
        declare(
            project, title=title, severity=severities[place % len(severities)],
            reported_at=now - timedelta(days=20 * place),
        )
        for place, title in enumerate(titles)
    ]  # fmt: skip
    flows.change_status(incident=made[3], to="closed", actor=system(), now=now - timedelta(days=2))
    return made


def test_the_list_follows_what_is_typed_and_the_field_keeps_the_focus(open_page, rita, incidents):
    page = open_page(rita, LIST)
    expect(page.locator("tbody tr")).to_have_count(3)

    page.keyboard.press("/")
    page.keyboard.type("payr", delay=30)

    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("searchbox", name="Search incidents")).to_be_focused()
    assert "q=payr" in page.url
    page.keyboard.type("xx")
    expect(page.get_by_text("Nothing matches what you asked for.")).to_be_visible()
    picture(page, "list-search-empty")


def test_by_keyboard_two_are_ticked_and_closed_and_the_page_tells(open_page, rita, incidents):
    page = open_page(rita, LIST)
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("td.tick input:checked")).to_have_count(2)
    picture(page, "list-ticked")

    page.get_by_role("toolbar").get_by_role("button", name="Close").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("2 will change")).to_be_visible()
    dialog.get_by_label("Why?").fill("Spring cleaning")
    picture(page, "list-bulk-dialog")
    dialog.get_by_role("button", name="Close them").click()

    expect(page.get_by_text("2 of 2 incidents")).to_be_visible()
    picture(page, "list-bulk-result")
    assert Incident.objects.filter(status="closed").count() == 3


def test_a_search_keeps_what_was_ticked_and_nothing_ticked_closes_nothing(open_page, rita, incidents):
    page = open_page(rita, LIST)
    close = page.get_by_role("toolbar").get_by_role("button", name="Close")
    expect(close).to_be_disabled()
    page.get_by_label(f"Tick {incidents[0].name}", exact=True).check()
    expect(close).to_be_enabled()

    page.get_by_role("searchbox").or_(page.locator("input[name=q]")).first.fill(incidents[1].title)
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label(f"Tick {incidents[1].name}", exact=True).check()

    close.click()
    expect(page.get_by_role("dialog").get_by_text("2 will change")).to_be_visible()


def test_the_preview_follows_the_new_commander_while_typing(open_page, rita, incidents):
    page = open_page(rita, LIST)
    page.get_by_label("Tick all on this page").check()
    page.get_by_role("toolbar").get_by_role("button", name="Hand over").click()
    dialog = page.get_by_role("dialog")

    dialog.get_by_label("New commander").fill("commander@example.com")
    dialog.get_by_label("New commander").press("Tab")

    expect(dialog.get_by_text("is commanded by them already")).to_be_visible()
    picture(page, "list-hand-over")


def test_a_view_is_saved_and_opened_again(open_page, rita, incidents):
    page = open_page(rita, f"{LIST}?tab=all&q=ransom")
    page.get_by_role("link", name="Columns").click()
    page.get_by_role("dialog").get_by_label("Open tasks").check()
    page.get_by_role("dialog").get_by_role("button", name="Show").click()
    expect(page.get_by_role("columnheader", name="Open tasks")).to_be_visible()

    page.get_by_role("link", name="Save view").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Night shift")
    page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_role("link", name="Night shift")).to_have_attribute("aria-current", "page")
    expect(page.locator("tbody tr")).to_have_count(1)
    picture(page, "list-view")


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (1440, True), (390, False)])
def test_the_pages_hold_in_light_dark_and_narrow(open_page, rita, incidents, width, dark):
    name = f"{width}-{'dark' if dark else 'light'}"
    page = open_page(rita, f"{LIST}?tab=all", width=width, dark=dark)
    picture(page, f"list-{name}")
    page.goto(page.url.split("/admin/")[0] + reverse("admin:index"))
    expect(page.get_by_role("heading", name="Time to close")).to_be_visible()
    picture(page, f"home-{name}")
    for address in ("trends", "export"):
        page.goto(page.url.split("/admin/")[0] + reverse(f"admin:incidents_incident_{address}") + "?tab=all")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        picture(page, f"{address}-{name}")


def test_without_script_the_search_and_the_ticks_work(open_page, rita, incidents):
    page = open_page(rita, LIST, script=False)
    page.get_by_label("Search incidents").fill("payroll")
    page.get_by_label("Search incidents").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)

    page.locator("td.tick input").check()
    page.get_by_role("toolbar").get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Close them").click()

    expect(page.get_by_text("1 of 1 incidents")).to_be_visible()
