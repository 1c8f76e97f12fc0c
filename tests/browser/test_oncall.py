"""On-call by keyboard, in Chromium: a rotation is set up, a span is taken, a calendar address is made."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from people.models import Override, RotationLayer
from tests import factories as make
from tests.people.rotas import make_layer, make_service

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def manager():
    user = make.make_member(make.make_project(name="Security"), "manager", email="ada@example.com", name="Ada Lovelace")
    project = user.memberships.get().project
    make.individual_of(user, project)
    return user


@pytest.fixture
def service(manager):
    return make_service(manager.memberships.get().project, now=timezone.now())


def page_of(service):
    return reverse("admin:people_service_change", args=[service.pk])


def test_a_rotation_is_set_up_and_a_span_taken_by_keyboard(open_page, manager, service):
    page = open_page(manager, page_of(service))
    expect(page.locator(".stat.alarm")).to_contain_text("Nobody")

    # Given nobody, the page offers a layer
    page.get_by_role("link", name="Add a layer").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("People").fill("nobody@example.com")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog).to_contain_text("Nobody here has the address")
    dialog.get_by_label("People").fill("ada@example.com")
    dialog.get_by_label("Hand-over at").fill("00:00")
    dialog.get_by_label("Turns").select_option("daily")
    dialog.get_by_role("button", name="Add").click()
    expect(page.locator("table.month")).to_contain_text("Ada Lovelace")
    assert RotationLayer.objects.get().members.count() == 1

    # O puts somebody on call
    page.keyboard.press("o")
    dialog.get_by_label("Why").fill("Training")
    dialog.get_by_role("button", name="Put on call").click()
    expect(page.locator("table.month")).to_contain_text("Override")
    assert Override.objects.get().reason == "Training"

    # The address is shown once
    page.locator("summary", has_text="More").click()
    page.get_by_role("link", name="Make a calendar address").click()
    dialog.get_by_role("button", name="Make it").click()
    expect(dialog.locator("code.secret")).to_contain_text("/calendar/")


@pytest.mark.parametrize("dark", [False, True])
def test_on_a_phone_only_the_calendar_scrolls_sideways(open_page, manager, service, dark):
    project = manager.memberships.get().project
    people = [make.make_individual(project, name=f"Dana Iversen-Hohenstein the {number}th") for number in range(4)]
    make_layer(service, people, now=timezone.now(), cadence="daily", starts_on=timezone.localdate() - timedelta(days=9))

    page = open_page(manager, page_of(service), width=390, dark=dark)

    expect(page.locator("table.month")).to_contain_text("Dana")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
