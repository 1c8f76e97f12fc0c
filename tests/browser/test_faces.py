"""Renewing, drafts, attachments and the members' pages, in Chromium."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from core.attachments.models import Attachment
from core.models import User
from core.timeline import Event
from core.timeline import flows as timeline
from incidents.models import Incident, Type
from people import flows as people
from people.flows import pages
from people.flows.tasks import create_task
from tests.browser.pictures import picture
from tests.factories import declare, individual_of, make_member, make_project, system

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAGQAAAAyCAIAAAAlV+npAAAAeklEQVR42u3QMQ0AAAgDsGFjZpCHLGRwkhrol8wjxAICCAABAggQgQAB"
    "AgQgQIAAAQIECBAgQAACBAgQIECAAAECBCBAgAABAgQIECBAAAIECBAgQIAAAQIEIECAAAECBAgQIEAAAgQIECBAgAABAgQgQIAAAb8PLABL"
    "AAGZ4Jw8AAAAAElFTkSuQmCC"
)


@pytest.fixture(autouse=True)
def store(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def project():
    return make_project(name="Security")


@pytest.fixture
def admin(project) -> User:
    return make_member(project, "admin", name="Rita Sponder")


def change(incident: Incident) -> str:
    return reverse("admin:incidents_incident_change", args=[incident.pk])


def write(incident, text):
    timeline.add_entry(subject=incident, description=text, actor=system(), now=timezone.now())


def renew(page) -> None:
    """What the clock does every few seconds."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_the_page_renews_itself_while_somebody_types(open_page, admin, project):
    incident = declare(project, title="Payroll export readable")
    page = open_page(admin, change(incident))
    page.keyboard.press("n")
    page.keyboard.type("half a sentence")

    write(incident, "Somebody else wrote this")
    renew(page)

    expect(page.locator("li.ev").first).to_contain_text("Somebody else wrote this")
    box = page.locator(".compose textarea")
    expect(box).to_have_value("half a sentence")
    expect(box).to_be_focused()
    page.keyboard.type(", and its end")
    page.keyboard.press("Enter")
    expect(page.locator("li.ev").first).to_contain_text("half a sentence, and its end")
    expect(box).to_have_value("")
    picture(page, "console")


def test_a_session_that_expires_while_typing_loses_nothing(open_page, admin, project):
    incident = declare(project)
    page = open_page(admin, change(incident))
    page.locator(".compose textarea").fill("Found the way in")
    Session.objects.all().delete()

    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("What you typed is kept here")
    expect(page.locator(".compose textarea")).to_have_value("Found the way in")
    picture(page, "logged-out")
    # In the tab that the link opens
    with page.expect_popup() as opened:
        page.get_by_role("link", name=re.compile("Log in, in a new tab")).click()
    login = opened.value
    login.get_by_label("E-mail").or_(login.locator("input[name=username]")).first.fill(admin.email)
    login.locator("input[name=password]").fill("correct horse battery")
    login.locator("input[name=password]").press("Enter")
    login.wait_for_url(re.compile("/change/$"))
    login.close()
    # And here it goes on
    page.locator(".compose textarea").press("Enter")
    expect(page.locator("li.ev").first).to_contain_text("Found the way in")
    assert Event.objects.of(incident).filter(description="Found the way in").count() == 1


def test_a_dialog_survives_it_too(open_page, admin, project):
    incident = declare(project)
    page = open_page(admin, change(incident))
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill("All of it is explained here")
    Session.objects.all().delete()

    dialog.get_by_role("button", name="Close", exact=True).click()

    expect(dialog.get_by_role("alert")).to_contain_text("You are logged out")
    expect(dialog.get_by_label("Why")).to_have_value("All of it is explained here")


def test_a_page_that_went_away_says_so(open_page, admin, project):
    incident = declare(project)
    page = open_page(admin, change(incident))

    Incident.objects.filter(pk=incident.pk).update(deleted_at=timezone.now())
    renew(page)

    expect(page.get_by_role("alert")).to_contain_text("You do not see this page any more")
    assert all("404" in complaint for complaint in open_page.complaints)
    open_page.complaints.clear()


def test_a_screenshot_is_pasted_into_the_timeline(open_page, admin, project):
    incident = declare(project)
    page = open_page(admin, change(incident))
    page.locator(".compose textarea").focus()

    page.evaluate(
        """(data) => {
          const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
          const box = new DataTransfer();
          box.items.add(new File([bytes], "image.png", {type: "image/png"}));
          document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData: box, bubbles: true}));
        }""",
        PIXEL,
    )
    expect(page.get_by_role("button", name=re.compile("Screenshot .*png"))).to_be_visible()
    page.keyboard.type("The login page")
    page.keyboard.press("Enter")

    pasted = page.locator("li.ev").first.get_by_role("img")
    expect(pasted).to_be_visible()
    assert pasted.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 100
    assert Attachment.objects.get().name.startswith("Screenshot ")
    picture(page, "attached")


