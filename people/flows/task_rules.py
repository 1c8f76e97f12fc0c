"""The rules of tasks: who may work them, what they may hold, and when they are due."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from core import access
from core.access import Right
from core.actor import Actor
from core.calendar import calendar_of
from core.errors import FlowError, Forbidden, Invalid
from core.flows.lines import looks_empty
from core.flows.subjects import check_line, check_text
from people.models import Individual, Role, Task

LONGEST_TITLE: Final = 300
LONGEST_DESCRIPTION: Final = 20_000
MOST_ASSIGNEES: Final = 50
# How long there is when nobody says: working days of the project, until work ends on the last of them.
WORKING_DAYS: Final[Mapping[str, int]] = {
    Task.Source.INCIDENT: 1, Task.Source.REVIEW: 10, Task.Source.FOLLOW_UP: 10,
}  # fmt: skip
# What may come when the response is over.
AFTERWARDS: Final = frozenset({Task.Source.REVIEW, Task.Source.FOLLOW_UP})


class SubjectClosed(FlowError):
    """A closed subject takes only what follows from it."""

    code = "subject_closed"


def is_own(task: Task, user: Any) -> bool:
    """Whether the user owns the task, is to do it, or wrote it."""
    if user is None:
        return False
    if user.pk in {task.owner.user_id, task.created_by_id}:
        return True
    if hasattr(task, "doers"):
        # Fetched with a list's other rows.
        return user.pk in {row.individual.user_id for row in task.doers}
    return task.assignees.filter(individual__user_id=user.pk).exists()


def may_work(user: Any, task: Task, rights: frozenset[Right]) -> bool:
    """Whether somebody with these rights on the subject may change, finish or reopen the task."""
    return Right.EDIT in rights or (Right.WRITE in rights and is_own(task, user))


def require_work(actor: Actor, task: Task) -> None:
    """Stop who may not change the task.

    :raises Forbidden: for whoever neither edits the subject nor takes part in it with this task as their own.
    """
    if actor.trusted or may_work(actor.user, task, access.rights(actor.user, task.subject)):
        return
    raise Forbidden(_("Only its owner, those who do it, and whoever may edit the subject may change this task."))


def default_due(subject: Any, source: str, now: datetime) -> datetime:
    """The end of the next working day; of reviews and follow-ups that of the tenth."""
    calendar = calendar_of(subject.project)
    day = calendar.plus_working_days(calendar.day_of(now), WORKING_DAYS[source])
    return calendar.closing_of(day) or now + timedelta(days=WORKING_DAYS[source])


def lead_of(subject: Any) -> Individual | None:
    """Who leads the subject; of a closed one who led it last."""
    held = Role.objects.of(subject).filter(Q(renounced_at=None) | Q(ended_by__isnull=False), role=subject.lead_role)
    row = (
        held.select_related("participant__individual").order_by(F("renounced_at").desc(nulls_first=True), "-pk").first()
    )
    return row.participant.individual if row else None


def check_open_for(subject: Any, source: str) -> None:
    """Refuse work of the response where the response is over.

    :raises SubjectClosed: naming the mend.
    """
    if subject.is_open or source in AFTERWARDS:
        return
    raise SubjectClosed(
        _("%(name)s is closed and takes only tasks of its review and follow-ups; choose one of these as the source.")
        % {"name": subject.name},
        field="source",
    )


def checked(values: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The values of a task's own fields.

    :raises Invalid: naming the first field at fault.
    """
    return {name: _CHECKS[name](value, now) for name, value in values.items()}


def _title(value: Any, _now: datetime) -> str:
    title = check_line(value, "title", LONGEST_TITLE)
    if looks_empty(title):
        raise Invalid(_("Say what is to be done."), field="title")
    return title


def _due_at(value: Any, now: datetime) -> datetime:
    if not isinstance(value, datetime) or timezone.is_naive(value):
        raise Invalid(_("Give a date and time with its zone."), field="due_at")
    if value <= now:
        raise Invalid(_("This time has passed; choose a later one."), field="due_at")
    return value


def _one_of(field: str, choices: Any) -> Callable[[Any, datetime], str]:
    def check(value: Any, _now: datetime) -> str:
        if value not in choices.values:
            words = ", ".join(choices.values)
            raise Invalid(_("It is one of %(words)s.") % {"words": words}, field=field)
        return str(value)

    return check


_CHECKS: Final[Mapping[str, Callable[[Any, datetime], Any]]] = {
    "title": _title,
    "description": lambda value, _now: check_text(value, "description", LONGEST_DESCRIPTION),
    "due_at": _due_at,
    "priority": _one_of("priority", Task.Priority),
    "source": _one_of("source", Task.Source),
    "reminders": lambda value, _now: bool(value),
}
