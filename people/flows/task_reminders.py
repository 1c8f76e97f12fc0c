"""Reminding people of tasks once a working day, and telling whoever leads when three reminders did nothing."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _

from core import operations
from core.actor import Actor
from core.calendar import Calendar, calendar_of
from core.flows.subjects import locked
from core.models.organizations import Project
from core.timeline import record
from people.flows.task_rules import lead_of
from people.models import Individual, Participant, Role, Task, TaskAssignee

# How many reminders are given before whoever leads hears of it.
PATIENCE: Final = 3
LEADING: Final = (Role.Name.COMMANDER, Role.Name.ASSIGNEE)


def remind_tasks(*, now: datetime) -> int:
    """Once on each working day of a project, when it has begun, mail everybody what is overdue or due today.

    Asked again on the same day it does nothing, and whoever was down in the morning catches up later on. A task of
    which three reminders were given is told to whoever leads, on the next working day. Returns how many mails.
    """
    return sum(_remind_project(project, now) for project in Project.objects.filter(enabled=True).order_by("pk"))


def due_tasks(project: Project, day: date, calendar: Calendar | None = None) -> Any:
    """The project's open tasks that are due by the end of its day and want reminders."""
    zone = (calendar or calendar_of(project)).zone
    until = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
    return Task.objects.open().filter(due_at__lt=until, reminders=True).kept().in_project(project)


def tasks_to_remind(person: Individual, project: Project, day: date) -> list[Task]:
    """What the person's reminder of the day lists, as it is now: their own, and as lead those that nobody active has.

    No task of a subject in which they take no part any more.
    """
    due = due_tasks(project, day)
    rows = due.held_by(individual=person) | due.filter(_of_subjects(_led_by(person)), _ORPHANED)
    taking_part = Participant.objects.filter(individual=person, left_at=None)
    return list(rows.filter(_of_subjects(taking_part)).select_related("incident", "case").order_by("due_at", "pk"))


_ORPHANED = Q(owner__is_active=False) & ~Exists(
    TaskAssignee.objects.filter(task=OuterRef("pk"), individual__is_active=True)
)


def _of_subjects(rows: Any) -> Q:
    return Q(incident__in=rows.values("incident")) | Q(case__in=rows.values("case"))


def _led_by(person: Individual) -> Any:
    held = Q(renounced_at=None) | Q(ended_by__isnull=False)
    return Role.objects.filter(held, participant__individual=person, role__in=LEADING)


def _remind_project(project: Project, now: datetime) -> int:
    calendar = calendar_of(project)
    day = calendar.day_of(now)
    opening = calendar.opening_of(day)
    if opening is None or now < opening:
        return 0
    waiting = due_tasks(project, day, calendar).filter(Q(reminded_on=None) | Q(reminded_on__lt=day))
    stubborn = waiting.filter(due_at__lte=now, reminder_count__gte=PATIENCE, escalated_at=None)
    for task in stubborn.select_related("incident", "case").order_by("pk"):
        _escalate(task, now)
    return _mail_reminders(project, day, waiting, now)


@transaction.atomic
def _mail_reminders(project: Project, day: date, waiting: Any, now: datetime) -> int:
    """Plan the mails and count them at their tasks. Who comes second finds the tasks counted and the mails planned."""
    tasks = list(waiting.select_for_update(of=("self",)).order_by("pk"))
    reminded: set[int] = set()
    mails = 0
    for person, theirs in _by_person(tasks).items():
        planned = operations.plan(
            "email.send", project=project, fact=f"task-reminder:{person.uuid}:{project.pk}:{day}",
            arguments={"template": "task_reminder", "individual": person.pk, "day": day.isoformat()},
        )  # fmt: skip
        if planned:
            mails += 1
            reminded.update(theirs)
    Task.objects.filter(pk__in=reminded).update(reminded_on=day)
    # One that is only due today is shown, not counted: nobody is late with it.
    Task.objects.filter(pk__in=reminded, due_at__lte=now).update(reminder_count=F("reminder_count") + 1)
    return mails


def _by_person(tasks: Sequence[Task]) -> dict[Individual, list[int]]:
    """Who answers for which of the tasks: owners and assignees who are active, else whoever leads."""
    people: dict[Individual, list[int]] = {}
    answering = _answering(tasks)
    for task in tasks:
        for person in answering.get(task.pk) or _leads(task):
            people.setdefault(person, []).append(task.pk)
    return people


def _answering(tasks: Iterable[Task]) -> dict[int, set[Individual]]:
    rows = {task.pk: task.owner_id for task in tasks}
    owners = Individual.objects.filter(is_active=True).in_bulk(set(rows.values()))
    found = {key: {owners[owner]} if owner in owners else set() for key, owner in rows.items()}
    doing = TaskAssignee.objects.filter(task__in=rows, individual__is_active=True).select_related("individual")
    for row in doing:
        found[row.task_id].add(row.individual)
    return found


def _leads(task: Task) -> list[Individual]:
    lead = lead_of(task.subject)
    return [lead] if lead and lead.is_active else []


@transaction.atomic
def _escalate(task: Task, now: datetime) -> None:
    """Tell whoever leads, once, unless the task was finished or put off meanwhile."""
    subject = locked(task.subject)
    late = Task.objects.filter(
        pk=task.pk, status=Task.Status.OPEN, escalated_at=None, reminder_count__gte=PATIENCE, due_at__lte=now
    )
    if not late.update(escalated_at=now):
        return
    lead = lead_of(subject)
    words = {"task": task.title, "count": PATIENCE, "lead": lead}
    told = _("The task “%(task)s” is still open after %(count)s reminders; %(lead)s was told")
    untold = _("The task “%(task)s” is still open after %(count)s reminders, and nobody leads who could be told")
    event = record(
        subject, actor=Actor.system(), now=now, description=(told if lead else untold) % words,
        details={"task": str(task.uuid), "escalated": True},
    )  # fmt: skip
    if lead:
        operations.plan(
            "email.send", subject=subject, fact=f"task-escalated:{event.uuid}",
            arguments={"template": "task_escalated", "individual": lead.pk, "task": task.pk},
        )  # fmt: skip
