"""Whatever is done with tasks, in whatever order and by whomever: what always holds."""

import random
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.utils import timezone

from core.errors import FlowError
from core.operations.models import Operation
from core.timeline import Event
from core.timeline.chain import verify
from incidents import flows as incidents
from people import flows as people
from people.flows import tasks
from people.flows.task_reminders import remind_tasks
from people.models import Participant, Task
from tests import factories as make
from tests.standins.threads import at_once

MONDAY = datetime(2027, 1, 11, 9, tzinfo=UTC)


@pytest.fixture
def project():
    return make.make_project(name="Security", time_zone="Europe/Berlin")


def planned(template):
    rows = Operation.objects.filter(action="email.send")
    return [row.arguments["individual"] for row in rows if row.arguments["template"] == template]


class Story:
    """Random verbs of random people on one incident; refusals are part of the game."""

    def __init__(self, project, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311
        self.incident = make.declare(project, commander=None, by=make.make_member(project, "responder"))
        users = [make.make_member(project, role) for role in ("responder", "manager", "member", "member")]
        self.actors = [make.actor_for(user) for user in users] + [make.system()]
        self.people = [make.individual_of(user, project) for user in users] + [make.make_individual(project)]
        self.now = MONDAY

    def step(self) -> None:
        self.now += timedelta(hours=self.dice.choice([1, 5, 24]))
        verbs = [self.create, self.edit, self.move, self.assign, self.hand_over, self.leave, self.remind, self.close]
        try:
            self.dice.choice(verbs)(actor=self.dice.choice(self.actors), now=self.now)
        except FlowError:
            return

    def create(self, **by) -> None:
        assignees = self.dice.sample(self.people, self.dice.randint(0, 2))
        tasks.create_task(subject=self.incident, title="x", assignees=assignees, **by)

    def edit(self, **by) -> None:
        due = self.now + timedelta(hours=self.dice.randint(-5, 50))
        tasks.edit_task(task=self.task(), owner=self.dice.choice(self.people), due_at=due, **by)

    def move(self, **by) -> None:
        self.dice.choice([tasks.resolve_task, tasks.reopen_task])(task=self.task(), **by)

    def assign(self, **by) -> None:
        self.dice.choice([tasks.assign, tasks.unassign])(
            task=self.task(), individual=self.dice.choice(self.people), **by
        )

    def hand_over(self, **by) -> None:
        tasks.hand_over_tasks(tasks=list(Task.objects.all()), to=self.dice.choice(self.people), **by)

    def leave(self, **by) -> None:
        people.remove_participant(subject=self.incident, individual=self.dice.choice(self.people), **by)

    def remind(self, actor, now) -> None:
        remind_tasks(now=now)

    def close(self, **by) -> None:
        incidents.change_status(incident=self.incident, to=self.dice.choice(["closed", "active"]), **by)

    def task(self) -> Task:
        found = list(Task.objects.order_by("pk"))
        return self.dice.choice(found) if found else tasks.create_task(
            subject=self.incident, title="first", actor=make.system(), now=self.now, owner=self.people[0]
        )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_whoever_has_an_open_task_takes_part(project, seed):
    story = Story(project, seed)

    for _ in range(40):
        story.step()

        for task in Task.objects.open():
            has_it = {task.owner_id, *task.assignees.values_list("individual", flat=True)}
            here = Participant.objects.filter(incident=story.incident, individual__in=has_it, left_at=None)
            assert set(here.values_list("individual", flat=True)) == has_it
        assert not Task.objects.filter(escalated_at__isnull=False, reminder_count__lt=3).exists()

    story.incident.refresh_from_db()
    assert verify(story.incident) is None
    assert Task.objects.exists()
    done = Event.objects.of(story.incident).filter(description__contains="finished the task").count()
    back = Event.objects.of(story.incident).filter(description__contains="reopened the task").count()
    assert done - back == Task.objects.filter(status="resolved").count()


@pytest.mark.django_db
def test_how_often_it_runs_makes_no_difference(project):
    """A beat every five minutes for two weeks plans what one run a day plans."""
    grace = make.make_individual(project)
    for number in range(3):
        incident = make.declare(project)
        tasks.create_task(
            subject=incident,
            title=f"Task {number}",
            owner=grace,
            actor=make.system(),
            now=MONDAY + timedelta(days=number),
        )

    for minutes in range(0, 14 * 24 * 60, 90):
        remind_tasks(now=MONDAY + timedelta(minutes=minutes))

    # Due on Tuesday, Wednesday and Thursday evening. Mails from Tuesday on: nine working days until Friday the 22nd.
    assert len(planned("task_reminder")) == 9
    assert len(planned("task_escalated")) == 3
    # The first was late from Wednesday on, so 8 times; the others 7 and 6.
    assert list(Task.objects.order_by("pk").values_list("reminder_count", flat=True)) == [8, 7, 6]


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_the_same_moment_send_once_and_escalate_once(project):
    grace = make.make_individual(project)
    tasks.create_task(subject=make.declare(project), title="x", owner=grace, actor=make.system(), now=MONDAY)
    for days in (2, 3, 4):
        remind_tasks(now=MONDAY + timedelta(days=days))
    day = MONDAY + timedelta(days=7)

    results = at_once([partial(remind_tasks, now=day)] * 4)

    assert sorted(results) == [0, 0, 0, 1]
    assert len(planned("task_reminder")) == 4
    assert len(planned("task_escalated")) == 1
    assert Task.objects.get().reminder_count == 4


@pytest.mark.django_db(transaction=True)
def test_two_people_finishing_the_same_task_at_once_finish_it_once(project):
    users = [make.make_member(project, "responder") for _ in range(3)]
    incident = make.declare(project)
    task = tasks.create_task(subject=incident, title="x", actor=make.system(), now=timezone.now())

    at_once([
        partial(tasks.resolve_task, task=Task.objects.get(pk=task.pk), actor=make.actor_for(user), now=timezone.now())
        for user in users
    ])  # fmt: skip

    assert Event.objects.of(incident).filter(description__contains="finished the task").count() == 1
    task.refresh_from_db()
    assert task.version == 2
