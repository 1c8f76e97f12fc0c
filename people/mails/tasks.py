"""The mails of tasks: assigned, due, and not done after three reminders."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.links import url_for
from core.mails import Choice, Letter, MailKind, register
from people.flows.task_reminders import tasks_to_remind
from people.models import Participant, Task


def _task(letter: Letter) -> Task | None:
    rows = Task.objects.of(letter.subject).select_related("owner").prefetch_related("assignees__individual")
    found: Task | None = rows.filter(pk=letter.arguments.get("task")).first()
    return found


def _has(task: Task, person: Any) -> bool:
    return task.owner_id == person.pk or person.pk in {row.individual_id for row in task.assignees.all()}


def _not_assigned(letter: Letter) -> str:
    task = _task(letter)
    if task is None or not task.is_open:
        return _("the task was finished meanwhile")
    if not _has(task, letter.person):
        return _("somebody else has the task now")
    takes_part = Participant.objects.of(letter.subject).filter(individual=letter.person, left_at=None)
    return "" if takes_part.exists() else _("the person takes no part any more")


def _not_late(letter: Letter) -> str:
    task = _task(letter)
    return "" if task and task.is_open and task.escalated_at else _("the task was finished or put off meanwhile")


def _about(letter: Letter) -> dict[str, Any]:
    """The task in words; of a restricted subject nothing that was written."""
    task = _task(letter)
    if task is None:
        return {}
    tells = not letter.subject.is_restricted
    return {
        "task": task.title if tells else "",
        "details": task.description[:500] if tells else "",
        "due": _moment(task.due_at, letter.subject.project),
        "priority": task.get_priority_display(),
        "owner": str(task.owner) if tells else "",
    }


def _listed(letter: Letter) -> list[Task]:
    return tasks_to_remind(letter.person, letter.project, date.fromisoformat(letter.arguments["day"]))


def _nothing_due(letter: Letter) -> str:
    if letter.project is None or not letter.project.enabled:
        return _("the project is not in use any more")
    return "" if _listed(letter) else _("nothing is left to remind of")


def _reminder_heading(letter: Letter) -> str:
    count = len(_listed(letter))
    return ngettext("%(count)s task is due", "%(count)s tasks are due", count) % {"count": count}


def _reminder(letter: Letter) -> dict[str, Any]:
    now = timezone.now()
    return {"tasks": [_line(task, letter, now) for task in _listed(letter)]}


def _line(task: Task, letter: Letter, now: datetime) -> dict[str, Any]:
    subject = task.subject
    url = url_for(getattr(letter.person, "user", None), subject)
    return {
        "name": subject.name,
        "title": "" if subject.is_restricted else task.title,
        "due": _moment(task.due_at, letter.project),
        "overdue": task.is_overdue(now),
        "url": f"{url}?tab=tasks" if url else "",
    }


def _moment(moment: datetime, project: Any) -> str:
    return date_format(moment.astimezone(ZoneInfo(project.time_zone)), "D j M Y, H:i T")


register(
    MailKind(
        name="task_assigned", template="people/mail/task_assigned", heading=lambda _letter: _("You have a task"),
        reason_not_to_send=_not_assigned, context=_about, choice=Choice.ASSIGNED,
    )
)  # fmt: skip
register(
    MailKind(
        name="task_reminder", template="people/mail/task_reminder", heading=_reminder_heading,
        reason_not_to_send=_nothing_due, context=_reminder, choice=Choice.REMINDERS,
    )
)  # fmt: skip
register(
    MailKind(
        name="task_escalated", template="people/mail/task_escalated", heading=lambda _letter: _("A task is not done"),
        reason_not_to_send=_not_late, context=_about,
    )
)  # fmt: skip