def test_a_file_that_may_not_be_attached_is_refused_beside_the_text(open_page, admin, project):
    incident = declare(project)
    page = open_page(admin, change(incident))
    page.locator(".compose textarea").fill("See this")
    page.locator("#compose-files").set_input_files({"name": "run.exe", "mimeType": "x/y", "buffer": b"MZ"})

    page.get_by_role("button", name=re.compile("^Add")).click()

    expect(page.locator(".compose [data-wrong]")).to_contain_text("run.exe may not be attached")
    expect(page.locator(".compose textarea")).to_have_value("See this")


@pytest.mark.parametrize("dark", [False, True])
def test_a_member_reports_on_a_phone(open_page, project, dark):
    Type.objects.filter(project=project, default=True).update(description="Anything that may be an attack.")
    member = make_member(project, "member", name="Mia Member")
    alike = declare(project, title="Phishing mail to the payroll department")
    page = open_page(member, "/report/", width=390, dark=dark)
    expect(page.get_by_text("Anything that may be an attack.")).to_be_visible()

    page.get_by_label("What happened, in a few words").fill("Payroll phishing mail")
    expect(page.get_by_text("This may be known already:")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile(alike.name))).to_be_visible()
    page.get_by_label("What is known so far").fill("Ten people got it")
    picture(page, f"report-{'dark' if dark else 'light'}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    # Leaving by accident loses nothing
    page.goto(page.url)
    expect(page.get_by_label("What is known so far")).to_have_value("Ten people got it")
    page.get_by_role("button", name="Report", exact=True).click()

    page.wait_for_url("**/i/*/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Payroll phishing mail")
    page.get_by_label("What happened?").fill("I did not click")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("li.ev").first).to_contain_text("I did not click")
    # What arrived is not typed into the next report
    page.goto(page.url.split("/i/")[0] + "/report/")
    expect(page.get_by_label("What is known so far")).to_have_value("")


