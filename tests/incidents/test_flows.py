"""Declaring, moving, editing, linking, deleting: each rule once, at its flow."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from core.errors import Forbidden, Invalid, Stale
from core.flows import configuration, organizations, subjects
from core.models import Sequence, StatusChange, SubjectLink, SubjectName
from core.timeline import Event, chain
from incidents import flows
from incidents.models import Incident, Priority, Severity, Type
from knowledge.models import Tag, TagType
from people.models import Participant, Role
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


def by(user):
    return {"actor": make.actor_for(user), "now": timezone.now()}


def holders(incident, role):
    rows = Role.objects.of(incident).filter(role=role, renounced_at=None)
    return [row.participant.individual.email for row in rows]


def test_declaring_names_the_incident_and_staffs_it(project, responder):
    incident = flows.declare(project=project, title="Ransom note", **by(responder))

    assert incident.name == "INC-1"
    assert (incident.status, incident.visibility) == ("active", "open")
    assert (incident.type.name, incident.severity.name, incident.priority.name) == ("Default", "Undetermined", "Low")
    assert holders(incident, "reporter") == [responder.email]
    assert holders(incident, "incident_commander") == [responder.email]
    first = Event.objects.of(incident).get(seq=1)
    assert first.description == "Incident created"
    assert first.pin.pinned_by == responder
    assert chain.verify(incident) is None


def test_a_named_commander_and_reporter_are_made_from_their_addresses(project, responder):
    incident = flows.declare(
        project=project, title="X", commander=" Ada.Lovelace@Example.com ", reporter="bob@example.com", **by(responder)
    )

    assert holders(incident, "incident_commander") == ["ada.lovelace@example.com"]
    assert (
        Participant.objects.of(incident).get(individual__email="ada.lovelace@example.com").individual.name
        == "Ada Lovelace"
    )
    assert holders(incident, "reporter") == ["bob@example.com"]


def test_a_member_reports_and_an_outsider_does_not(project):
    member = make.make_member(project, "member")
    flows.declare(project=project, title="Seen", **by(member))

    with pytest.raises(Forbidden):
        flows.declare(project=project, title="Unseen", **by(make.make_user()))

    assert [row.title for row in Incident.objects.all()] == ["Seen"]
    assert Sequence.objects.get(project=project, kind="incident").last_number == 1


def test_a_report_without_a_project_goes_to_the_default_one(project, responder):
    assert flows.declare(title="X", **by(responder)).project == project


@pytest.mark.parametrize("value", ["", "   ", "x" * 501, "nul \x00", None, 7])
def test_a_title_that_says_nothing_or_cannot_be_kept_is_refused(project, responder, value):
    with pytest.raises(Invalid) as refusal:
        flows.declare(project=project, title=value, **by(responder))

    assert refusal.value.field == "title"
    assert not Incident.objects.exists()
    assert not SubjectName.objects.exists()


def test_texts_are_kept_to_the_letter(project, responder):
    text = "\n  begins and ends with blanks \u00fc \U0001f525\r\n" + "x" * 17_355 + " "

    incident = flows.declare(project=project, title=" padded ", description=text, **by(responder))

    incident.refresh_from_db()
    assert incident.title == " padded "
    assert incident.description == text


def test_a_disabled_or_foreign_classification_is_refused(project, responder):
    disabled = Severity.objects.get(project=project, name="High")
    disabled.enabled = False
    configuration.save(disabled, actor=make.system(), now=timezone.now())
    foreign = Type.objects.get(project=make.make_project(), name="Default")

    for field, value in (("severity", disabled), ("type", foreign)):
        with pytest.raises(Invalid) as refusal:
            flows.declare(project=project, title="X", **{field: value}, **by(responder))
        assert refusal.value.field == field
    assert not Incident.objects.exists()


def test_a_disabled_value_stays_on_the_old_incident(project, responder):
    high = Severity.objects.get(project=project, name="High")
    incident = flows.declare(project=project, title="X", severity=high, **by(responder))
    high.enabled = False
    configuration.save(high, actor=make.system(), now=timezone.now())

    edited = flows.edit(incident=incident, title="Y", severity=high, **by(responder))

    assert (edited.title, edited.severity) == ("Y", high)


def test_visibility_begins_as_the_type_says(project, responder):
    secret = configuration.save(
        Type(project=project, name="Insider", visibility="restricted"), actor=make.system(), now=timezone.now()
    )

    assert flows.declare(project=project, title="X", type=secret, **by(responder)).visibility == "restricted"


def test_one_tag_at_most_of_an_exclusive_type(project, responder):
    kind = TagType.objects.create(project=project, name="Actor", exclusive=True)
    tags = [Tag.objects.create(project=project, tag_type=kind, name=name) for name in ("insider", "outsider")]

    with pytest.raises(Invalid) as refusal:
        flows.declare(project=project, title="X", tags=tags, **by(responder))

    assert refusal.value.field == "tags"
    assert not Incident.objects.exists()


def test_declared_as_stable_it_is_made_stable_at_once(project):
    member = make.make_member(project, "member")

    incident = flows.declare(project=project, title="X", status="stable", **by(member))

    assert incident.status == "stable"
    assert incident.stable_at is not None
    assert [row.to_status for row in StatusChange.objects.filter(incident=incident).order_by("pk")] == [
        "active",
        "stable",
    ]


def test_declared_as_closed_it_is_a_past_incident(project, responder):
    then = timezone.now() - timedelta(days=400)

    incident = flows.declare(project=project, title="X", status="closed", reported_at=then, **by(responder))

    assert incident.status == "closed"
    assert incident.reported_at == incident.stable_at == incident.closed_at == then
    assert holders(incident, "incident_commander") == []
    assert StatusChange.objects.get(incident=incident).from_status == ""


MOVES = [(a, b) for a in ("active", "stable", "closed") for b in ("active", "stable", "closed") if a != b]


def moved(incident, to, user):
    return flows.change_status(incident=incident, to=to, **by(user))


@pytest.mark.parametrize(("start", "to"), MOVES)
def test_every_move_sets_status_stamps_history_and_timeline(incident, responder, start, to):
    if start != "active":
        incident = moved(incident, start, responder)

    after = moved(incident, to, responder)

    after.refresh_from_db()
    assert after.status == to
    assert (after.stable_at is not None) == (to != "active")
    assert (after.closed_at is not None) == (to == "closed")
    last = StatusChange.objects.filter(incident=incident).order_by("-pk").first()
    assert (last.from_status, last.to_status, last.user) == (start, to, responder)
    event = Event.objects.of(incident).filter(details__field="status").order_by("-seq").first()
    assert (event.kind, event.details["old"], event.details["new"]) == ("assessment_updated", start, to)
    assert chain.verify(after) is None


@pytest.mark.parametrize("status", ["active", "stable", "closed"])
def test_a_move_to_the_same_status_does_nothing(incident, responder, status):
    incident = moved(incident, status, responder)
    before = (incident.version, incident.event_count, StatusChange.objects.count())

    again = moved(incident, status, responder)

    again.refresh_from_db()
    assert (again.version, again.event_count, StatusChange.objects.count()) == before


@pytest.mark.parametrize("to", ["new", "", "CLOSED", "escalated"])
def test_an_unknown_status_is_refused(incident, responder, to):
    with pytest.raises(Invalid) as refusal:
        moved(incident, to, responder)

    assert refusal.value.field == "status"
    incident.refresh_from_db()
    assert incident.status == "active"


def test_a_move_outside_the_table_is_refused(incident, responder, monkeypatch):
    monkeypatch.setitem(Incident.MOVES, Incident.Status.ACTIVE, frozenset())

    with pytest.raises(subjects.NotAllowed, match="active and cannot become stable"):
        moved(incident, "stable", responder)

    incident.refresh_from_db()
    assert incident.status == "active"


def test_a_member_does_not_move_it_and_the_commander_does(project):
    member = make.make_member(project, "member")
    incident = make.declare(project)
    with pytest.raises(Forbidden):
        moved(incident, "stable", member)

    own = flows.declare(project=project, title="X", **by(member))

    assert moved(own, "stable", member).status == "stable"


def test_closing_goes_through_stable(incident, responder):
    Priority.objects.filter(project=incident.project, name="Medium").update(for_stable=True)

    closed = moved(incident, "closed", responder)

    assert closed.stable_at == closed.closed_at
    assert closed.priority.name == "Medium"


def test_stable_takes_the_projects_priority_for_stable_incidents(incident, responder):
    Priority.objects.filter(project=incident.project, name="High").update(for_stable=True)

    stable = moved(incident, "stable", responder)

    stable.refresh_from_db()
    assert stable.priority.name == "High"
    event = Event.objects.of(stable).get(details__field="priority")
    assert (event.details["old"], event.details["new"]) == ("Low", "High")


def test_stable_keeps_its_time_when_closing_and_loses_it_when_active_again(incident, responder):
    stable_at = moved(incident, "stable", responder).stable_at

    assert moved(incident, "closed", responder).stable_at == stable_at
    assert moved(incident, "active", responder).stable_at is None
    assert StatusChange.objects.filter(incident=incident, to_status="stable").count() == 1


def test_closing_ends_the_roles_and_reopening_gives_all_of_them_back(incident, responder):
    before = {(row.role, row.participant_id) for row in Role.objects.of(incident).filter(renounced_at=None)}

    closed = moved(incident, "closed", responder)
    assert not Role.objects.of(incident).filter(renounced_at=None).exists()
    assert not Participant.objects.of(incident).exclude(left_at=None).exists()

    moved(closed, "active", responder)
    after = {(row.role, row.participant_id) for row in Role.objects.of(incident).filter(renounced_at=None)}
    assert after == before


def test_two_edits_of_one_version_leave_one_winner_and_one_clear_refusal(incident, responder):
    version = incident.version
    flows.edit(incident=incident, version=version, title="First", **by(responder))

    with pytest.raises(Stale, match=incident.name):
        flows.edit(incident=incident, version=version, title="Second", **by(responder))

    incident.refresh_from_db()
    assert (incident.title, incident.version) == ("First", version + 1)


def test_every_changed_field_is_on_the_timeline_with_old_and_new(incident, responder, project):
    kind = TagType.objects.create(project=project, name="Actor")
    tag = Tag.objects.create(project=project, tag_type=kind, name="insider")
    earlier = incident.reported_at - timedelta(hours=1)
    changes = {
        "title": "New title", "description": "New text", "resolution": "Rotated", "summary": "Short",
        "visibility": "restricted", "severity": Severity.objects.get(project=project, name="High"),
        "priority": Priority.objects.get(project=project, name="High"), "tags": [tag], "reported_at": earlier,
    }  # fmt: skip
    before = {"title": incident.title, "severity": "Undetermined", "priority": "Low", "tags": [], "visibility": "open"}

    flows.edit(incident=incident, **changes, **by(make.make_member(project, "admin")))

    events = {row.details["field"]: row for row in Event.objects.of(incident) if "field" in row.details}
    assert set(events) == set(changes)
    for field, old in before.items():
        assert events[field].details["old"] == old
    assert events["severity"].details["new"] == "High"
    assert events["severity"].kind == "assessment_updated"
    assert events["title"].kind == "field_updated"
    assert events["tags"].details["new"] == ["insider"]


@pytest.mark.parametrize("first", ["reported_at", "stable_at"])
def test_both_times_may_move_at_once_and_must_follow_each_other(project, responder, first):
    now = timezone.now()
    incident = make.declare(project, reported_at=now - timedelta(hours=9))
    stable = flows.change_status(incident=incident, to="stable", actor=make.actor_for(responder),
                                 now=now - timedelta(hours=8))  # fmt: skip
    times = {"reported_at": now - timedelta(hours=7), "stable_at": now - timedelta(hours=6)}
    in_order = dict(sorted(times.items(), key=lambda pair: pair[0] != first))

    edited = flows.edit(incident=stable, **in_order, **by(responder))

    assert {name: getattr(edited, name) for name in times} == times
    with pytest.raises(Invalid, match="must follow each other"):
        flows.edit(incident=edited, stable_at=now - timedelta(hours=8), **by(responder))


def test_an_edit_that_changes_nothing_writes_nothing(incident, responder):
    before = (incident.version, incident.event_count)

    flows.edit(incident=incident, title=incident.title, severity=incident.severity, **by(responder))

    incident.refresh_from_db()
    assert (incident.version, incident.event_count) == before


def test_an_edit_leaves_what_was_not_sent(incident, responder, project):
    tag = Tag.objects.create(project=project, tag_type=TagType.objects.create(project=project, name="A"), name="x")
    flows.edit(incident=incident, tags=[tag], **by(responder))

    edited = flows.edit(incident=incident, title="Only this", **by(responder))

    assert list(edited.tags.all()) == [tag]


@pytest.mark.parametrize("field", ["status", "name", "project", "deleted_at", "nonsense"])
def test_other_fields_are_not_edited(incident, responder, field):
    with pytest.raises(Invalid) as refusal:
        flows.edit(incident=incident, **{field: "x"}, **by(responder))

    assert refusal.value.field == field


def test_times_must_follow_each_other(incident, responder):
    closed = moved(incident, "closed", responder)

    with pytest.raises(Invalid) as refusal:
        flows.edit(incident=closed, reported_at=closed.stable_at + timedelta(seconds=1), **by(responder))

    assert refusal.value.field == "reported_at"


def test_deleting_hides_it_from_everybody_keeps_its_name_and_can_be_undone(project, incident):
    admin = make.make_member(project, "admin")
    before = Role.objects.of(incident).filter(renounced_at=None).count()

    flows.delete_subject(subject=incident, **by(admin))
    assert not Incident.objects.visible_to(admin).exists()
    assert make.declare(project).name == "INC-2"

    incident.refresh_from_db()
    flows.restore_subject(subject=incident, **by(admin))
    assert Incident.objects.visible_to(admin).filter(name="INC-1").exists()
    assert Role.objects.of(incident).filter(renounced_at=None).count() == before


def test_a_deleted_incident_is_neither_edited_nor_moved(project, incident):
    admin = make.make_member(project, "admin")
    deleted = flows.delete_subject(subject=incident, **by(admin))

    for attempt in (
        lambda: flows.edit(incident=deleted, title="X", **by(admin)),
        lambda: moved(deleted, "stable", admin),
    ):
        with pytest.raises(Forbidden):
            attempt()


def test_restoring_ends_after_thirty_days(project, incident):
    admin = make.make_member(project, "admin")
    deleted = flows.delete_subject(
        subject=incident, actor=make.actor_for(admin), now=timezone.now() - timedelta(days=31)
    )

    with pytest.raises(subjects.CannotRestore):
        flows.restore_subject(subject=deleted, **by(admin))


def test_a_responder_does_not_delete(incident, responder):
    with pytest.raises(Forbidden):
        flows.delete_subject(subject=incident, **by(responder))

    incident.refresh_from_db()
    assert incident.deleted_at is None


@pytest.mark.parametrize("kind", SubjectLink.Kind.values)
def test_a_link_stands_on_both_timelines_without_titles(project, incident, responder, kind):
    other = make.declare(project, title="Secret plan", visibility="restricted")
    admin = make.make_member(project, "admin")

    link = subjects.link(source=incident, target=other, kind=kind, **by(admin))
    again = subjects.link(source=incident, target=other, kind=kind, **by(admin))

    assert link == again
    for subject in (incident, other):
        event = Event.objects.of(subject).get(details__link=kind)
        assert "Secret plan" not in event.description
        assert other.name in event.description
    subjects.unlink(link=link, **by(admin))
    assert not SubjectLink.objects.exists()


def test_a_subject_is_not_linked_to_itself_nor_across_organizations(incident, responder):
    foreign = make.declare(make.make_project())

    with pytest.raises(subjects.CannotLink):
        subjects.link(source=incident, target=incident, kind="related", **by(responder))
    with pytest.raises(Forbidden):
        subjects.link(source=incident, target=foreign, kind="related", **by(responder))
    with pytest.raises(subjects.CannotLink):
        subjects.link(source=incident, target=foreign, kind="related", actor=make.system(), now=timezone.now())
    assert not SubjectLink.objects.exists()


def test_a_new_prefix_is_for_new_incidents_and_old_names_keep_working(project, incident):
    project.name_prefix = "SOC"
    organizations.save_project(project, actor=make.system(), now=timezone.now())

    assert make.declare(project).name == "SOC-INC-2"
    assert subjects.find_by_name(Incident, "INC-1") == incident


def test_a_second_project_gets_a_prefix_of_its_own(project):
    payments = make.make_project(project.organization, name="Payments 24")

    assert make.declare(payments).name == "PAYMENTS24-INC-1"


def test_commanders_of_long_stable_incidents_are_asked_once_a_week(
    project, responder, django_capture_on_commit_callbacks
):
    from core.models import Operation

    monday_noon = timezone.now().replace(year=2026, month=11, day=23, hour=12)
    incident = make.declare(project, commander="ada@example.com")
    moved(incident, "stable", responder)
    Incident.objects.filter(pk=incident.pk).update(stable_at=monday_noon - timedelta(days=8))

    assert flows.remind_to_close(now=monday_noon.replace(hour=8)) == 0
    assert flows.remind_to_close(now=monday_noon) == 1
    assert flows.remind_to_close(now=monday_noon + timedelta(hours=1)) == 0
    assert flows.remind_to_close(now=monday_noon + timedelta(days=7)) == 1
    assert Operation.objects.filter(arguments__template="close_reminder").count() == 2


def test_with_a_holiday_on_monday_commanders_are_asked_on_tuesday():
    project = make.make_project(time_zone="Europe/Berlin", holiday_country="DE")
    # Easter Monday is 29 March 2027; Berlin is two hours ahead by then.
    easter_monday, tuesday = datetime(2027, 3, 29, 12, tzinfo=UTC), datetime(2027, 3, 30, 7, tzinfo=UTC)
    incident = make.declare(project)
    flows.change_status(incident=incident, to="stable", actor=make.system(), now=tuesday - timedelta(days=10))

    assert flows.remind_to_close(now=easter_monday) == 0
    assert flows.remind_to_close(now=tuesday - timedelta(minutes=1)) == 0
    assert flows.remind_to_close(now=tuesday) == 1
