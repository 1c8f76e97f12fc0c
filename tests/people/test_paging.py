"""Paging through its public doors: who is called when, on which ways, and what an answer does."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client, override_settings
from django.utils import timezone

from core.errors import Forbidden, Invalid
from core.operations import queue
from core.operations.models import Operation
from core.timeline import Event
from incidents import flows as incidents
from incidents.models import Priority
from people.flows import add_participant, assign_role, pages
from people.flows.leaving import deactivate
from people.models import ContactMethod, EscalationStep, Page, Participant, Role
from tests import factories as make
from tests.apiclient import Api
from tests.standins.smtp import mail_server

pytestmark = pytest.mark.django_db

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def project():
    return make.make_project()


@pytest.fixture
def responder(project):
    return make.make_member(project, "responder", name="Rita")


@pytest.fixture
def ada(project):
    return make.make_individual(project, "ada@example.com", "Ada")


@pytest.fixture
def bob(project):
    return make.make_individual(project, "bob@example.com", "Bob")


@pytest.fixture
def incident(project, responder):
    return make.declare(project, by=responder, commander=None)


@pytest.fixture
def service(project, ada, bob):
    return make.make_service(project, ada, bob, name="Database")


def page(incident, responder, fact="first", **whom):
    return pages.page(subject=incident, fact=fact, actor=make.actor_for(responder), now=timezone.now(), **whom)


def later(**span):
    """What the workers do by then."""
    with time_machine.travel(timezone.now() + timedelta(**span), tick=False):
        queue.run_due(200)


def called(row):
    return [(call.individual.name, call.status) for call in row.calls.order_by("position")]


def paged():
    return [letter for letter in mail.outbox if "Page" in letter.subject]


def link_in(letter):
    return re.search(r"/page/\S+/", letter.body).group()


def steps(incident):
    return list(
        Event.objects.of(incident).filter(kind=Event.Kind.PAGE).order_by("seq").values_list("description", flat=True)
    )


def test_whoever_is_on_call_is_written_to_at_once_with_a_link_of_their_own(incident, responder, service):
    row = page(incident, responder, service=service, message="Replica lag")
    later(seconds=1)

    (letter,) = paged()
    assert letter.to == ["Ada <ada@example.com>"]
    assert "Replica lag" in letter.body
    assert "on call for Database" in letter.body
    assert called(row) == [("Ada", "calling")]
    assert steps(incident) == ["Ada is paged: on call for Database", "The page went to Ada by e-mail"]


def test_looking_at_the_link_changes_nothing_and_answering_stops_the_calls(incident, responder, service):
    row = page(incident, responder, service=service)
    later(seconds=1)
    link, phone = link_in(paged()[0]), Client(enforce_csrf_checks=True)

    looked = phone.get(link)
    row.refresh_from_db()
    assert (looked.status_code, row.status) == (200, "waiting")
    assert "no-store" in looked["Cache-Control"]

    token = phone.cookies["csrftoken"].value
    answered = phone.post(link, {"csrfmiddlewaretoken": token})
    row.refresh_from_db()
    assert "You acknowledged it" in answered.content.decode()
    assert (row.status, row.acknowledged_by.name, row.acknowledged_through) == ("acknowledged", "Ada", "link")
    later(minutes=30)
    assert called(row) == [("Ada", "answered")]
    assert len(paged()) == 1


def test_without_an_answer_the_next_on_call_is_called_then_the_list_then_the_owner(
    project, incident, responder, service
):
    eve, owner = make.make_individual(project, "eve@example.com", "Eve"), make.make_individual(project, name="Olga")
    EscalationStep.objects.create(service=service, position=1, individual=eve)
    service.owner = owner
    service.save()
    row = page(incident, responder, service=service)

    for minute in (1, 6, 12, 18, 24):
        later(minutes=minute)

    row.refresh_from_db()
    assert called(row) == [(name, "unanswered") for name in ("Ada", "Bob", "Eve", "Olga")]
    assert row.status == "exhausted"
    assert "Nobody answered the page for Database, and nobody is left to call" in steps(incident)
    assert [letter.to[0].split(" ")[0] for letter in paged()] == ["Ada", "Bob", "Eve", "Olga"]


def test_each_service_says_how_long_somebody_has_to_answer(incident, responder, service):
    service.escalation_minutes = 10
    service.save()
    row = page(incident, responder, service=service)

    later(minutes=9)
    assert called(row) == [("Ada", "calling")]
    later(minutes=11)
    assert called(row) == [("Ada", "unanswered"), ("Bob", "calling")]


def test_two_sweeps_for_one_deadline_call_one_person(incident, responder, service):
    row = page(incident, responder, service=service)
    due = timezone.now() + timedelta(minutes=5, seconds=1)

    assert [pages.advance_all(now=due), pages.advance_all(now=due)] == [1, 0]
    pages.advance(page_id=row.pk, now=due)

    assert called(row) == [("Ada", "unanswered"), ("Bob", "calling")]


def test_a_refused_mail_tries_the_second_way_at_once(project, incident, responder, service, ada):
    ContactMethod.objects.create(
        organization=project.organization, individual=ada, kind="email", address="ada.private@example.com"
    )
    with mail_server() as server, override_settings(EMAIL_BACKEND=SMTP, EMAIL_HOST="127.0.0.1", EMAIL_PORT=server.port):
        server.answers["RCPT"] = "550 no such user"
        row = page(incident, responder, service=service)
        queue.run_due(1)
        del server.answers["RCPT"]
        queue.run_due(200)

        assert server.recipients == [["ada.private@example.com"]]
    ways = [(way.path, way.status) for way in row.calls.get().deliveries.order_by("position")]
    assert ways == [("e-mail", "failed"), ("second e-mail", "sent")]
    assert called(row) == [("Ada", "calling")]


@pytest.fixture
def inside(settings):
    """The stand-in for a webhook's receiver listens in our own network."""
    settings.WEBHOOK_PRIVATE_ADDRESSES = True


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("127.0.0.1", False),
        ("[::1]", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("169.254.169.254", True),
    ],
)
def test_a_webhook_into_our_own_network_is_not_called(project, incident, responder, ada, settings, host, private):
    settings.WEBHOOK_PRIVATE_ADDRESSES = private
    ContactMethod.objects.create(
        organization=project.organization, individual=ada, kind="webhook", address=f"https://{host}:8443/admin"
    )
    with mail_server() as server, override_settings(EMAIL_BACKEND=SMTP, EMAIL_HOST="127.0.0.1", EMAIL_PORT=server.port):
        server.answers["RCPT"] = "550 no such user"
        page(incident, responder, individual=ada)
        queue.run_due(200)

    refused = Operation.objects.get(action="page.webhook")
    assert refused.status == "failed"
    assert "leads into this network" in refused.error


