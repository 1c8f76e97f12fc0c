"""Tasks: who may write and work them, what follows, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from core import search
from core.access import Right, may
from core.errors import Forbidden, Invalid, Stale
from core.flows.subjects import delete
from core.operations.models import Operation
from core.timeline import Event
from core.timeline.chain import verify
from incidents import flows as incidents
from people import flows as people
from people.flows import tasks
from people.models import Participant, Role, Task
from tests.factories import actor_for, declare, individual_of, make_individual, make_member, make_project, system

pytestmark = pytest.mark.django_db

# A Thursday, in the morning in Berlin.
THURSDAY = datetime(2026, 12, 31, 10, tzinfo=UTC)


@pytest.fixture
def project():
    return make_project(name="Security", time_zone="Europe/Berlin", holiday_country="DE")


@pytest.fixture
def responder(project):
    return make_member(project, "responder", name="Rosa")


@pytest.fixture
def incident(project):
    return declare(project, title="Laptop stolen")


def add(incident, by=None, now=THURSDAY, title="Change the keys", **fields) -> Task:
    actor = actor_for(by) if by else system()
    return tasks.create_task(subject=incident, title=title, actor=actor, now=now, **fields)


def acting(user):
    return {"actor": actor_for(user), "now": timezone.now()}


def takes_part(incident, person, role=None):
    held = Role.objects.filter(participant__individual=person, incident=incident, renounced_at=None)
    part = Participant.objects.filter(incident=incident, individual=person, left_at=None).exists()
    return part and (role is None or held.filter(role=role).exists())


def member_in(project, incident):
    """A member who takes part as observer: writes, but does not edit."""
    user = make_member(project, "member")
    people.add_participant(
        subject=incident, individual=individual_of(user, project), actor=system(), now=timezone.now()
    )
    return user


def mails(template="task_assigned"):
    return [op.arguments["individual"] for op in Operation.objects.filter(action="email.send").order_by("pk")
            if op.arguments["template"] == template]  # fmt: skip


class TestCreating:
    def test_whoever_writes_it_owns_it_and_takes_part(self, incident, responder, project):
        task = add(incident, responder)

        person = individual_of(responder, project)
        assert task.owner == person
        assert takes_part(incident, person, "participant")
        assert "added the task “Change the keys”" in Event.objects.of(incident).order_by("seq").last().description
        assert mails() == []

    def test_dispatch_itself_gives_it_to_whoever_leads(self, incident):
        task = add(incident)

        assert task.owner.email == "commander@example.com"
        assert takes_part(incident, task.owner, "incident_commander")
        assert not takes_part(incident, task.owner, "participant")

    def test_owner_and_assignees_join_and_each_gets_one_mail(self, incident, responder, project):
        ada, bob = make_individual(project), make_individual(project)

        task = add(incident, responder, owner=ada, assignees=[ada, bob, bob])

        assert sorted(mails()) == sorted([ada.pk, bob.pk])
        assert takes_part(incident, ada, "participant")
        assert takes_part(incident, bob, "participant")
        assert {row.individual for row in task.assignees.all()} == {ada, bob}

    @pytest.mark.parametrize(
        ("source", "due"),
        [
            # Friday is New Year's Day; work ends at 17:00 in Berlin, an hour behind in UTC.
            ("incident", datetime(2027, 1, 4, 16, tzinfo=UTC)),
            # The tenth working day after 31 December: 4 to 8 and 11 to 15 January.
            ("review", datetime(2027, 1, 15, 16, tzinfo=UTC)),
            ("follow_up", datetime(2027, 1, 15, 16, tzinfo=UTC)),
        ],
    )
    def test_the_due_time_comes_from_the_projects_calendar(self, incident, source, due):
        assert add(incident, source=source).due_at == due

    def test_bavarias_epiphany_moves_it_by_a_day(self, project, incident):
        project.holiday_region = "BY"
        project.save()

        # Tuesday 5 January 2027; the sixth is a holiday in Bavaria.
        assert add(incident, now=datetime(2027, 1, 5, 10, tzinfo=UTC)).due_at == datetime(2027, 1, 7, 16, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"title": "  "}, "title"),
            ({"title": "x" * 301}, "title"),
            ({"title": "nul \x00"}, "title"),
            ({"due_at": THURSDAY}, "due_at"),
            ({"due_at": datetime(2027, 1, 4, 16)}, "due_at"),  # noqa: DTZ001
            ({"priority": "urgent"}, "priority"),
            ({"source": "elsewhere"}, "source"),
            ({"description": "x" * 20_001}, "description"),
        ],
    )
    def test_wrong_input_is_refused_at_its_field_and_leaves_nothing(self, incident, fields, field):
        before = Event.objects.of(incident).count()

        with pytest.raises(Invalid) as refusal:
            add(incident, **fields)

        assert refusal.value.field == field
        assert not Task.objects.exists()
        assert Event.objects.of(incident).count() == before

    def test_people_of_other_organizations_and_those_who_went_are_refused(self, incident, project):
        gone = make_individual(project)
        gone.is_active = False
        gone.save()

        for person in (make_individual(make_project()), gone):
            with pytest.raises(Invalid) as refusal:
                add(incident, owner=person)
            assert refusal.value.field == "owner"
            with pytest.raises(Invalid) as refusal:
                add(incident, assignees=[person])
            assert refusal.value.field == "assignees"
        assert not Task.objects.exists()

    def test_a_closed_one_takes_follow_ups_only(self, incident, responder):
        incidents.change_status(incident=incident, to="closed", actor=system(), now=timezone.now())
        incident.refresh_from_db()

        with pytest.raises(tasks.SubjectClosed):
            add(incident, responder, source="incident")

        assert add(incident, responder).source == "follow_up"
        assert add(incident, responder, source="review").is_open

    def test_it_is_found_by_its_words_where_its_incident_is_seen(self, incident, responder, project):
        task = add(incident, responder, title="Rotate the zeppelin keys")

        found = search.search(responder, "zeppelin")

        assert [(hit.kind, hit.object_id) for hit in found] == [("task", task.pk)]
        incidents.edit(incident=incident, visibility="restricted", actor=system(), now=timezone.now())
        assert search.search(make_member(project, "responder"), "zeppelin") == []


class TestRights:
    def test_a_member_who_takes_no_part_writes_none(self, incident, project):
        with pytest.raises(Forbidden):
            add(incident, make_member(project, "member"))

        assert not Task.objects.exists()

    def test_a_member_who_takes_part_writes_and_finishes_their_own(self, incident, project):
        user = member_in(project, incident)
        task = add(incident, user)

        assert not tasks.resolve_task(task=task, **acting(user)).is_open

    def test_but_not_those_of_others(self, incident, project, responder):
        user, task = member_in(project, incident), add(incident, responder)

        for verb in (tasks.resolve_task, tasks.reopen_task):
            with pytest.raises(Forbidden):
                verb(task=task, **acting(user))
        with pytest.raises(Forbidden):
            tasks.edit_task(task=task, title="Mine", **acting(user))

        task.refresh_from_db()
        assert (task.title, task.status) == ("Change the keys", "open")

    def test_an_assignee_works_it(self, incident, project, responder):
        user = member_in(project, incident)
        task = add(incident, responder, assignees=[individual_of(user, project)])

        assert tasks.edit_task(task=task, priority="high", **acting(user)).priority == "high"

    def test_who_may_not_edit_brings_nobody_in_by_a_task(self, project):
        secret = declare(project, visibility="restricted")
        user, outsider = member_in(project, secret), make_member(project, "member")
        person = individual_of(outsider, project)

        with pytest.raises(Forbidden) as refusal:
            add(secret, user, assignees=[person])

        assert refusal.value.field == "assignees"
        assert not may(outsider, Right.SEE, secret)
        assert not Task.objects.exists()

    def test_who_edits_does(self, project):
        secret = declare(project, visibility="restricted")
        outsider = make_member(project, "member")

        add(secret, make_member(project, "admin"), assignees=[individual_of(outsider, project)])

        assert may(outsider, Right.SEE, secret)


class TestEditing:
    def test_the_timeline_keeps_old_and_new(self, incident, responder, project):
        ada = make_individual(project, name="Ada")
        task = add(incident, responder)

        tasks.edit_task(task=task, title="Burn the keys", owner=ada, version=1, **acting(responder))

        event = Event.objects.of(incident).order_by("seq").last()
        assert "task, owner" in event.description
        assert event.details["changes"] == {
            "title": ["Change the keys", "Burn the keys"], "owner": [str(individual_of(responder, project)), "Ada"]
        }  # fmt: skip
        incident.refresh_from_db()
        assert verify(incident) is None
        assert mails() == [ada.pk]

    def test_the_same_again_changes_nothing(self, incident, responder):
        task = add(incident, responder)
        before = Event.objects.of(incident).count()

        same = tasks.edit_task(task=task, title=task.title, due_at=task.due_at, assignees=[], **acting(responder))

        assert same.version == 1
        assert Event.objects.of(incident).count() == before

    def test_an_older_version_is_refused(self, incident, responder):
        task = add(incident, responder)
        tasks.edit_task(task=task, title="First", **acting(responder))

        with pytest.raises(Stale):
            tasks.edit_task(task=task, title="Second", version=1, **acting(responder))

        task.refresh_from_db()
        assert task.title == "First"

    def test_assignees_are_all_who_are_named(self, incident, responder, project):
        ada, bob = make_individual(project), make_individual(project)
        task = add(incident, responder, assignees=[ada])

        tasks.edit_task(task=task, assignees=[bob], **acting(responder))

        assert [row.individual for row in task.assignees.all()] == [bob]
        assert mails() == [ada.pk, bob.pk]

    def test_an_unknown_field_is_refused(self, incident, responder):
        with pytest.raises(Invalid) as refusal:
            tasks.edit_task(task=add(incident, responder), status="resolved", **acting(responder))

        assert refusal.value.field == "status"


class TestFinishing:
    def test_finished_twice_is_finished_once(self, incident, responder):
        task = add(incident, responder)
        tasks.resolve_task(task=task, actor=actor_for(responder), now=THURSDAY)
        before = Event.objects.of(incident).count()

        again = tasks.resolve_task(task=task, actor=actor_for(responder), now=THURSDAY + timedelta(hours=1))

        assert (again.resolved_at, again.resolved_by, again.version) == (THURSDAY, responder, 2)
        assert Event.objects.of(incident).count() == before

    def test_reopened_it_begins_anew_and_the_history_stays(self, incident, responder):
        task = add(incident, responder)
        tasks.resolve_task(task=task, **acting(responder))
        Task.objects.update(reminder_count=3, escalated_at=THURSDAY, reminded_on=THURSDAY.date())

        again = tasks.reopen_task(task=task, **acting(responder))

        again.refresh_from_db()
        assert (again.status, again.resolved_at, again.resolved_by) == ("open", None, None)
        assert (again.reminder_count, again.escalated_at, again.reminded_on) == (0, None, None)
        said = [event.description for event in Event.objects.of(incident).order_by("seq")]
        assert [line for line in said if "finished the task" in line]
        assert [line for line in said if "reopened the task" in line]

    def test_work_of_a_response_that_is_over_is_not_reopened(self, incident, responder):
        task = tasks.resolve_task(task=add(incident, responder), **acting(responder))
        incidents.change_status(incident=incident, to="closed", actor=system(), now=timezone.now())

        with pytest.raises(tasks.SubjectClosed):
            tasks.reopen_task(task=task, **acting(responder))

        task.refresh_from_db()
        assert not task.is_open

    def test_a_task_counts_as_something_done_for_the_cost(self, incident, responder, project):
        task = add(incident, responder)
        before = Role.objects.get(participant__individual=individual_of(responder, project)).activity

        tasks.resolve_task(task=task, **acting(responder))

        assert Role.objects.get(participant__individual=individual_of(responder, project)).activity == before + 1


class TestPeople:
    def test_assigned_twice_is_assigned_once(self, incident, responder, project):
        task, ada = add(incident, responder), make_individual(project)

        for _ in range(2):
            tasks.assign(task=task, individual=ada, **acting(responder))

        assert task.assignees.count() == 1
        assert mails() == [ada.pk]

    def test_taken_off_and_assigned_again_is_told_again(self, incident, responder, project):
        task, ada = add(incident, responder), make_individual(project)
        tasks.assign(task=task, individual=ada, **acting(responder))
        tasks.unassign(task=task, individual=ada, **acting(responder))
        tasks.unassign(task=task, individual=ada, **acting(responder))

        tasks.assign(task=task, individual=ada, **acting(responder))

        assert mails() == [ada.pk, ada.pk]

    def test_nobody_with_open_tasks_leaves(self, incident, project):
        user = member_in(project, incident)
        task = add(incident, user, title="Call the bank")

        with pytest.raises(people.CannotRemove, match="Call the bank"):
            people.leave(subject=incident, **acting(user))
        with pytest.raises(people.CannotRemove, match="Call the bank"):
            people.remove_participant(
                subject=incident, individual=individual_of(user, project), actor=system(), now=timezone.now()
            )
        assert takes_part(incident, individual_of(user, project))

        tasks.resolve_task(task=task, **acting(user))
        people.leave(subject=incident, **acting(user))
        assert not takes_part(incident, individual_of(user, project))

    def test_handed_over_the_giver_has_none_and_may_leave(self, incident, responder, project):
        user = member_in(project, incident)
        giver, ada = individual_of(user, project), make_individual(project)
        owned = add(incident, responder, owner=giver, assignees=[giver, ada])
        does = add(incident, responder, assignees=[giver])
        others = add(incident, responder)

        given = tasks.hand_over_tasks(tasks=[owned, does, others], to=ada, giver=giver, **acting(responder))

        assert [task.pk for task in given] == [owned.pk, does.pk]
        assert list(tasks.open_tasks_of(giver)) == []
        assert [task.pk for task in tasks.open_tasks_of(ada)] == [owned.pk, does.pk]
        does.refresh_from_db()
        assert does.owner == individual_of(responder, project)
        people.leave(subject=incident, **acting(user))

    def test_the_summary_for_a_hand_over_is_in_the_order_of_due(self, incident, responder):
        late = add(incident, responder, source="review")
        soon = add(incident, responder)
        tasks.resolve_task(task=add(incident, responder), **acting(responder))

        assert tasks.open_tasks_summary(incident) == [soon, late]

    def test_tasks_of_deleted_incidents_are_nobodys_open_work(self, incident, responder, project):
        add(incident, responder)

        delete(subject=incident, actor=system(), now=timezone.now())

        assert not tasks.open_tasks_of(individual_of(responder, project)).exists()
