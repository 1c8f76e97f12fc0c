"""Accounts in Chromium: signing in, a forgotten password, my account, tokens; and no page breaks the content policy."""

import re

import pytest
from django.core import mail
from django.urls import reverse
from playwright.sync_api import expect

from core.console.navigation import SECTIONS
from core.models import AccountSession
from core.operations import queue
from tests.browser.pictures import picture
from tests.factories import declare, make_member, make_project

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NEW = "staple gun umbrella 9"


def test_a_forgotten_password(chromium, live_server, settings):
    user = make_member(make_project(), "responder", name="Rita Sponder")
    complaints = []
    page = chromium.new_context(viewport={"width": 390, "height": 800}).new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)

    page.goto(f"{live_server.url}/admin/login/")
    picture(page, "accounts-login")
    page.get_by_role("link", name=re.compile("forgot", re.IGNORECASE)).click()
    page.get_by_label("Your e-mail address").fill(user.email)
    picture(page, "accounts-forgotten")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("a mail with a link is on its way")

    queue.run_due(10)
    link = re.search(r"/password/\S+/", mail.outbox[0].body).group()
    page.goto(live_server.url + link)
    page.get_by_label("New password").fill(NEW)
    page.get_by_label("The same again").fill(NEW)
    picture(page, "accounts-new-password")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="To the log-in").click()
    page.get_by_label(re.compile("e-mail|username", re.IGNORECASE)).fill(user.email)
    page.locator("#id_password").fill(NEW)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Hello")).to_be_visible()

    assert complaints == []


def test_my_account(open_page, client):
    project = make_project()
    user = make_member(project, "owner", name="Olga Owner")
    for _number in range(3):
        client.post(reverse("admin:login"), {"username": user.email, "password": "wrong"})
    client.logout()
    page = open_page(user, reverse("account"))
    expect(page.get_by_text("3 failed log-ins so far")).to_be_visible()
    expect(page.get_by_text("this one")).to_be_visible()

    page.get_by_label("Reminders").uncheck()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("Reminders")).not_to_be_checked()

    page.locator("#tokens").get_by_role("link", name="New token").click()
    dialog = page.get_by_role("dialog")
    picture(page, "accounts-token")
    dialog.get_by_label("What is it for?").fill("Nightly sync")
    dialog.get_by_role("button", name="Make it").click()
    expect(dialog.locator(".secret")).to_contain_text("dsp_")
    dialog.get_by_role("link", name="I have it").click()
    assert user.tokens.count() == 1
    assert AccountSession.objects.filter(user=user).exists()


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (1440, True), (390, False)])
def test_how_my_account_looks(open_page, width, dark):
    user = make_member(make_project(), "admin", name="Ada Admin")
    page = open_page(user, reverse("account"), width=width, dark=dark)
    expect(page.get_by_role("heading", name="My account").first).to_be_visible()
    picture(page, f"accounts-{width}-{'dark' if dark else 'light'}")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_no_page_of_the_console_breaks_the_content_policy(open_page):
    """`open_page` fails on whatever the browser complains about."""
    project = make_project()
    user = make_member(project, "owner")
    incident = declare(project, by=user)
    page = open_page(user, "/admin/")
    root = page.url.split("/admin/")[0]
    models = [name for section in SECTIONS for place in section.places for name in place.pages]
    paths = [reverse(f"admin:{name.replace('.', '_')}_changelist") for name in models]
    paths += [reverse("admin:incidents_incident_change", args=[incident.pk]), reverse("account_password")]
    paths += ["/api/v1/docs/", reverse("admin_password_reset"), "/password/none/"]

    for path in paths:
        answer = page.goto(root + path)
        assert answer.status < 400 or path == "/password/none/", path
        assert not [text for text in open_page.complaints if "410" not in text], path
    open_page.complaints[:] = [text for text in open_page.complaints if "410" not in text]


def test_a_secret_is_copied_and_not_thrown_away_by_one_key(open_page):
    owner = make_member(make_project(), "owner", name="Olga Owner")
    page = open_page(owner, reverse("admin:core_apitoken_changelist"))
    page.context.grant_permissions(["clipboard-read"])
    page.get_by_role("link", name="New token").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What is it for?").fill("Nightly report")
    dialog.get_by_role("button", name="Make it").click()
    secret = dialog.locator(".secret").text_content()
    picture(page, "accounts-secret")

    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.keyboard.press("Escape")
    expect(dialog.get_by_role("alert")).to_contain_text("never shown again")
    expect(dialog.locator(".secret")).to_have_text(secret)
    page.keyboard.press("Escape")

    expect(dialog).to_have_count(0)
    expect(page.get_by_role("link", name="Nightly report")).to_be_visible()
    expect(page.get_by_text(secret)).to_have_count(0)
