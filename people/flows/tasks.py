"""Tasks of a subject: written, changed, done, reopened. Whoever has one takes part in the subject."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from core import access, search, versions
from core.access import Right
from core.actor import Actor
from core.errors import Invalid, Stale
from core.flows.subjects import locked
from people.flows.individuals import of_user
from people.flows.task_people import (
    assign,
    doers,
    hand_over_tasks,
    held,
    join,
    note,
    set_assignees,
    tell,
    unassign,
)
from people.flows.task_rules import SubjectClosed, check_open_for, checked, default_due, lead_of
from people.models import Individual, Task

__all__ = [
    "SubjectClosed", "assign", "create_task", "edit_task", "hand_over_tasks", "open_tasks_of", "open_tasks_summary",
    "reopen_task", "resolve_task", "unassign",
]  # fmt: skip

FIELDS: Final = ("title", "description", "due_at", "priority", "source", "reminders")
EDITABLE: Final = frozenset({*FIELDS, "owner", "assignees"})


@transaction.atomic
def create_task(
    *,
    subject: Any,
    title: str,
    actor: Actor,
    now: datetime,
    description: str = "",
    owner: Individual | None = None,
    assignees: Iterable[Individual] = (),
    due_at: datetime | None = None,
    priority: str = Task.Priority.MEDIUM,
    source: str = "",
    reminders: bool = True,
) -> Task:
    """Write a task down. Its owner (default: who acts, else the lead) and assignees join the subject and are told.

    Without a due time it is due at the end of the project's next working day, of a review or follow-up at the end of
    the tenth. Without a source it comes from the response, or from a closed subject as a follow-up.

    :raises Invalid: naming the field. :raises SubjectClosed: for work of a response that is over.
    """
    access.require(actor, Right.WRITE, subject)
    subject = locked(subject)
    source = source or (Task.Source.INCIDENT if subject.is_open else Task.Source.FOLLOW_UP)
    given = {
        "title": title, "description": description, "priority": priority, "source": source, "reminders": reminders
    }  # fmt: skip
    values = checked(given if due_at is None else {**given, "due_at": due_at}, now)
    check_open_for(subject, source)
    values.setdefault("due_at", default_due(subject, source, now))
    owner = owner or _default_owner(subject, actor, now)
    join(subject, owner, field="owner", actor=actor, now=now)
    task = Task.objects.create(**subject.as_owner, **values, owner=owner, created_by=actor.user, created_at=now)
    new = set_assignees(task, list(assignees), actor=actor, now=now)
    search.index(task)
    event = note(task, _("%(who)s added the task “%(task)s” for %(owner)s"), actor, now, owner=owner)
    tell(task, _once([owner, *new]), event, actor)
    return task


@transaction.atomic
def edit_task(*, task: Task, actor: Actor, now: datetime, version: int | None = None, **changes: Any) -> Task:
    """Change what is named (`EDITABLE`); `assignees` are all who are to do it. The timeline keeps old and new.

    Another due time begins its reminders anew.

    :raises Invalid: naming the field. :raises Stale: changed since `version`.
    """
    unknown = set(changes) - EDITABLE
    if unknown:
        raise Invalid(_("This cannot be changed here."), field=sorted(unknown)[0])
    task = held(task, actor)
    _check_version(task, version)
    before, was = _plain(task), {task.owner_id, *(person.pk for person in doers(task))}
    written = _write_fields(task, changes, now)
    if "owner" in changes and changes["owner"].pk != task.owner_id:
        join(task.subject, changes["owner"], field="owner", actor=actor, now=now)
        task.owner = changes["owner"]
        written.append("owner")
    if "assignees" in changes:
        set_assignees(task, changes["assignees"], actor=actor, now=now)
    after = _plain(task)
    told = {name: [before[name], value] for name, value in after.items() if value != before[name]}
    if not told:
        return task
    versions.bump(task, fields=written)
    search.index(task)
    sentence = _("%(who)s changed the task “%(task)s”: %(what)s")
    event = note(task, sentence, actor, now, what=", ".join(_labels(told)), changes=told)
    tell(task, [person for person in _once([task.owner, *doers(task)]) if person.pk not in was], event, actor)
    return task


@transaction.atomic
def resolve_task(*, task: Task, actor: Actor, now: datetime) -> Task:
    """The task is done. One that is done already stays as it is."""
    task = held(task, actor)
    if not task.is_open:
        return task
    task.status, task.resolved_at, task.resolved_by = Task.Status.RESOLVED, now, actor.user
    versions.bump(task, fields=["status", "resolved_at", "resolved_by"])
    note(task, _("%(who)s finished the task “%(task)s”"), actor, now)
    return task


@transaction.atomic
def reopen_task(*, task: Task, actor: Actor, now: datetime) -> Task:
    """The task is not done after all; its reminders begin anew. One that is open stays as it is.

    :raises SubjectClosed: for work of a response that is over.
    """
    task = held(task, actor)
    if task.is_open:
        return task
    check_open_for(task.subject, task.source)
    task.status, task.resolved_at, task.resolved_by = Task.Status.OPEN, None, None
    versions.bump(task, fields=["status", "resolved_at", "resolved_by", *_forget_reminders(task)])
    note(task, _("%(who)s reopened the task “%(task)s”"), actor, now)
    return task


def open_tasks_of(individual: Individual) -> Any:
    """Open tasks that somebody owns or is to do, the first due first; those of deleted subjects left out."""
    return Task.objects.open().kept().held_by(individual=individual).for_list().order_by("due_at", "pk")


def open_tasks_summary(subject: Any) -> list[Task]:
    """The subject's open tasks for a hand-over, the first due first; `doers` of each are its assignees."""
    return list(Task.objects.of(subject).open().for_list().order_by("due_at", "pk"))


def _default_owner(subject: Any, actor: Actor, now: datetime) -> Individual:
    person = of_user(actor.user, subject.project.organization, now) if actor.user else lead_of(subject)
    if person is None:
        raise Invalid(_("Nobody leads it; choose who answers for the task."), field="owner")
    return person


def _check_version(task: Task, version: int | None) -> None:
    if version is not None and task.version != version:
        raise Stale(_("Somebody else changed this task meanwhile. Look at it again, then repeat your change."))


def _write_fields(task: Task, changes: dict[str, Any], now: datetime) -> list[str]:
    """Set the task's own fields that differ; returns their names and those that follow from them."""
    asked = {name: value for name, value in changes.items() if name in FIELDS and value != getattr(task, name)}
    values = checked(asked, now)
    if "source" in values and task.is_open:
        check_open_for(task.subject, values["source"])
    for name, value in values.items():
        setattr(task, name, value)
    return [*values, *(_forget_reminders(task) if "due_at" in values else [])]


def _forget_reminders(task: Task) -> list[str]:
    task.reminded_on, task.reminder_count, task.escalated_at = None, 0, None
    return ["reminded_on", "reminder_count", "escalated_at"]


def _plain(task: Task) -> dict[str, Any]:
    """What the timeline keeps of a change."""
    return {
        **{name: getattr(task, name) for name in FIELDS},
        "due_at": task.due_at.isoformat(),
        "owner": str(task.owner),
        "assignees": sorted(str(person) for person in doers(task)),
    }


def _labels(names: Iterable[str]) -> list[str]:
    meta: Any = Task._meta
    return [_("assignees") if name == "assignees" else str(meta.get_field(name).verbose_name) for name in names]


def _once(people: Sequence[Individual]) -> list[Individual]:
    return list({person.pk: person for person in people}.values())