@pytest.mark.parametrize("dark", [False, True])
def test_the_responder_page_on_a_phone(open_page, project, dark):
    member = make_member(project, "member", name="Mia Member")
    incident = declare(project, title="Payroll export readable by everybody", description="For 19 days, it seems.")
    person = individual_of(member, project)
    now = timezone.now()
    people.add_participant(subject=incident, individual=person, role="participant", actor=system(), now=now)
    pages.page(subject=incident, fact="t", individual=person, message="Please look", actor=system(), now=now)
    create_task(subject=incident, title="Collect the access logs of March", actor=system(), now=now)
    for text in ("Access withdrawn", "Told the data protection officer"):
        write(incident, text)

    page = open_page(member, f"/i/{incident.name}/", width=390, dark=dark)
    picture(page, f"responder-{'dark' if dark else 'light'}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("You are paged")).to_have_count(0)
    page.get_by_role("button", name="Take: Collect the access logs").click()
    expect(page.get_by_text("yours")).to_be_visible()
    page.get_by_role("button", name="Finish: Collect the access logs").click()
    expect(page.get_by_text("To be done")).to_have_count(0)


def test_the_status_page_renews_itself(open_page, project):
    member = make_member(project, "member")
    first = declare(project, title="Payroll export readable by everybody")
    page = open_page(member, "/status/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 active incident")

    declare(project, title="Ransom note on two build agents")
    write(first, "Access withdrawn")
    renew(page)

    expect(page.get_by_role("heading", level=1)).to_contain_text("2 active incidents")
    expect(page.get_by_text("Access withdrawn")).to_be_visible()
    picture(page, "status")


def test_members_log_in_without_a_script(open_page, project, chromium, live_server):
    member = make_member(project, "member")
    incident = declare(project)
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(f"{live_server.url}/i/{incident.name}/")

    picture(page, "login")
    page.get_by_label("E-mail address").fill(member.email)
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Join").click()
    page.get_by_label("What happened?").fill("Written without a script")
    page.get_by_role("button", name="Add").click()

    expect(page.locator("li.ev").first).to_contain_text("Written without a script")
    context.close()


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (1440, True), (390, False)])
def test_the_set_up_page_leads_through_what_is_missing(open_page, project, width, dark):
    owner = make_member(project, "owner", name="Olga Owner")
    page = open_page(owner, "/admin/set-up/", width=width, dark=dark)

    expect(page.get_by_text("A second owner")).to_be_visible()
    picture(page, f"set-up-{width}-{'dark' if dark else 'light'}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="Send it").click()
    page.get_by_role("dialog").get_by_role("button", name="Send").click()
    expect(page.get_by_text("The mail is on its way")).to_be_visible()
    assert page.url.endswith("/admin/set-up/")


def test_the_consoles_report_shows_what_is_known_already(open_page, admin, project):
    alike = declare(project, title="Phishing mail to the payroll department")
    page = open_page(admin, reverse("admin:incidents_incident_add"))

    page.get_by_label("What happened, in a few words").fill("payroll phishing")

    expect(page.get_by_role("link", name=re.compile(alike.name))).to_be_visible()
    picture(page, "console-report")


@pytest.mark.parametrize("dark", [False, True])
def test_the_console_on_a_phone(open_page, admin, project, dark):
    incident = declare(project, title="Payroll export readable by every contractor account")
    write(incident, "Access withdrawn")
    page = open_page(admin, change(incident), width=390, dark=dark)

    picture(page, f"console-390-{'dark' if dark else 'light'}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_by_keyboard_alone(open_page, project):
    """What is focused is seen, in the order of the page, and each control says its name."""
    member = make_member(project, "member")
    incident = declare(project)
    people.add_participant(
        subject=incident, individual=individual_of(member, project), role="participant", actor=system(),
        now=timezone.now(),
    )  # fmt: skip
    page = open_page(member, f"/i/{incident.name}/", width=390)

    named = []
    for _press in range(14):
        page.keyboard.press("Tab")
        named.append(
            page.evaluate(
                """() => {
                  const one = document.activeElement;
                  const words = one.getAttribute("aria-label") || one.labels?.[0]?.textContent || one.textContent || "";
                  const shown = one.classList.contains("unseen") || getComputedStyle(one).outlineStyle !== "none";
                  return [one.tagName, words.trim(), shown];
                }"""
            )
        )
    named = [one for one in named if one[0] != "BODY"]
    assert all(name and shown for _tag, name, shown in named), named
    order = [name for _tag, name, _shown in named]
    assert order[:4] == ["To the content", "Dispatch", "Status", "Report"]
    assert order.index("What happened?") < order.index("Decision") < order.index("Files") < order.index("Add")


# Ids twice; controls, links, pictures and dialogs without a name; headings that skip; no landmark; no language.
FAULTS = """() => {
  const seen = (one) => one.checkVisibility({ visibilityProperty: true }) || one.classList.contains("unseen");
  const all = (what) => [...document.querySelectorAll(what)];
  const name = (one) => (one.getAttribute("aria-label") || one.labels?.[0]?.textContent || one.textContent
    || one.title || document.getElementById(one.getAttribute("aria-labelledby"))?.textContent
    || one.querySelector("img[alt]")?.alt || "").trim();
  const controls = "input:not([type=hidden]), select, textarea, button, a[href], summary";
  const ids = all("[id]").map((one) => one.id);
  return [
    ...ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `twice: ${id}`),
    ...all(controls).filter((one) => seen(one) && !name(one))
      .map((one) => `no name: ${one.outerHTML.slice(0, 120)}`),
    ...all("img:not([alt])").map((one) => `no alt: ${one.outerHTML.slice(0, 120)}`),
    ...(document.documentElement.lang ? [] : ["no language"]),
    ...(all("main, [role=main], #content").length ? [] : ["no main part"]),
    ...(all("h1").filter(seen).length === 1 ? [] : [`h1: ${all("h1").filter(seen).length}`]),
  ];
}"""


@pytest.mark.parametrize("where", ["report", "status", "responder", "console"])
def test_what_can_be_checked_of_labels_and_structure_is_in_order(open_page, admin, project, where):
    incident = declare(project, title="Payroll export readable")
    create_task(subject=incident, title="Collect the logs", actor=system(), now=timezone.now())
    paths = {"responder": f"/i/{incident.name}/", "console": change(incident)}
    page = open_page(admin, paths.get(where, f"/{where}/"), width=390)

    assert page.evaluate(FAULTS) == []


def test_the_theme_chosen_in_the_console_is_the_one_of_the_members_pages(open_page, admin):
    page = open_page(admin, "/status/")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)

    page.evaluate("""localStorage.setItem("adminTheme", '"dark"')""")
    page.reload()

    assert light == "rgb(245, 247, 250)"
    assert page.evaluate(ground) == "rgb(13, 19, 28)"
