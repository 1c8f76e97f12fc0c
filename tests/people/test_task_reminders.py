"""Reminders: once a working day, by the project's calendar, and after three of them whoever leads hears of it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from core.flows.subjects import delete
from core.operations import queue
from core.operations.models import Operation
from core.timeline import Event
from incidents import flows as incidents
from integrations.models import OutgoingMail
from people.flows import tasks
from people.flows.task_reminders import remind_tasks
from people.models import Participant, Task
from tests.factories import actor_for, declare, individual_of, make_individual, make_member, make_project, system

pytestmark = pytest.mark.django_db

# Tuesday to Thursday before New Year's Day 2027, a Friday. Work begins at 09:00 in Berlin, 08:00 in UTC.
TUESDAY = datetime(2026, 12, 29, 10, tzinfo=UTC)
WEDNESDAY = datetime(2026, 12, 30, 8, 1, tzinfo=UTC)
THURSDAY = datetime(2026, 12, 31, 8, 1, tzinfo=UTC)
NEW_YEAR = datetime(2027, 1, 1, 8, 1, tzinfo=UTC)
MONDAY = datetime(2027, 1, 4, 8, 1, tzinfo=UTC)


def workday(number: int) -> datetime:
    """Nine o'clock and a minute on a working day of the second week of 2027."""
    return datetime(2027, 1, 4 + number, 8, 1, tzinfo=UTC)


@pytest.fixture
def project():
    return make_project(name="Security", time_zone="Europe/Berlin", holiday_country="DE")


@pytest.fixture
def responder(project):
    return make_member(project, "responder", name="Rosa", email="rosa@example.com")


@pytest.fixture
def incident(project, responder):
    """One that Rosa reports and commands, so that nobody else is written to."""
    return declare(project, by=responder, title="Laptop stolen", commander=None)


@pytest.fixture
def grace(project):
    return make_individual(project, "grace@example.com", "Grace Hopper")


def add(incident, owner, now=TUESDAY, title="Change the keys", **fields) -> Task:
    return tasks.create_task(subject=incident, title=title, owner=owner, actor=system(), now=now, **fields)


def planned(template="task_reminder"):
    rows = Operation.objects.filter(action="email.send").order_by("pk")
    return [row for row in rows if row.arguments["template"] == template]


def sent():
    """Deliver what is planned; the reminders and escalations among it."""
    mail.outbox.clear()
    queue.run_due(100)
    return [one for one in mail.outbox if "due" in one.subject or "not done" in one.subject]


class TestWhen:
    def test_not_before_work_begins_and_then_once(self, incident, grace):
        # Due on Wednesday, when work ends.
        add(incident, grace)

        assert remind_tasks(now=datetime(2026, 12, 30, 7, 59, tzinfo=UTC)) == 0
        assert remind_tasks(now=WEDNESDAY) == 1
        assert remind_tasks(now=WEDNESDAY) == 0
        assert remind_tasks(now=WEDNESDAY + timedelta(hours=9)) == 0
        assert len(planned()) == 1

    def test_two_runs_that_meet_send_one_mail(self, incident, grace):
        add(incident, grace)
        remind_tasks(now=WEDNESDAY)
        # The second run read before the first had written.
        Task.objects.update(reminded_on=None, reminder_count=0)

        remind_tasks(now=WEDNESDAY)

        assert len(planned()) == 1
        assert Task.objects.get().reminder_count == 0
        assert len(sent()) == 1

    def test_after_a_holiday_it_is_monday(self, incident, grace):
        # Due on Thursday at the end of work.
        add(incident, grace, now=WEDNESDAY)

        assert remind_tasks(now=NEW_YEAR) == 0
        assert remind_tasks(now=NEW_YEAR + timedelta(days=1)) == 0
        assert remind_tasks(now=MONDAY - timedelta(minutes=2)) == 0
        assert remind_tasks(now=MONDAY) == 1

    def test_a_worker_that_was_down_in_the_morning_catches_up(self, incident, grace):
        add(incident, grace)

        assert remind_tasks(now=WEDNESDAY + timedelta(hours=12)) == 1

    # Clocks go forward on Sunday 28 March 2027, back on Sunday 31 October.
    @pytest.mark.parametrize(
        ("friday", "monday_at_nine"),
        [
            (datetime(2027, 3, 19, 10, tzinfo=UTC), datetime(2027, 3, 22, 8, tzinfo=UTC)),
            (datetime(2027, 4, 2, 10, tzinfo=UTC), datetime(2027, 4, 5, 7, tzinfo=UTC)),
            (datetime(2027, 10, 29, 10, tzinfo=UTC), datetime(2027, 11, 1, 8, tzinfo=UTC)),
        ],
    )
    def test_nine_is_nine_in_summer_and_winter(self, incident, grace, friday, monday_at_nine):
        add(incident, grace, now=friday)

        assert remind_tasks(now=monday_at_nine - timedelta(minutes=1)) == 0
        assert remind_tasks(now=monday_at_nine) == 1

    def test_what_is_due_tomorrow_waits(self, incident, grace):
        add(incident, grace, now=WEDNESDAY)

        assert remind_tasks(now=WEDNESDAY) == 0

    def test_each_project_has_its_own_morning(self, incident, grace, responder):
        tokyo = make_project(incident.project.organization, "Tokyo", time_zone="Asia/Tokyo")
        add(incident, grace)
        add(declare(tokyo, commander=None), grace)

        # 01:00 in UTC on Wednesday: ten o'clock in Tokyo, night in Berlin.
        assert remind_tasks(now=datetime(2026, 12, 30, 1, tzinfo=UTC)) == 1
        assert remind_tasks(now=WEDNESDAY) == 1
        assert [row.project.name for row in planned()] == ["Tokyo", "Security"]

    def test_the_job_is_on_the_schedule(self):
        call_command("prepare", verbosity=0)

        assert PeriodicTask.objects.get(task="people.tasks.remind_tasks").interval.every == 300