def test_when_everything_is_down_the_next_person_is_tried_at_once_and_the_page_is_red(
    project, incident, responder, service, ada, httpserver, inside
):
    httpserver.expect_request("/wake").respond_with_data("out of order", status=503)
    ContactMethod.objects.create(
        organization=project.organization, individual=ada, kind="webhook", address=httpserver.url_for("/wake")
    )
    with mail_server() as server, override_settings(EMAIL_BACKEND=SMTP, EMAIL_HOST="127.0.0.1", EMAIL_PORT=server.port):
        server.answers["CONNECT"] = "421 not now"
        row = page(incident, responder, service=service)
        queue.run_due(200)

    row.refresh_from_db()
    assert called(row) == [("Ada", "undeliverable"), ("Bob", "undeliverable")]
    assert row.status == "exhausted"
    retried = Operation.objects.filter(action__in=["page.email", "page.webhook"], status="retrying")
    soonest = timezone.now() + timedelta(seconds=31)
    assert retried.count() == 3
    assert not retried.filter(next_attempt_at__gt=soonest).exists()


@pytest.mark.parametrize("late", [False, True])
def test_who_could_not_be_reached_takes_nobodys_time_by_leaving(project, incident, responder, service, ada, late):
    EscalationStep.objects.create(
        service=service, position=1, individual=make.make_individual(project, "c@example.com")
    )
    with mail_server() as server, override_settings(EMAIL_BACKEND=SMTP, EMAIL_HOST="127.0.0.1", EMAIL_PORT=server.port):
        server.answers["RCPT"] = "451 try later" if late else "550 no such user"
        row = page(incident, responder, service=service)
        queue.run_due(1)
        assert called(row) == [("Ada", "undeliverable"), ("Bob", "calling")]
        del server.answers["RCPT"]
        later(seconds=60)
    assert called(row) == [("Ada", "calling" if late else "undeliverable"), ("Bob", "calling")]

    deactivate(individual=ada, actor=make.system(), now=timezone.now())

    assert called(row) == [("Ada", "stopped" if late else "undeliverable"), ("Bob", "calling")]
    assert not any("the next one is called" in step for step in steps(incident))


