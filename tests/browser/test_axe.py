"""Every main page in Chromium, in a lived-in installation: axe-core finds nothing serious, and nothing sticks out."""

from collections.abc import Iterable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from core.console.panels import panels_of
from incidents.demo.loading import load
from incidents.models import Incident
from people.models import Individual, Service
from tests.browser.pictures import picture
from tests.factories import make_member, make_organization

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIZE = 16
LISTS = (
    "people.task", "people.service", "people.shift", "people.swap", "people.page", "knowledge.document",
    "integrations.outgoingmail", "people.individual", "people.team", "people.merge", "people.rolepolicy",
    "people.engagementrule", "reporting.costtype", "incidents.type", "incidents.severity", "incidents.priority",
    "knowledge.tag", "knowledge.template", "integrations.plugininstance", "core.operation",
    "django_celery_beat.periodictask", "core.project", "core.organization", "core.membership", "core.user",
    "core.apitoken", "core.accountsession", "core.accountevent",
)  # fmt: skip
FOR_STRANGERS = [("login", "/login/"), ("forgotten", "/password/forgotten/")]
# What a reader of the finding needs: the rule, how bad, and where.
SERIOUS = {"serious", "critical"}


def addresses(lead: Incident) -> Iterator[tuple[str, str]]:
    """The name of each main page, and where it is."""
    page = reverse("admin:incidents_incident_change", args=[lead.pk])
    yield "home", reverse("admin:index")
    yield "list", reverse("admin:incidents_incident_changelist") + "?tab=all"
    yield "list-empty", reverse("admin:incidents_incident_changelist") + "?q=nothingofthekind"
    yield "report-console", reverse("admin:incidents_incident_add")
    yield from ((f"incident-{panel.key}", f"{page}?tab={panel.key}") for panel in panels_of(lead))
    yield "trends", reverse("admin:incidents_incident_trends")
    yield "export", reverse("admin:incidents_incident_export") + "?tab=all"
    yield "service", reverse("admin:people_service_change", args=[Service.objects.order_by("pk").first().pk])
    yield "person", reverse("admin:people_individual_change", args=[Individual.objects.order_by("pk").first().pk])
    yield "project", reverse("admin:core_project_change", args=[lead.project_id])
    yield "who-would-get-it", reverse("admin:people_rolepolicy_resolve")
    yield "set-up", reverse("admin:set-up")
    yield "account", reverse("account")
    yield "account-password", reverse("account_password")
    for name in LISTS:
        yield name.replace(".", "-"), reverse(f"admin:{name.replace('.', '_')}_changelist")
    yield "member-report", "/report/"
    yield "member-status", "/status/"
    yield "member-incident", f"/i/{lead.name}/"
    yield "not-there", "/i/INC-99999/"
    yield "not-there-console", reverse("admin:incidents_incident_change", args=[99999])


def findings(page: Page) -> list[str]:
    """What axe-core calls serious or critical on the page, each with the first places."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): " + " | ".join(node["html"][:140] for node in one["nodes"][:3])
        for one in found
        if one["impact"] in SERIOUS
    ]


def sticks_out(page: Page) -> list[str]:
    """Whether the page as a whole scrolls sideways."""
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return [f"{wide} px too wide"] if wide > 0 else []


def look(page: Page, pages: Iterable[tuple[str, str]], look_is: str) -> Iterator[str]:
    """Go through the pages, keep a picture of each, and tell what is wrong."""
    root = page.url.removesuffix("/healthz")
    for name, address in pages:
        # What a page asks for later, as the trends of the home page, is looked at too.
        page.goto(root + address, wait_until="networkidle")
        picture(page, f"{name}-{look_is}")
        yield from (f"{name}: {fault}" for fault in findings(page) + sticks_out(page))


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_main_page_has_a_serious_finding(open_page, width, dark):
    make_organization("Halden Freight")
    incidents = load(
        now=timezone.now(), password="correct horse battery", say=lambda *_progress: None, size=SIZE
    ).incidents
    lead = max((one for one in Incident.objects.active()), key=lambda one: one.event_count)
    owner = make_member(incidents[0].project, "owner", name="Olga Owner")
    look_is = f"{width}-{'dark' if dark else 'light'}"

    page = open_page(owner, "/healthz", width=width, dark=dark)
    wrong = [*look(page, addresses(lead), look_is)]
    responder = make_member(incidents[0].project, "responder")
    page = open_page(responder, "/healthz", width=width, dark=dark)
    wrong += look(page, [("not-allowed", reverse("admin:set-up"))], look_is)
    page.context.clear_cookies()
    page.goto(page.url.split("/admin/")[0] + "/healthz")
    wrong += look(page, FOR_STRANGERS, look_is)

    # What is not there and what is not allowed is said on the browser's console, as it should.
    open_page.complaints[:] = [text for text in open_page.complaints if "404" not in text and "403" not in text]
    assert wrong == [], "\n".join(wrong)


def opened(page: Page, address: str, look_is: str) -> Iterator[str]:
    """Open each dialog that the page offers, and tell what is wrong with it."""
    page.goto(address, wait_until="networkidle")
    links = page.evaluate(
        "[...new Set([...document.querySelectorAll('a[data-dialog]')].map((link) => link.getAttribute('href')))]"
    )
    dialog = page.get_by_role("dialog")
    for href in links:
        # Some stand in menus that are closed.
        page.evaluate('(href) => document.querySelector(`a[data-dialog][href="${href}"]`).click()', href)
        expect(dialog.get_by_role("heading").first).to_be_visible()
        picture(page, "dialog-" + "-".join(href.partition("?")[0].strip("/").split("/")[-3:]) + f"-{look_is}")
        yield from (f"{href}: {fault}" for fault in findings(page) + sticks_out(page))
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
    assert links, address


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False)])
def test_no_dialog_has_a_serious_finding_nor_has_looking_things_up(open_page, width, dark):
    make_organization("Halden Freight")
    load(now=timezone.now(), password="correct horse battery", say=lambda *_progress: None, size=SIZE)
    lead = max(Incident.objects.active(), key=lambda one: one.event_count)
    owner = make_member(lead.project, "owner", name="Olga Owner")
    page = open_page(owner, reverse("admin:index"), width=width, dark=dark)
    root, look_is = page.url.partition("/admin/")[0], f"{width}-{'dark' if dark else 'light'}"
    pages = [
        reverse("admin:incidents_incident_change", args=[lead.pk]),
        reverse("admin:incidents_incident_changelist") + "?tab=all",
        reverse("admin:people_service_change", args=[Service.objects.order_by("pk").first().pk]),
        reverse("account"),
    ]

    wrong = [fault for address in pages for fault in opened(page, root + address, look_is)]
    page.goto(root + reverse("admin:index"), wait_until="networkidle")
    page.keyboard.press("Control+k")
    expect(page.locator("#search-input-command")).to_be_focused()
    # One that is over is not among what stands there before anything is typed.
    over = Incident.objects.filter(status="closed").first()
    page.keyboard.type(over.name)
    expect(page.locator("#command-results-list").get_by_role("link", name=f"{over.name} {over.title}")).to_be_visible()
    picture(page, f"looking-up-{look_is}")
    wrong += [f"Ctrl-K: {fault}" for fault in findings(page)]

    assert wrong == [], "\n".join(wrong)
