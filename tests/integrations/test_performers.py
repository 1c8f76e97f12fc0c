"""Tickets, documents and contacts: made once, kept up to date, shown with what is still to come."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from core.errors import Forbidden
from core.operations import queue
from core.operations.models import Operation
from core.operations.performers import Outcome
from core.signals import ResourceReady, resource_ready
from core.timeline import Event
from core.timeline import flows as timelines
from incidents import flows as incidents
from integrations import flows, performers
from integrations.models import BuiltinTicket, Resource
from integrations.plugins.builtin.ticket import BuiltinTickets
from integrations.snapshots import snapshot
from knowledge import flows as knowledge
from knowledge.models import Document, DocumentVersion, Template
from people import flows as people
from tests import factories
from tests.standins.plugins import Tracker

pytestmark = pytest.mark.django_db


@pytest.fixture
def responder(project):
    return factories.make_member(project, "responder")


def run():
    return queue.run_due(100)


def body(incident, kind="incident_document"):
    return (
        DocumentVersion.objects.filter(document__incident=incident, document__kind=kind)
        .order_by("-number")
        .first()
        .body
    )


def perform(operation: Operation) -> Outcome:
    return getattr(
        performers, {"ticket.create": "create_ticket", "document.create": "create_document"}[operation.action]
    )(operation)


def test_a_declared_incident_gets_its_ticket_and_document(project, responder):
    incident = factories.declare(project, by=responder, title="Laptop stolen", description="From a train.")

    run()

    ticket = BuiltinTicket.objects.get(incident=incident)
    assert (ticket.number, ticket.title) == (1, "Laptop stolen")
    assert ticket.fields["lead"] == "Commander"
    assert "Laptop stolen" in body(incident)
    assert "| Ticket | \\#1 |" in body(incident)
    assert {row.kind: row.state for row in flows.expected_resources(incident)} == {
        "ticket": "ready",
        "incident_document": "ready",
    }
    told = list(Event.objects.of(incident).filter(source__startswith="Built-in").values_list("description", flat=True))
    assert sorted(told) == [f"{incident.name} Incident document created", "Ticket #1 created"]


def test_numbers_of_tickets_count_within_a_project(project):
    other = factories.make_project()
    for place in (project, project, other):
        factories.declare(place)

    run()

    assert sorted(BuiltinTicket.objects.values_list("project", "number")) == [
        (project.pk, 1),
        (project.pk, 2),
        (other.pk, 1),
    ]


@pytest.mark.parametrize("action", ["ticket.create", "document.create"])
def test_performing_the_same_operation_again_makes_nothing_new(project, action):
    incident = factories.declare(project)
    operation = Operation.objects.get(action=action)

    first, second = perform(operation), perform(operation)
    second.store(operation)
    first.store(operation)

    assert first.result == second.result
    assert BuiltinTicket.objects.count() + Document.objects.count() == 1
    assert Resource.objects.of(incident).count() == 1
    assert (
        Event.objects.of(incident).filter(description__endswith="created", source__startswith="Built-in").count() == 1
    )


def test_the_worker_whose_lease_had_run_out_finds_the_ticket_of_the_other(project, monkeypatch):
    factories.declare(project)
    operation = Operation.objects.get(action="ticket.create")
    perform(operation)
    # The other one is stored between looking and making.
    monkeypatch.setattr(type(BuiltinTicket.objects.filter()), "first", lambda _rows: None)

    thing = perform(operation)

    assert thing.result["label"] == "#1"
    assert BuiltinTicket.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_four_workers_at_once_make_one_ticket_and_take_one_number(project):
    subject = snapshot(factories.declare(project))
    start = threading.Barrier(4)

    def work(_):
        start.wait()
        try:
            return BuiltinTickets(None, project_id=project.pk).ensure(marker="op", subject=subject).external_id
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(work, range(4)))

    assert made == {str(BuiltinTicket.objects.get().pk)}


def test_what_became_ready_is_told_to_the_apps_above(project):
    heard = []

    def listen(payload: ResourceReady, **_):
        heard.append((payload.kind, payload.resource_kind))

    resource_ready.connect(listen)
    try:
        factories.declare(project)
        run()
    finally:
        resource_ready.disconnect(listen)

    assert heard == [("incident", "ticket"), ("incident", "incident_document")]


def test_the_ticket_follows_changes_and_several_of_them_are_one_update(project, responder):
    incident = factories.declare(project, by=responder)
    run()
    actor, now = factories.actor_for(responder), timezone.now()

    incidents.edit(incident=incident, actor=actor, now=now, title="A better title")
    incidents.edit(incident=incident, actor=actor, now=now, title="The best title")
    assert Operation.objects.filter(action="ticket.update", status=Operation.Status.PENDING).count() == 1
    run()

    assert BuiltinTicket.objects.get().title == "The best title"
    assert Resource.objects.get(kind="ticket").state["title"] == "The best title"


def test_the_ticket_follows_status_and_lead(project, responder):
    incident = factories.declare(project, by=responder)
    run()
    other = factories.make_individual(project, name="Grace Hopper")
    actor, now = factories.actor_for(responder), timezone.now()

    people.assign_role(subject=incident, individual=other, role="incident_commander", actor=actor, now=now)
    incidents.change_status(incident=incident, to="stable", actor=actor, now=now)
    run()

    fields = BuiltinTicket.objects.get().fields
    assert (fields["lead"], fields["status"]) == ("Grace Hopper", "Stable")


def test_what_changed_while_the_ticket_was_made_is_sent_afterwards(project, instance, tracker):
    incident = factories.declare(project, title="Before")
    operation = Operation.objects.get(action="ticket.create")
    outcome = perform(operation)
    incidents.edit(incident=incident, actor=factories.system(), now=timezone.now(), title="Meanwhile")
    # Its update ran before the ticket was stored and found none.
    update = Operation.objects.get(action="ticket.update", coalesce_key=f"ticket.update:{incident.uuid}")
    assert performers.update_ticket(update).result == {"left": "there is no ticket yet; it will be made up to date"}
    Operation.objects.filter(pk=update.pk).update(status=Operation.Status.SUCCEEDED)

    outcome.store(operation)
    Operation.objects.filter(pk=operation.pk).update(status=Operation.Status.SUCCEEDED)
    run()

    assert [subject.title for _, subject in Tracker.updated] == ["Meanwhile"]


def test_an_update_that_would_send_the_same_is_left_out(project, instance, tracker, responder):
    incident = factories.declare(project, by=responder)
    run()

    flows.plan_ticket_update(incident, fact="again")
    run()

    assert Tracker.updated == []


def test_a_vendor_that_is_down_is_retried_while_all_else_goes_on(project, instance, tracker):
    Tracker.down = True
    incident = factories.declare(project)

    run()

    shown = {row.kind: row for row in flows.expected_resources(incident)}
    assert shown["ticket"].state == "retrying"
    assert shown["ticket"].detail == "Tracker does not answer."
    assert shown["ticket"].operation_uuid == str(Operation.objects.get(action="ticket.create").uuid)
    assert shown["incident_document"].state == "ready"
    assert Operation.objects.filter(action="email.send", status=Operation.Status.SUCCEEDED).count() == 1


def test_a_late_ticket_comes_into_the_document(project, instance, tracker):
    Tracker.down = True
    incident = factories.declare(project)
    run()
    assert "TRK-1" not in body(incident)

    Tracker.down = False
    Operation.objects.filter(action="ticket.create").update(
        status=Operation.Status.PENDING, next_attempt_at=timezone.now()
    )
    run()

    assert "| Ticket | TRK-1 |" in body(incident)


def test_a_past_incident_gets_a_ticket_and_nothing_else(project):
    incidents.record_past(
        actor=factories.system(), now=timezone.now(), title="Long ago", project=project, commander="a@example.com"
    )

    run()

    assert BuiltinTicket.objects.count() == 1
    assert not Document.objects.exists()
    assert not Operation.objects.filter(action="email.send").exists()


@pytest.mark.parametrize("path", [["stable"], ["closed"], ["stable", "closed", "active", "stable", "closed"]])
def test_a_review_is_made_once_however_the_incident_comes_to_it(project, responder, path):
    incident = factories.declare(project, by=responder)
    run()

    for status in path:
        incidents.change_status(incident=incident, to=status, actor=factories.actor_for(responder), now=timezone.now())
        run()

    assert Document.objects.filter(incident=incident, kind="review_document").count() == 1
    assert f"Review of {incident.name}" in body(incident, "review_document")


def test_types_without_review_get_none(project, responder):
    incident = factories.declare(project, by=responder)
    incident.type.exclude_from_review = True
    incident.type.save()

    incidents.change_status(incident=incident, to="closed", actor=factories.actor_for(responder), now=timezone.now())
    run()

    assert not Document.objects.filter(kind="review_document").exists()


def test_a_reopened_past_incident_gets_its_document(project):
    incident = incidents.record_past(actor=factories.system(), now=timezone.now(), title="Long ago", project=project)

    incidents.change_status(incident=incident, to="active", actor=factories.system(), now=timezone.now())
    run()

    assert Document.objects.filter(incident=incident, kind="incident_document").count() == 1


def test_the_document_is_brought_up_to_date_when_the_incident_is_stable(project, responder):
    incident = factories.declare(project, by=responder)
    run()
    actor, now = factories.actor_for(responder), timezone.now()
    timelines.add_entry(subject=incident, description="Cut the *cable*", actor=actor, now=now, kind="decision")

    incidents.change_status(incident=incident, to="stable", actor=actor, now=now)
    run()

    assert "| Status | Stable |" in body(incident)
    assert "Cut the \\*cable\\*" in body(incident)
    assert DocumentVersion.objects.filter(document__kind="incident_document").count() == 2


def test_a_document_somebody_wrote_in_is_left_alone(project, responder):
    incident = factories.declare(project, by=responder)
    run()
    actor, now = factories.actor_for(responder), timezone.now()
    document = knowledge.document_of(incident, "incident_document")
    knowledge.write_document(document=document, body="Mine.", actor=actor, now=now)

    incidents.change_status(incident=incident, to="stable", actor=actor, now=now)
    run()

    assert body(incident) == "Mine."


def test_the_types_template_is_taken_before_the_projects(project, responder):
    incident = factories.declare(project, by=responder)
    own = Template.objects.create(project=project, kind="incident_document", name="Own", body="Own {{ incident.name }}")
    incident.type.incident_template = own
    incident.type.save()

    run()

    assert body(incident) == f"Own {incident.name}"


def test_a_template_that_fails_is_told_in_words(project, responder):
    Template.objects.filter(project=project).update(body="{% if incident.name > 3 %}{% endif %}")
    incident = factories.declare(project, by=responder)

    run()

    shown = {row.kind: row for row in flows.expected_resources(incident)}["incident_document"]
    assert shown.state == "failed"
    assert shown.detail.startswith("The template fails:")


def test_hostile_text_stays_text_in_ticket_and_document(project, responder):
    title = "<script>alert(1)</script> [x](javascript:alert(1)) {{ people }}"
    incident = factories.declare(project, by=responder, title=title, description="# no heading\n\n---\n| a |\n| --- |")

    run()

    assert BuiltinTicket.objects.get().title == title
    written = body(incident)
    assert "\n\\# no heading\n" in written
    assert "{{ people }}" in written
    assert "[x]" not in written


def test_an_erased_event_is_erased_from_the_documents_too(project, responder, admin):
    incident = factories.declare(project, by=responder)
    actor, now = factories.actor_for(responder), timezone.now()
    event = timelines.add_entry(subject=incident, description="Her number is 555-0199", actor=actor, now=now)
    run()
    incidents.change_status(incident=incident, to="stable", actor=actor, now=now)
    run()
    assert any("555-0199" in version.body for version in DocumentVersion.objects.all())

    timelines.erase(event=event, actor=factories.actor_for(admin), now=now, reason="personal")

    assert not any("555-0199" in version.body for version in DocumentVersion.objects.all())
    assert any("(erased)" in version.body for version in DocumentVersion.objects.all())


def test_a_ticket_is_seen_by_whoever_sees_the_incident(project, responder):
    incident = factories.declare(project, by=responder, visibility="restricted")
    run()
    outsider = factories.make_member(project, "manager")

    assert not BuiltinTicket.objects.visible_to(outsider).exists()
    assert not Document.objects.visible_to(outsider).exists()
    assert not Resource.objects.visible_to(outsider).exists()
    assert BuiltinTicket.objects.visible_to(responder).get().incident == incident


def test_a_document_is_written_only_by_those_who_edit_the_incident(project):
    incident = factories.declare(project)
    run()
    member = factories.make_member(project, "member")
    document = knowledge.document_of(incident, "incident_document")

    with pytest.raises(Forbidden):
        knowledge.write_document(document=document, body="x", actor=factories.actor_for(member), now=timezone.now())

    assert document.versions.count() == 1


def test_a_directory_fills_what_nobody_typed(project):
    person = factories.make_individual(project, email="grace.brewster+x1@example.com", name="G. Hopper")
    run()
    person.refresh_from_db()
    assert person.name == "G. Hopper"

    guessed = factories.make_individual(project, email="ada.lovelace2+alerts@example.com")
    run()

    guessed.refresh_from_db()
    assert guessed.name == "Ada Lovelace"


def test_a_snapshot_holds_plain_values_and_takes_a_fixed_number_of_queries(
    project, responder, django_assert_num_queries
):
    incident = factories.declare(project, by=responder)
    actor, now = factories.actor_for(responder), timezone.now()
    for _ in range(5):
        people.add_participant(subject=incident, individual=factories.make_individual(project), actor=actor, now=now)

    with django_assert_num_queries(4):
        picture = snapshot(incident)

    assert len(picture.people) == 7
    assert picture.reporter.email == responder.email
    assert picture.lead.roles == ("Incident Commander",)


def test_resources_are_shown_with_two_queries(project, responder, django_assert_num_queries):
    incident = factories.declare(project, by=responder)

    with django_assert_num_queries(2):
        rows = flows.expected_resources(incident)

    assert [(row.kind, row.state) for row in rows] == [("ticket", "pending"), ("incident_document", "pending")]
