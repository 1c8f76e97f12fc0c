"""A browser on the running console. Chromium comes from the machine: `CHROMIUM` names another place."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip
# Playwright's loop runs in the test's thread, where Django looks for one.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("there is no Chromium on this machine (CHROMIUM names its place)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, live_server):
    """Opens a page as a user; afterwards nothing may stand on the browser's console as an error."""
    complaints: list[str] = []
    contexts = []

    def open_as(user, path: str, *, width: int = 1440, dark: bool = False, script: bool = True) -> Page:
        # One of its own each time: logging somebody else in ends the session before.
        client = Client()
        client.force_login(user)
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, timezone_id="Europe/Berlin", java_script_enabled=script,
            color_scheme="dark" if dark else "light",
        )  # fmt: skip
        cookie = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{live_server.url}{path}")
        return page

    open_as.complaints = complaints
    yield open_as
    for context in contexts:
        context.close()
    assert complaints == []