class TestWhat:
    def test_one_mail_lists_all_that_is_due(self, project, incident, grace):
        other = declare(project, commander=None)
        add(incident, grace, title="Change the keys")
        add(other, grace, title="Call the bank")
        remind_tasks(now=WEDNESDAY)

        (one,) = sent()

        assert one.to == ["Grace Hopper <grace@example.com>"]
        assert one.subject == "[Security] 2 tasks are due"
        for text in (one.body, one.alternatives[0].content):
            assert "Change the keys" in text
            assert "Call the bank" in text
            assert incident.name in text
            assert "30 Dec 2026, 17:00 CET" in text

    def test_of_a_restricted_one_only_the_name_is_told(self, project, grace):
        secret = declare(project, title="Insider case", visibility="restricted")
        add(secret, grace, title="Watch the insider", description="insider text")
        remind_tasks(now=WEDNESDAY)

        queue.run_due(100)

        bodies = [text for one in mail.outbox for text in (one.subject, one.body, one.alternatives[0].content)]
        assert [text for text in bodies if secret.name in text]
        assert not [text for text in bodies if "nsider" in text]
        assert any("1 task is due" in text for text in bodies)

    def test_what_was_finished_meanwhile_is_not_told(self, incident, grace):
        task = add(incident, grace)
        remind_tasks(now=WEDNESDAY)
        tasks.resolve_task(task=task, actor=system(), now=WEDNESDAY)

        assert sent() == []
        assert "nothing is left" in planned()[0].result["left"]

    def test_nothing_is_told_of_a_deleted_one(self, incident, grace):
        add(incident, grace)
        delete(subject=incident, actor=system(), now=WEDNESDAY)

        assert remind_tasks(now=WEDNESDAY) == 0

    def test_whoever_takes_no_part_any_more_learns_nothing(self, incident, grace):
        add(incident, grace)
        remind_tasks(now=WEDNESDAY)
        Participant.objects.filter(individual=grace).update(left_at=WEDNESDAY)

        assert sent() == []

    def test_a_task_without_reminders_is_left_in_peace(self, incident, grace):
        add(incident, grace, reminders=False)

        assert remind_tasks(now=MONDAY) == 0

    def test_owner_and_assignees_are_reminded_each_once(self, incident, grace, project):
        ada = make_individual(project, "ada@example.com")
        add(incident, grace, assignees=[grace, ada])

        assert remind_tasks(now=WEDNESDAY) == 2

    def test_when_nobody_active_has_it_the_lead_is_reminded(self, incident, grace):
        add(incident, grace, title="Orphaned work")
        grace.is_active = False
        grace.save()
        remind_tasks(now=WEDNESDAY)

        (one,) = sent()

        assert one.to == ["Rosa <rosa@example.com>"]
        assert "Orphaned work" in one.body

    def test_the_mail_kept_is_its_readers_alone(self, project, incident, responder):
        secret = declare(project, title="Insider case", visibility="restricted", commander=None, by=responder)
        add(secret, individual_of(responder, project))
        remind_tasks(now=WEDNESDAY)
        sent()

        kept = OutgoingMail.objects.filter(incident=None)
        assert kept.get().heading == "[Security] 1 task is due"
        assert kept.visible_to(responder).exists()
        for role in ("responder", "manager", "admin", "owner"):
            assert not kept.visible_to(make_member(project, role)).exists()