def test_a_webhook_gets_what_it_needs_and_a_repetition_is_known(project, incident, responder, ada, httpserver, inside):
    httpserver.expect_request("/wake", method="POST").respond_with_json({})
    ContactMethod.objects.create(
        organization=project.organization, individual=ada, kind="webhook", address=httpserver.url_for("/wake")
    )
    with mail_server() as server, override_settings(EMAIL_BACKEND=SMTP, EMAIL_HOST="127.0.0.1", EMAIL_PORT=server.port):
        server.answers["RCPT"] = "550 no such user"
        page(incident, responder, individual=ada, message="Come")
        queue.run_due(200)

    ((request, _answer),) = httpserver.log
    assert request.json["subject"] == incident.name
    assert request.json["message"] == "Come"
    assert Client().get(request.json["acknowledge"].split("8000")[-1]).status_code == 200
    assert request.headers["Idempotency-Key"]


def test_a_way_that_hangs_does_not_hold_up_the_next(project, incident, responder, service, ada):
    """Nobody takes the first operation, as if its worker hung in it: after 20 seconds the next way begins beside it."""
    ContactMethod.objects.create(
        organization=project.organization, individual=ada, kind="email", address="ada.private@example.com"
    )
    row = page(incident, responder, service=service)

    pages.advance(page_id=row.pk, now=timezone.now() + timedelta(seconds=19))
    assert row.calls.get().deliveries.count() == 1
    pages.advance(page_id=row.pk, now=timezone.now() + timedelta(seconds=21))
    assert row.calls.get().deliveries.count() == 2
    pages.advance(page_id=row.pk, now=timezone.now() + timedelta(seconds=60))
    assert row.calls.get().deliveries.count() == 2


def test_nobody_on_call_is_said_at_once(project, incident, responder):
    row = page(incident, responder, service=make.make_service(project, name="Payroll"))

    assert row.status == "exhausted"
    assert steps(incident) == [
        "Nobody can be paged for Payroll: nobody is on call, and no escalation list or owner is set"
    ]


def test_the_same_fact_pages_once(incident, responder, service):
    rows = {page(incident, responder, fact="alarm 7", service=service).pk for _ in range(3)}
    later(seconds=1)

    assert len(rows) == 1
    assert len(paged()) == 1


def test_who_answers_for_the_role_gets_it(project, incident, responder, service, bob):
    commander = make.individual_of(responder, project)
    row = page(incident, responder, service=service, individual=commander, role=Role.Name.COMMANDER)
    later(minutes=6)
    later(minutes=12)
    assert [name for name, _status in called(row)] == ["Rita", "Ada", "Bob"]

    pages.acknowledge(page=row, individual=bob, way="api", actor=make.system(), now=timezone.now())

    lead = Role.objects.of(incident).get(role=Role.Name.COMMANDER, renounced_at=None)
    assert lead.participant.individual == bob
    assert not pages.unanswered(incident).exists()


def test_who_answers_takes_part_and_represents_the_service(incident, responder, service, ada):
    row = page(incident, responder, service=service)
    pages.acknowledge(page=row, individual=ada, way="link", actor=make.system(), now=timezone.now())
    pages.acknowledge(page=row, individual=ada, way="link", actor=make.system(), now=timezone.now())

    part = Participant.objects.of(incident).get(individual=ada)
    assert part.service == service
    assert Event.objects.of(incident).filter(description__startswith="Ada acknowledged").count() == 1


def test_only_who_was_called_or_edits_answers(project, incident, responder, service):
    row = page(incident, responder, service=service)
    member = make.make_member(project, "member")

    with pytest.raises(Forbidden):
        pages.acknowledge(
            page=row, individual=make.individual_of(member, project), way="api", actor=make.actor_for(member),
            now=timezone.now(),
        )  # fmt: skip
    pages.acknowledge(
        page=row, individual=make.individual_of(responder, project), way="console", actor=make.actor_for(responder),
        now=timezone.now(),
    )  # fmt: skip
    row.refresh_from_db()
    assert row.acknowledged_by.name == "Rita"


def test_a_member_may_not_page_and_another_projects_service_is_not_there(project, incident, responder, service):
    with pytest.raises(Forbidden):
        page(incident, make.make_member(project, "member"), service=service)
    with pytest.raises(Invalid, match="no such service"):
        page(incident, responder, service=make.make_service(make.make_project(project.organization)))
    assert not Page.objects.exists()


