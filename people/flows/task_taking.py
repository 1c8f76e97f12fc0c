"""Taking a task upon oneself."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from core import access, versions
from core.access import Right
from core.actor import Actor
from core.errors import FlowError, Forbidden
from core.flows.subjects import locked
from people.flows.individuals import of_user
from people.flows.task_people import doers, note, set_assignees
from people.models import Task


class NothingToTake(FlowError):
    """The task is done."""

    code = "task_done"


@transaction.atomic
def take_task(*, task: Task, actor: Actor, now: datetime) -> Task:
    """Whoever takes part in the subject, or works on it, may do what is to be done there; it is theirs then.

    Taking it again changes nothing.

    :raises NothingToTake: when it is done. :raises Forbidden: for whoever may not write here.
    """
    access.require(actor, Right.WRITE, task.subject)
    if actor.user is None:
        raise Forbidden(_("Only a person takes a task."))
    subject = locked(task.subject)
    task = Task.objects.select_related("owner").get(pk=task.pk)
    setattr(task, subject.kind, subject)
    person = of_user(actor.user, subject.project.organization, now)
    if not task.is_open:
        raise NothingToTake(_("It is done already."))
    if task.assignees.filter(individual=person).exists():
        return task
    set_assignees(task, [*doers(task), person], actor=actor, now=now)
    versions.bump(task, fields=[])
    note(task, _("%(who)s took the task “%(task)s”"), actor, now, person=person)
    return task
