"""Handing roles over: offered, accepted, declined, withdrawn, by link, console and API."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from core.errors import Forbidden, Invalid
from core.operations import queue
from core.timeline import Event
from core.timeline.flows import add_entry, erase
from incidents import flows as incidents
from integrations.models import OutgoingMail
from people.flows import assign_role, handovers, pages
from people.flows.roles import NotHolder
from people.flows.summaries import summary_of
from people.models import HandOver, Role, Task
from tests import factories as make
from tests.apiclient import Api

pytestmark = pytest.mark.django_db

COMMANDER = Role.Name.COMMANDER


@pytest.fixture
def project():
    return make.make_project()


@pytest.fixture
def ada(project):
    return make.make_member(project, "responder", name="Ada")


@pytest.fixture
def bob(project):
    return make.make_member(project, "responder", name="Bob")


@pytest.fixture
def incident(project, ada):
    return make.declare(project, by=ada, commander=None)


def by(user):
    return {"actor": make.actor_for(user), "now": timezone.now()}


def offer(incident, ada, bob, **more):
    to = make.individual_of(bob, incident.project)
    return handovers.offer(subject=incident, role=COMMANDER, to=to, **by(ada), **more)


def lead(incident):
    return Role.objects.of(incident).get(role=COMMANDER, renounced_at=None).participant.individual.name


def test_until_it_is_accepted_the_giver_stays_responsible_and_both_see_it(incident, ada, bob):
    row = offer(incident, ada, bob, summary="Watch the replica.")
    assert lead(incident) == "Ada"
    for reader, buttons in ((ada, ["Withdraw"]), (bob, ["Accept", "Decline"])):
        client = Client()
        client.force_login(reader)
        shown = client.get(f"/admin/incidents/incident/{incident.pk}/change/").content.decode()
        assert "until it is accepted Ada stays responsible" in shown
        assert all(button in shown for button in buttons)

    handovers.accept(handover=row, **by(bob))

    assert lead(incident) == "Bob"
    entry = Event.objects.of(incident).get(source="Hand-over")
    assert entry.description == "Hand-over of Incident Commander from Ada to Bob:\nWatch the replica."


def test_the_summary_made_by_rule_tells_what_the_next_one_must_know(project, incident, ada):
    now = timezone.now()
    add_entry(subject=incident, description="Was the key rotated?", **by(ada))
    add_entry(subject=incident, description="Isolate the host", kind=Event.Kind.DECISION, **by(ada))
    person = make.individual_of(ada, project)
    Task.objects.create(incident=incident, title="Rotate keys", owner=person, due_at=now - timedelta(hours=2))
    Task.objects.create(
        incident=incident, title="Done long ago", owner=person, due_at=now, status="resolved", resolved_at=now
    )
    pages.begin(incident, fact="x", individual=make.make_individual(project, name="Dana"), actor=make.system(), now=now)

    told = summary_of(incident, now)

    assert "Active, severity Undetermined, priority Low." in told
    assert "Times are those of UTC." in told
    assert re.search(r"Key events:\n(- .*\n)*- \d\d:\d\d Isolate the host", told)
    assert re.search(r"Open questions:\n- \d\d:\d\d Was the key rotated\?", told)
    assert re.search(r"Open tasks:\n- Rotate keys \(Ada, overdue since", told)
    assert "The page for Dana is not acknowledged" in told
    assert "Done long ago" not in told


def test_the_mail_accepts_by_its_link_and_looking_changes_nothing(incident, ada, bob):
    offer(incident, ada, bob, summary="Watch the replica.")
    queue.run_due(200)
    (letter,) = [letter for letter in mail.outbox if "Hand-over" in letter.subject]
    link = re.search(r"/handover/\S+/", letter.body).group()

    assert "Watch the replica." in letter.body
    assert "Watch the replica." in Client().get(link).content.decode()
    assert lead(incident) == "Ada"
    assert "You are Incident Commander now" in Client().post(link, {"answer": "accept"}).content.decode()
    assert lead(incident) == "Bob"
    assert link not in incident.outgoingmails.get(heading__contains="Hand-over").text


def test_declining_and_withdrawing_leave_it_with_the_giver(incident, ada, bob):
    declined = handovers.decline(handover=offer(incident, ada, bob), reason="Asleep", **by(bob))
    withdrawn = handovers.withdraw(handover=offer(incident, ada, bob), **by(ada))

    assert (declined.status, declined.decided_reason, withdrawn.status) == ("declined", "Asleep", "withdrawn")
    assert lead(incident) == "Ada"
    with pytest.raises(handovers.HandOverOver):
        handovers.accept(handover=withdrawn, **by(bob))


def test_only_the_receiver_answers_and_only_holder_or_editor_offers(project, incident, ada, bob):
    row = offer(incident, ada, bob)
    with pytest.raises(Forbidden):
        handovers.accept(handover=row, **by(ada))
    member = make.make_member(project, "member")
    with pytest.raises(Forbidden):
        handovers.withdraw(handover=row, **by(member))
    with pytest.raises(handovers.AlreadyOffered):
        offer(incident, ada, bob)
    handovers.withdraw(handover=row, **by(ada))
    with pytest.raises(Forbidden):
        handovers.offer(subject=incident, role=COMMANDER, to=make.individual_of(bob, project), **by(member))
    with pytest.raises(NotHolder):
        handovers.offer(subject=incident, role="scribe", to=make.individual_of(bob, project), **by(ada))
    with pytest.raises(Invalid, match="holds this role already"):
        handovers.offer(subject=incident, role=COMMANDER, to=make.individual_of(ada, project), **by(ada))


def test_a_role_that_somebody_else_took_is_no_longer_offered(project, incident, ada, bob):
    row = offer(incident, ada, bob)
    assign_role(subject=incident, individual=make.make_individual(project), role=COMMANDER, **by(ada))
    row.refresh_from_db()
    assert (row.status, row.decided_reason) == ("withdrawn", "somebody else took the role")


def test_closing_withdraws_what_is_offered(incident, ada, bob):
    row = offer(incident, ada, bob)
    incidents.change_status(incident=incident, to="closed", **by(ada))
    row.refresh_from_db()
    assert row.status == "withdrawn"


def test_a_whole_shift_goes_at_once_and_is_accepted_one_by_one(project, ada, bob):
    held = [make.declare(project, by=ada, commander=None) for _ in range(3)]
    other = make.declare(project, by=bob, commander=None)
    to = make.individual_of(bob, project)

    offers = handovers.offer_shift(
        organization=project.organization, giver=make.individual_of(ada, project), to=to, **by(ada)
    )

    assert {row.subject for row in offers} == set(held)
    assert len({row.batch for row in offers}) == 1
    handovers.accept(handover=offers[0], **by(bob))
    assert [lead(one) for one in (*held, other)] == ["Bob", "Ada", "Ada", "Bob"]
    with pytest.raises(handovers.NothingToHandOver):
        handovers.offer_shift(organization=project.organization, giver=make.make_individual(project), to=to, **by(ada))


def test_an_offer_made_for_somebody_else_names_who_made_it(project, incident, ada, bob):
    maya = make.make_member(project, "responder", name="Maya")
    row = offer(incident, maya, bob, summary="Watch the replica.")

    said = Event.objects.of(incident).latest("seq").description
    assert said.startswith("Maya offers Ada's Incident Commander to Bob; until it is accepted Ada")
    client = Client()
    client.force_login(bob)
    asked = client.get(f"/admin/people/handover/{row.pk}/accept/").content.decode()
    assert 'What Ada hands over with it</p><div class="quote said">Watch the replica.</div>' in asked


def test_the_home_page_shows_what_is_offered_and_the_dialog_accepts(incident, ada, bob):
    row = offer(incident, ada, bob)
    client = Client()
    client.force_login(bob)
    assert "Offered to you" in client.get("/admin/").content.decode()

    client.post(f"/admin/people/handover/{row.pk}/accept/")

    assert lead(incident) == "Bob"
    assert "Offered to you" not in client.get("/admin/").content.decode()


def test_over_the_api_it_is_offered_and_accepted(incident, ada, bob):
    place = f"/incidents/{incident.name}/hand-overs/"
    made = Api(ada).post(place, {"role": COMMANDER, "to": bob.email})
    assert made.status_code == 201, made.json()
    assert made.json()["summary"].startswith("Where it stands:")
    refused = Api(ada).post(f"{place}{made.json()['id']}/accept/")
    assert refused.status_code == 403
    assert Api(bob).post(f"{place}{made.json()['id']}/accept/").json()["status"] == "accepted"
    assert [row["status"] for row in Api(ada).get(place, status="accepted").json()["results"]] == ["accepted"]
    assert HandOver.objects.count() == 1


def test_over_the_api_a_whole_shift_is_offered(project, ada, bob):
    held = {make.declare(project, by=ada, commander=None).name for _ in range(2)}

    answer = Api(ada).post("/shift-hand-overs/", {"to": bob.email})

    assert answer.status_code == 200, answer.json()
    assert len(answer.json()["offers"]) == 2
    assert {row.subject.name for row in HandOver.objects.filter(receiver__user=bob)} == held
    assert Api(bob).post("/shift-hand-overs/", {"to": ada.email}).status_code == 409


def test_a_restricted_incident_is_offered_without_its_summary(project, bob):
    admin = make.make_member(project, "admin")
    secret = make.declare(project, by=admin, title="Insider", visibility="restricted", commander=None)
    offer(secret, admin, bob, summary="The CFO is involved")
    queue.run_due(200)
    (letter,) = [letter for letter in mail.outbox if "Hand-over" in letter.subject]
    link = re.search(r"/handover/\S+/", letter.body).group()

    told = letter.subject + letter.body + letter.alternatives[0][0] + Client().get(link).content.decode()
    assert "CFO" not in told
    assert "Insider" not in told


def test_an_erased_entry_is_erased_from_hand_overs_their_events_and_mail(project, incident, ada, bob):
    entry = add_entry(subject=incident, description="Is 555-0199 her <private> number?", **by(ada))
    add_entry(subject=incident, description="Who calls the bank?", **by(ada))
    handover = offer(incident, ada, bob)
    queue.run_due(50)
    handovers.accept(handover=handover, **by(bob))
    assert "555-0199" in mail.outbox[-1].body

    erase(event=entry, reason="personal", **by(make.make_member(project, "admin")))

    handover.refresh_from_db()
    assert "555-0199" not in handover.summary
    assert "Who calls the bank?" in handover.summary
    assert not Event.objects.filter(description__contains="555-0199").exists()
    (kept,) = OutgoingMail.objects.filter(text__contains="Who calls the bank?")
    assert "555-0199" not in kept.text + kept.html
    call_command("verify_timeline")