def test_closing_deleting_or_giving_the_role_stops_the_calls(project, responder, service, ada):
    admin = make.make_member(project, "admin")
    by = {"actor": make.actor_for(admin), "now": timezone.now()}
    closed, deleted, given = (make.declare(project, by=responder, commander=None) for _ in range(3))
    rows = [page(one, responder, fact=one.name, service=service, individual=ada, role=Role.Name.COMMANDER)
            for one in (closed, deleted, given)]  # fmt: skip

    incidents.change_status(incident=closed, to="closed", **by)
    incidents.delete_subject(subject=deleted, **by)
    assign_role(subject=given, individual=make.make_individual(project), role=Role.Name.COMMANDER, **by)
    later(minutes=6)

    for row in rows:
        row.refresh_from_db()
        assert row.status == "cancelled"
    assert not [letter for letter in paged() if "bob" in letter.to[0]]


def test_the_commander_is_paged_at_declare_when_the_priority_says_so(project, responder, service, ada):
    critical = Priority.objects.get(project=project, name="High")
    Priority.objects.filter(pk=critical.pk).update(page_commander=True)
    critical.refresh_from_db()

    urgent = make.declare(project, by=responder, priority=critical, commander=ada)
    calm = make.declare(project, by=responder, commander=ada)
    own = make.declare(project, by=responder, priority=critical, commander=None)

    assert [row.individual for row in pages.unanswered(urgent)] == [ada]
    assert not Page.objects.of(calm).exists()
    assert not Page.objects.of(own).exists()
    incidents.edit(incident=calm, priority=critical, actor=make.actor_for(responder), now=timezone.now())
    assert [row.individual for row in pages.unanswered(calm)] == [ada]


def test_a_restricted_incident_is_paged_without_its_title(project, service):
    admin = make.make_member(project, "admin")
    secret = make.declare(project, by=admin, title="Insider in payroll", visibility="restricted", commander=None)
    page(secret, admin, service=service, message="HR is involved")
    later(seconds=1)

    (letter,) = paged()
    told = letter.subject + letter.body + letter.alternatives[0][0] + Client().get(link_in(letter)).content.decode()
    assert "Insider" not in told
    assert "HR is" not in told
    assert secret.name in told


def test_a_forged_or_old_link_leads_nowhere(incident, responder, service):
    page(incident, responder, service=service)
    later(seconds=1)
    link = link_in(paged()[0])

    assert Client().get("/page/forged/").status_code == 404
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        assert Client().post(link).status_code == 404


def test_the_kept_copy_of_the_mail_does_not_hold_the_link(incident, responder, service):
    page(incident, responder, service=service)
    later(seconds=1)
    link = link_in(paged()[0])

    kept = incident.outgoingmails.get(heading__contains="Page")
    assert link.split("/")[2] not in kept.text + kept.html
    assert "/page/…/" in kept.text


def test_the_page_of_the_incident_shows_and_answers_it(incident, responder, service):
    page(incident, responder, service=service, message="Come")
    client = Client()
    client.force_login(responder)
    shown = client.get(f"/admin/incidents/incident/{incident.pk}/change/?tab=pages").content.decode()

    assert "Not yet acknowledged" in shown
    assert "Ada: calling" in shown
    client.post(f"/admin/people/page/{Page.objects.get().pk}/acknowledge/")
    assert Page.objects.get().acknowledged_by.user == responder


def test_over_the_api_one_pages_answers_and_cancels(incident, responder, service, ada):
    api = Api(responder)
    place = f"/incidents/{incident.name}/pages/"

    made = api.post(place, {"service": "Database", "message": "Come"})
    assert made.status_code == 201
    assert made.json()["calls"][0]["individual"]["email"] == "ada@example.com"
    answered = api.post(f"{place}{made.json()['id']}/acknowledge/")
    assert answered.json()["acknowledged_by"]["email"] == responder.email
    second = api.post(place, {"individual": "ada@example.com"}).json()
    assert api.post(f"{place}{second['id']}/cancel/", {"reason": "found"}).json()["status"] == "cancelled"
    assert api.post(place, {}).status_code == 400
    assert [row["status"] for row in api.get(place).json()["results"]] == ["cancelled", "acknowledged"]


def test_who_left_the_company_is_passed_over(incident, responder, service, ada):
    ada.is_active = False
    ada.save()
    assert called(page(incident, responder, service=service)) == [("Bob", "calling")]


def test_somebody_who_takes_part_already_keeps_their_role(incident, responder, service, ada):
    by = {"actor": make.actor_for(responder), "now": timezone.now()}
    add_participant(subject=incident, individual=ada, role=Role.Name.SCRIBE, **by)
    row = page(incident, responder, service=service)
    pages.acknowledge(page=row, individual=ada, way="link", actor=make.system(), now=timezone.now())

    held = Role.objects.of(incident).filter(participant__individual=ada, renounced_at=None)
    assert [role.role for role in held] == ["scribe"]
