"""Tasks in Chromium: written and finished on the incident's page, and several at once in the list."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from people.flows import tasks
from people.models import Task
from tests.browser.pictures import picture
from tests.factories import declare, individual_of, make_member, make_project, system

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def add(incident, title, **fields) -> Task:
    now = timezone.now()
    fields.setdefault("due_at", now + timedelta(days=2))
    return tasks.create_task(
        subject=incident, title=title, actor=system(), now=min(now, fields["due_at"] - timedelta(hours=1)), **fields
    )


def test_tasks_by_keyboard_and_in_the_list(open_page):
    project = make_project(name="Security", time_zone="Europe/Berlin")
    user = make_member(project, "admin", name="Rita Sponder")
    rita = individual_of(user, project)
    incident = declare(project, title="Ransom note on two build agents")
    late = timezone.now() - timedelta(days=3)
    add(incident, "Call the bank", owner=rita, due_at=late, priority="high", description="Ask for Mrs Ames.\nTwice.")
    add(incident, "Write to the customers", source="review")

    # Given the incident's tab, A opens the dialog in place
    page = open_page(user, reverse("admin:incidents_incident_change", args=[incident.pk]) + "?tab=tasks")
    page.keyboard.press("a")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What is to be done?").fill("Change the keys")
    picture(page, "task-dialog")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Change the keys")).to_be_visible()
    expect(page.locator(".badge.red", has_text="Overdue")).to_have_count(1)
    picture(page, "tasks-panel")

    # Finished at once, it can be reopened
    page.locator(".rows > div", has_text="Change the keys").get_by_role("button", name="Finish").click()
    expect(page.locator(".rows > div", has_text="Change the keys").get_by_role("button", name="Reopen")).to_be_visible()

    # In the list the chosen ones are finished by one dialog
    page.goto(page.url.split("/admin/")[0] + "/admin/people/task/?tab=open")
    picture(page, "tasks-list")
    for box in page.locator("input[name=task]").all():
        box.check()
    page.get_by_role("button", name="Finish the chosen").click()
    expect(dialog).to_contain_text("2 open tasks will be finished.")
    picture(page, "tasks-many")
    dialog.get_by_role("button", name="Finish").click()
    expect(page.get_by_text("There are no tasks here.")).to_be_visible()
    assert not Task.objects.open().exists()

    page.goto(page.url.split("/admin/")[0] + "/admin/")
    expect(page.get_by_text("Nothing is waiting for you.")).to_be_visible()
    add(incident, "Call the bank again", owner=rita, due_at=late)
    page.reload()
    picture(page, "tasks-home")
