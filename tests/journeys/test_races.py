"""People doing the same thing at the same moment."""

from functools import partial

import pytest
from django.utils import timezone

from core.errors import Stale
from core.models import Job, JobRow, Sequence, StatusChange
from core.timeline import Event, chain, flows
from incidents import flows as incidents
from incidents.flows import bulk
from incidents.flows.bulk_acts import Wish
from incidents.models import Incident
from people import flows as people
from people.flows.task_bulk import resolve_tasks
from people.models import Participant, Role, Task
from tests import factories as make
from tests.standins.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def incident():
    project = make.make_project()
    return make.declare(project, by=make.make_member(project, "responder"))


def test_two_people_assigning_the_same_role_at_once_leave_one_holder(incident):
    actor = make.system()
    persons = [make.make_individual(incident.project) for _ in range(4)]

    results = at_once([
        partial(
            people.assign_role, subject=incident, individual=person, role="incident_commander", actor=actor,
            now=timezone.now(),
        )
        for person in persons
    ])  # fmt: skip

    assert all(isinstance(result, Role) for result in results)
    holders = Role.objects.of(incident).filter(role="incident_commander", renounced_at=None)
    assert holders.count() == 1
    assert Participant.objects.of(incident).filter(individual__in=persons).count() == 4
    incident.refresh_from_db()
    assert chain.verify(incident) is None


def test_two_edits_of_one_version_leave_one_winner_and_one_refusal(incident):
    results = at_once([
        partial(
            incidents.edit, incident=incident, version=incident.version, title=f"Title {number}", actor=make.system(),
            now=timezone.now(),
        )
        for number in range(2)
    ])  # fmt: skip

    assert sorted(type(result) for result in results if not isinstance(result, Incident)) == [Stale]
    winner = next(result for result in results if isinstance(result, Incident))
    incident.refresh_from_db()
    assert incident.title == winner.title
    assert Event.objects.of(incident).filter(details__field="title").count() == 1


def test_closing_twice_at_once_is_closing_once(incident):
    at_once(
        [
            partial(incidents.change_status, incident=incident, to="closed", actor=make.system(), now=timezone.now())
            for _ in range(3)
        ]
    )

    assert StatusChange.objects.filter(incident=incident, to_status="closed").count() == 1


def test_names_are_never_given_twice(incident):
    project = incident.project

    results = at_once([partial(make.declare, project) for _ in range(6)])

    names = [result.name for result in results]
    assert len(set(names)) == 6
    assert Sequence.objects.get(project=project, kind="incident").last_number == 7


def test_entries_written_at_once_are_numbered_without_gaps(incident):
    before = incident.event_count

    at_once(
        [
            partial(
                flows.add_entry,
                subject=incident,
                description=f"entry {number}",
                actor=make.system(),
                now=timezone.now(),
            )
            for number in range(6)
        ]
    )

    incident.refresh_from_db()
    assert incident.event_count == before + 6
    assert chain.verify(incident) is None


def closing(rows, key):
    return partial(
        bulk.start, incidents=rows, wish=Wish(act="close"), key=key, actor=make.system(), now=timezone.now()
    )  # fmt: skip


def finishing(rows, key):
    return partial(resolve_tasks, tasks=rows, key=key, actor=make.system(), now=timezone.now())


def tasks_of(rows):
    now = timezone.now()
    owner = make.make_individual(rows[0].project)
    return [Task.objects.create(incident=row, title="Look", owner=owner, due_at=now) for row in rows]


@pytest.mark.parametrize("what", ["incidents", "tasks"])
def test_a_double_click_on_many_is_one_change_with_one_result(incident, what):
    twice = closing([incident], "once") if what == "incidents" else finishing(tasks_of([incident]), "once")

    first, second = at_once([twice, twice])

    assert isinstance(first, Job)
    assert first == second
    assert first.rows.get().status == "done"
    assert JobRow.objects.count() == 1


def test_two_who_change_the_same_ones_in_other_orders_do_not_wait_for_each_other(incident):
    rows = [incident, *(make.declare(incident.project) for _ in range(9))]

    up, down = at_once([closing(rows, "up"), closing(rows[::-1], "down")])

    for job, order in ((up, rows), (down, rows[::-1])):
        assert [int(row.key) for row in job.rows.order_by("pk")] == [one.pk for one in order]
    assert StatusChange.objects.filter(to_status="closed").count() == 10


def test_two_who_finish_tasks_of_the_same_incidents_do_not_wait_for_each_other(incident):
    rows = [incident, *(make.declare(incident.project) for _ in range(9))]
    mine, theirs = tasks_of(rows), tasks_of(rows[::-1])

    jobs = at_once([finishing(mine, "mine"), finishing(theirs, "theirs")])

    for job, order in zip(jobs, (mine, theirs), strict=True):
        assert [int(row.key) for row in job.rows.order_by("pk")] == [task.pk for task in order]
    assert not Task.objects.filter(status="open").exists()
