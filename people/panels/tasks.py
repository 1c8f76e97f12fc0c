"""The tab of a subject that shows its tasks, the home page's card of one's own, and the sidebar's count."""

from typing import Any

from django.contrib.admin import site
from django.db.models import Count, Window
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.console import dashboard, navigation, panels, rights
from core.console.counting import OWN, capped, in_words
from core.console.once import once
from people.models import Task

SHOWN = 8
NEXT = 5


def tasks(request: HttpRequest, subject: Any) -> dict[str, Any]:
    """A page of the subject's tasks: open ones first, the first due first."""
    rows = Task.objects.of(subject).for_list()
    # "open" comes before "resolved" in the alphabet, and in the index.
    page = panels.page_of(request, rows.order_by("status", "due_at", "pk"))
    admin: Any = site.get_model_admin(Task)
    subject_admin: Any = site.get_model_admin(type(subject))
    return {
        "page": page,
        "lines": [admin.line(request, task) for task in page.object_list],
        "tools": subject_admin.buttons(request, ["add-task"], subject),
        "subject": subject,
    }


def count_open(subject: Any) -> int:
    """How many are still to be done."""
    first = first_open(subject)
    return first[0].total if first else 0


def first_open(subject: Any) -> list[Any]:
    """The open tasks that are due first; each says how many there are in all (`total`). Asked once a page."""
    rows = Task.objects.of(subject).open().select_related("owner").annotate(total=Window(Count("pk")))
    return once(subject, "open tasks", lambda: list(rows.order_by("due_at", "pk")[:NEXT]))


def next_card(request: HttpRequest, subject: Any) -> dict[str, Any]:
    """What is to be done next, what is late first, for a subject's first tab."""
    now, tasks = timezone.now(), first_open(subject)
    subject_admin: Any = site.get_model_admin(type(subject))
    return {
        "lines": [{"task": task, "overdue": task.is_overdue(now)} for task in tasks],
        "more": count_open(subject) - len(tasks),
        "tools": subject_admin.buttons(request, ["add-task"], subject),
    }


def my_tasks(request: Any) -> dict[str, Any]:
    """Open tasks that the reader owns or is to do, the first due first."""
    rows = _mine(request)
    admin: Any = site.get_model_admin(Task)
    # Keys first: with all that a line shows, PostgreSQL would rather walk all open tasks by their due time.
    keys = list(rows.order_by("due_at", "pk").values_list("pk", flat=True)[:SHOWN])
    shown = list(Task.objects.filter(pk__in=keys).for_list().order_by("due_at", "pk"))
    rights.keep(request, (task.subject for task in shown))
    lines = [admin.line(request, task) for task in shown]
    return {"lines": lines, "url": f"{reverse('admin:people_task_changelist')}?tab=mine"}


def overdue_badge(request: Any) -> tuple[str, str] | None:
    """The sidebar's count of the reader's overdue tasks."""
    count = count_overdue(request)
    return (in_words(count, OWN), "alarm") if count else None


def count_overdue(request: Any) -> int:
    """How many of the reader's tasks are overdue, at most one more than `OWN`; asked once a page."""
    return once(request, "overdue", lambda: capped(_mine(request).filter(due_at__lte=timezone.now()), OWN))


def _mine(request: Any) -> Any:
    return Task.objects.visible_to(request.user).open().held_by(individual__user=request.user)


panels.register(
    panels.Panel(
        key="tasks", title=_("Tasks"), template="people/panels/tasks.html", context=tasks, count=count_open, order=15
    )
)
dashboard.register(
    dashboard.Card(key="tasks", template="people/cards/tasks.html", context=my_tasks, place="main", order=20)
)
navigation.register_badge("tasks", overdue_badge)
