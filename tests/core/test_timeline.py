"""The timeline: appended, chained, corrected, never changed."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from core.errors import Forbidden, Invalid
from core.timeline import Event, EventSupersession, chain, flows
from people.flows import assign_role
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make.make_project()


@pytest.fixture
def responder(project):
    return make.make_member(project, "responder")


@pytest.fixture
def incident(project, responder):
    return make.declare(project, by=responder)


def entry(incident, user, text="Bucket policy withdrawn", **more):
    return flows.add_entry(subject=incident, description=text, actor=make.actor_for(user), now=timezone.now(), **more)


def whole(incident):
    incident.refresh_from_db()
    return chain.verify(incident)


def test_an_entry_takes_the_next_number_and_the_chain_stays_whole(incident, responder):
    before = incident.event_count

    event = entry(incident, responder)

    assert event.seq == before + 1
    assert event.owner == responder.name
    assert whole(incident) is None


def test_the_hash_is_what_the_design_says(incident):
    first = Event.objects.of(incident).get(seq=1)

    assert first.content_digest == chain._sha256(
        first.salt + chain.canonical([first.source, first.description, first.details, first.owner])
    )
    assert len(first.hash) == 64
    assert Event.objects.of(incident).get(seq=incident.event_count).hash == incident.event_head


@pytest.mark.parametrize(
    ("column", "value"),
    [("description", "nothing happened"), ("details", '{"a": 1}'), ("owner", "somebody else"), ("kind", "other"),
     ("happened_at", "2001-01-01 00:00:00+00:00"), ("source", "Slack")],
)  # fmt: skip
def test_verify_names_the_row_that_was_changed_by_sql(incident, responder, column, value):
    event = entry(incident, responder)
    entry(incident, responder, "Later")
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE core_event SET {column} = %s WHERE id = %s", [value, event.pk])  # noqa: S608

    found = whole(incident)

    assert found.seq == event.seq
    assert found.event_id == str(event.uuid)


def test_verify_notices_a_cut_off_end(incident, responder):
    last = entry(incident, responder)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_event WHERE id = %s", [last.pk])

    assert whole(incident).seq == last.seq


def test_verify_notices_a_row_taken_out_of_the_middle(incident, responder):
    middle = entry(incident, responder)
    entry(incident, responder)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_event WHERE id = %s", [middle.pk])

    assert whole(incident).seq == middle.seq


def test_the_command_names_the_broken_timeline_and_fails(incident, responder, capsys):
    event = entry(incident, responder)
    other = make.declare(incident.project)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_event SET description = 'x' WHERE id = %s", [event.pk])

    with pytest.raises(CommandError, match="1 of 2"):
        call_command("verify_timeline")

    assert f"{incident.name}: event {event.seq} {event.uuid}" in capsys.readouterr().err
    call_command("verify_timeline", other.name)


def test_a_correction_keeps_the_old_entry_and_its_place_in_time(incident, responder):
    earlier = timezone.now() - timedelta(hours=1)
    wrong = entry(incident, responder, "12 accounts", happened_at=earlier, pinned=True)

    right = flows.supersede(
        event=wrong,
        description="41 accounts",
        reason="counted again",
        actor=make.actor_for(responder),
        now=timezone.now(),
    )

    wrong.refresh_from_db()
    assert wrong.description == "12 accounts"
    assert wrong.superseded.by == right
    assert right.happened_at == earlier
    assert right.pin.pinned_by == responder
    assert whole(incident) is None


def test_an_entry_is_corrected_once(incident, responder):
    wrong = entry(incident, responder)
    more = {"actor": make.actor_for(responder), "now": timezone.now(), "reason": "typo"}
    flows.supersede(event=wrong, description="once", **more)

    with pytest.raises(flows.CannotCorrect):
        flows.supersede(event=wrong, description="twice", **more)

    assert not Event.objects.filter(description="twice").exists()


def test_what_dispatch_wrote_cannot_be_corrected(incident, responder):
    first = Event.objects.of(incident).get(seq=1)

    with pytest.raises(flows.CannotCorrect):
        flows.supersede(event=first, description="no", reason="no", actor=make.actor_for(responder), now=timezone.now())


def test_pinning_twice_is_pinning_once_and_unpinning_takes_it_away(incident, responder):
    event = entry(incident, responder)
    who = {"actor": make.actor_for(responder), "now": timezone.now()}

    assert flows.pin(event=event, **who) == flows.pin(event=event, **who)
    flows.unpin(event=event, **who)

    event = Event.objects.get(pk=event.pk)
    assert not hasattr(event, "pin")


def test_erasing_deletes_text_and_salt_and_leaves_the_chain_whole(incident, project):
    admin = make.make_member(project, "admin")
    event = entry(incident, admin, "Jane Roe, born 1 May 1980")

    flows.erase(event=event, actor=make.actor_for(admin), now=timezone.now(), reason="request of the person")

    event.refresh_from_db()
    assert (event.description, event.salt, event.owner) == ("", "", "")
    assert whole(incident) is None
    with pytest.raises(flows.CannotErase):
        flows.erase(event=event, actor=make.actor_for(admin), now=timezone.now(), reason="again")


def test_erasing_a_correction_erases_why_it_was_made(incident, project):
    admin = make.make_member(project, "admin")
    who = {"actor": make.actor_for(admin), "now": timezone.now()}
    newer = flows.supersede(event=entry(incident, admin), description="Jane Roe", reason="Jane's name", **who)

    flows.erase(event=newer, reason="request of the person", **who)

    assert EventSupersession.objects.get().reason == ""


def test_an_event_is_erased_once_though_two_read_it_before(incident, project):
    admin = make.make_member(project, "admin")
    text = entry(incident, admin, "Ada's phone is 0151")
    again = Event.objects.get(pk=text.pk)
    flows.erase(event=text, actor=make.actor_for(admin), now=timezone.now(), reason="personal")
    incident.refresh_from_db()
    count = incident.event_count

    with pytest.raises(flows.CannotErase):
        flows.erase(event=again, actor=make.actor_for(admin), now=timezone.now(), reason="personal")

    incident.refresh_from_db()
    assert incident.event_count == count


def test_an_erased_entry_is_not_corrected(incident, project):
    admin = make.make_member(project, "admin")
    text = entry(incident, admin, "Ada's phone is 0151")
    stale = Event.objects.get(pk=text.pk)
    flows.erase(event=text, actor=make.actor_for(admin), now=timezone.now(), reason="personal")

    with pytest.raises(flows.CannotCorrect, match="was erased"):
        flows.supersede(
            event=stale, description="It was 0152", reason="typo", actor=make.actor_for(admin), now=timezone.now()
        )

    assert not Event.objects.filter(description="It was 0152").exists()


@pytest.mark.parametrize("text", ["", "  \n", "a\x00b", "half \ud800 character", "x" * 20_001])
def test_an_entry_nobody_could_keep_is_refused(incident, responder, text):
    before = incident.event_count

    with pytest.raises(Invalid) as refusal:
        entry(incident, responder, text)

    incident.refresh_from_db()
    assert refusal.value.field == "description"
    assert incident.event_count == before


def test_an_entry_from_the_future_is_refused(incident, responder):
    with pytest.raises(Invalid) as refusal:
        entry(incident, responder, happened_at=timezone.now() + timedelta(minutes=1))

    assert refusal.value.field == "happened_at"


def test_a_member_who_takes_no_part_may_not_write(incident, project):
    member = make.make_member(project, "member")

    with pytest.raises(Forbidden):
        entry(incident, member)


def test_text_is_kept_to_the_letter(incident, responder):
    text = "  line one\r\n\tline two \U0001f525 \u202e Ünïcode  "

    event = entry(incident, responder, text)

    event.refresh_from_db()
    assert event.description == text


def test_whatever_is_on_the_timeline_moves_the_incidents_update_time():
    incident = make.declare(make.make_project())
    before = incident.updated_at

    assign_role(
        subject=incident, individual=make.make_individual(incident.project), role="scribe", actor=make.system(),
        now=timezone.now(),
    )  # fmt: skip

    incident.refresh_from_db()
    assert incident.updated_at > before


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("1e16", 10**16),
        ("-0.0", 0),
        ("2.0", 2),
        ("0.1", 0.1),
        ("1e-7", 1e-7),
        ("-1.5e300", int(-1.5e300)),
        ("9" * 300, int("9" * 300)),
    ],
)
def test_numbers_are_kept_so_that_the_chain_stays_whole(incident, responder, written, kept):
    written = json.loads(f'{{"x": {written}, "in": [{{"a list": {written}}}]}}')

    event = entry(incident, responder, details=written)

    event.refresh_from_db()
    assert event.details == {"x": kept, "in": [{"a list": kept}]}
    assert whole(incident) is None


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "9" * 400, f"[{'9' * 400}]"])
def test_a_number_that_no_database_keeps_is_refused(incident, responder, number):
    count = incident.event_count

    with pytest.raises(Invalid) as refused:
        entry(incident, responder, details=json.loads(f'{{"x": {number}}}'))

    assert refused.value.field == "details"
    incident.refresh_from_db()
    assert (incident.event_count, whole(incident)) == (count, None)