class TestEscalation:
    def late(self, incident, grace) -> Task:
        """Due on Thursday 31 December, so late from Monday 4 January on."""
        return add(incident, grace, now=WEDNESDAY, title="Change the keys")

    def test_whoever_leads_hears_of_it_after_exactly_three_reminders(self, incident, grace):
        task = self.late(incident, grace)

        for number in range(3):
            assert remind_tasks(now=workday(number)) == 1
            remind_tasks(now=workday(number) + timedelta(hours=1))
            task.refresh_from_db()
            assert task.reminder_count == number + 1
        assert planned("task_escalated") == []

        remind_tasks(now=workday(3))

        task.refresh_from_db()
        assert task.escalated_at == workday(3)
        (one,) = [one for one in sent() if "not done" in one.subject]
        assert one.to == ["Rosa <rosa@example.com>"]
        assert one.subject == f"[{incident.name}] A task is not done: Laptop stolen"
        assert "Change the keys" in one.body
        assert "Grace Hopper answers for it" in one.body

    def test_it_is_told_once_and_stands_on_the_timeline(self, incident, grace):
        self.late(incident, grace)

        for number in (0, 1, 2, 3, 3, 4, 7, 8):
            remind_tasks(now=workday(number))
            remind_tasks(now=workday(number))

        assert len(planned("task_escalated")) == 1
        told = [event for event in Event.objects.of(incident) if event.details.get("escalated")]
        assert [event.description for event in told] == [
            "The task “Change the keys” is still open after 3 reminders; Rosa was told"
        ]
        # Nobody stops being reminded by it: seven working days, seven mails.
        assert len(planned()) == 7

    def test_a_task_that_is_only_due_today_is_shown_and_not_counted(self, incident, grace):
        add(incident, grace)

        remind_tasks(now=WEDNESDAY)

        assert Task.objects.get().reminder_count == 0

    def test_put_off_it_begins_anew(self, incident, grace):
        task = self.late(incident, grace)
        for number in range(3):
            remind_tasks(now=workday(number))
        tasks.edit_task(task=task, due_at=workday(3) + timedelta(hours=2), actor=system(), now=workday(2))

        for number in (3, 4, 7, 8):
            remind_tasks(now=workday(number))

        assert planned("task_escalated") == []
        remind_tasks(now=workday(9))
        assert len(planned("task_escalated")) == 1

    def test_finished_before_the_mail_goes_out_it_is_not_sent(self, incident, grace):
        task = self.late(incident, grace)
        for number in range(4):
            remind_tasks(now=workday(number))
        tasks.resolve_task(task=task, actor=system(), now=workday(3))

        assert sent() == []

    def test_of_a_restricted_one_the_lead_is_told_the_name_only(self, project, responder, grace):
        secret = declare(project, by=responder, title="Insider case", visibility="restricted", commander=None)
        add(secret, grace, now=WEDNESDAY, title="Watch the insider")
        for number in range(4):
            remind_tasks(now=workday(number))

        (one,) = [one for one in sent() if "not done" in one.subject]

        assert secret.name in one.subject
        assert "nsider" not in one.subject + one.body + one.alternatives[0].content

    def test_of_a_closed_one_who_led_it_last_is_told(self, project, responder, grace, incident):
        add(incident, grace, now=WEDNESDAY, source="follow_up", due_at=THURSDAY)
        incidents.change_status(incident=incident, to="closed", actor=actor_for(responder), now=timezone.now())

        for number in range(4):
            remind_tasks(now=workday(number))

        assert [row.arguments["individual"] for row in planned("task_escalated")] == [
            individual_of(responder, project).pk
        ]


class TestAssigned:
    def test_the_mail_says_what_and_by_when(self, incident, grace):
        add(incident, grace, title="Change the keys", description="All of them.", priority="high")

        queue.run_due(100)

        (one,) = [one for one in mail.outbox if "You have a task" in one.subject]
        assert "Grace Hopper, this is yours to do: Change the keys" in one.body
        assert "All of them." in one.body
        assert "Due Wed 30 Dec 2026, 17:00 CET, priority High." in one.body

    def test_taken_away_before_it_goes_out_it_is_not_sent(self, incident, grace, responder, project):
        task = add(incident, grace)
        rosa = individual_of(responder, project)
        tasks.hand_over_tasks(tasks=[task], to=rosa, actor=system(), now=TUESDAY)

        queue.run_due(100)

        to_grace = [one.subject for one in mail.outbox if "grace" in one.to[0]]
        assert not [subject for subject in to_grace if "task" in subject]

    def test_joining_and_the_task_are_told_at_once(self, incident, grace):
        add(incident, grace)
        queue.run_due(100)

        assert sorted(one.subject.split("] ")[1] for one in mail.outbox if "grace" in one.to[0]) == [
            "You have a task: Laptop stolen", "You take part: Laptop stolen"
        ]  # fmt: skip
