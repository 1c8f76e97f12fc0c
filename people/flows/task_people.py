"""Who owns and does tasks: assigning, handing over, and what they are told."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core import access, operations, versions
from core.access import Right
from core.actor import Actor
from core.errors import Forbidden, Invalid
from core.flows.subjects import locked
from core.timeline import Event, record
from people.flows.participants import take_in
from people.flows.roles import note_activity
from people.flows.task_rules import MOST_ASSIGNEES, require_work
from people.models import Individual, Participant, Role, Task, TaskAssignee


@transaction.atomic
def assign(*, task: Task, individual: Individual, actor: Actor, now: datetime) -> Task:
    """Give the task to one more person, who joins the subject. Assigning twice is assigning once.

    :raises Invalid: when the person cannot take part.
    """
    task = held(task, actor)
    if task.assignees.filter(individual=individual).exists():
        return task
    new = set_assignees(task, [*doers(task), individual], actor=actor, now=now)
    versions.bump(task, fields=[])
    event = note(task, _("%(who)s assigned the task “%(task)s” to %(person)s"), actor, now, person=individual)
    tell(task, new, event, actor)
    return task


@transaction.atomic
def unassign(*, task: Task, individual: Individual, actor: Actor, now: datetime) -> Task:
    """Take the task off somebody; nothing happens when they do not have it."""
    task = held(task, actor)
    if not task.assignees.filter(individual=individual).exists():
        return task
    task.assignees.filter(individual=individual).delete()
    versions.bump(task, fields=[])
    note(task, _("%(who)s took the task “%(task)s” off %(person)s"), actor, now, person=individual)
    return task


@transaction.atomic
def hand_over_tasks(
    *, tasks: Iterable[Task], to: Individual, actor: Actor, now: datetime, giver: Individual | None = None
) -> list[Task]:
    """Pass tasks on: where the giver (default: each task's owner) owned or did one, `to` does now.

    Who is to have them joins the subjects. Tasks that the giver does not hold stay as they are. Returns the others.
    """
    # Always in the same order, so that two hand-overs never wait for each other.
    ordered = sorted(tasks, key=lambda task: (task.subject_key or ("", 0), task.pk))
    given = [_hand_over(task, giver, to, actor=actor, now=now) for task in ordered]
    return [task for task in given if task]


def _hand_over(task: Task, giver: Individual | None, to: Individual, *, actor: Actor, now: datetime) -> Task | None:
    task = held(task, actor)
    giver = giver or task.owner
    owned, does = task.owner_id == giver.pk, task.assignees.filter(individual=giver).exists()
    if giver.pk == to.pk or not (owned or does):
        return None
    join(task.subject, to, field="individual", actor=actor, now=now)
    if owned:
        task.owner = to
    if does:
        others = [person for person in doers(task) if person.pk not in {giver.pk, to.pk}]
        set_assignees(task, [*others, to], actor=actor, now=now)
    versions.bump(task, fields=["owner"])
    sentence = _("The task “%(task)s” went from %(giver)s to %(person)s")
    event = note(task, sentence, actor, now, giver=giver, person=to)
    tell(task, [to], event, actor)
    return task


def held(task: Task, actor: Actor) -> Task:
    """The task as it is now, its subject locked until the transaction ends, for an actor who may work it."""
    require_work(actor, task)
    subject = locked(task.subject)
    found: Task = Task.objects.select_related("owner").get(pk=task.pk)
    setattr(found, subject.kind, subject)
    return found


def doers(task: Task) -> list[Individual]:
    """Who is to do the task."""
    rows = task.assignees.select_related("individual").order_by("assigned_at", "pk")
    return [row.individual for row in rows]


def set_assignees(task: Task, people: Sequence[Individual], *, actor: Actor, now: datetime) -> list[Individual]:
    """Let exactly these people do the task; those who are new join the subject. Returns the new ones."""
    wanted = {person.pk: person for person in people}
    if len(wanted) > MOST_ASSIGNEES:
        raise Invalid(_("At most %(number)s people do one task.") % {"number": MOST_ASSIGNEES}, field="assignees")
    there = set(task.assignees.values_list("individual_id", flat=True))
    task.assignees.exclude(individual__in=wanted).delete()
    new = [person for key, person in wanted.items() if key not in there]
    for person in new:
        join(task.subject, person, field="assignees", actor=actor, now=now)
        TaskAssignee.objects.create(task=task, individual=person, assigned_at=now, assigned_by=actor.user)
    return new


def join(subject: Any, person: Individual, *, field: str, actor: Actor, now: datetime) -> None:
    """Let whoever has a task take part as participant. The caller holds the subject's lock.

    :raises Invalid: for somebody of another organization or who left the company.
    :raises Forbidden: when somebody would be brought in by one who may not edit the subject.
    """
    if person.organization_id != subject.project.organization_id:
        raise Invalid(_("This person belongs to another organization."), field=field)
    if not person.is_active:
        raise Invalid(_("%(who)s is not active any more; choose somebody else.") % {"who": person}, field=field)
    part = Participant.objects.of(subject).filter(individual=person, left_at=None).first()
    if part is not None and not _only_observes(subject, part):
        return
    if part is None and not is_actor(person, actor):
        _require_bringing_in(subject, person, field, actor)
    reason = str(_("has a task"))
    take_in(subject, person, role=Role.Name.PARTICIPANT, reason=reason, actor=actor, now=now)


def _only_observes(subject: Any, part: Participant) -> bool:
    # The roles in a closed subject have ended; whoever takes part there needs none for a follow-up.
    return subject.is_open and not part.roles.filter(renounced_at=None).exclude(role=Role.Name.OBSERVER).exists()


def _require_bringing_in(subject: Any, person: Individual, field: str, actor: Actor) -> None:
    if actor.trusted or access.may(actor.user, Right.EDIT, subject):
        return
    words = {"who": person, "name": subject.name}
    raise Forbidden(
        _("%(who)s takes no part in %(name)s; ask those who lead it to bring them in, or choose somebody who does.")
        % words,
        field=field,
    )


def is_actor(person: Individual, actor: Actor) -> bool:
    """Whether the person is who acts."""
    user = actor.user
    return user is not None and (person.user_id == user.pk or person.email == user.email)


def note(task: Task, sentence: str, actor: Actor, now: datetime, **words: Any) -> Event:
    """Write on the timeline what happened to the task, and count it as something the actor did."""
    details = {"task": str(task.uuid), **{name: _plain(value) for name, value in words.items()}}
    said = {**words, "who": actor.name, "task": task.title}
    event = record(
        task.subject, kind=Event.Kind.TASK, description=sentence % said, actor=actor, now=now, details=details
    )
    note_activity(subject=task.subject, user_id=actor.user.pk if actor.user else None)
    return event


def tell(task: Task, people: Iterable[Individual], event: Event, actor: Actor) -> None:
    """Mail those who got the task, but nobody for what they did themselves."""
    for person in people:
        if not is_actor(person, actor):
            operations.plan(
                "email.send", subject=task.subject, fact=f"task-assigned:{event.uuid}:{person.pk}",
                arguments={"template": "task_assigned", "individual": person.pk, "task": task.pk},
            )  # fmt: skip


def _plain(value: Any) -> Any:
    return str(value.uuid) if isinstance(value, Individual) else value
