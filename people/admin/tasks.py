"""The list of tasks, and what is done with one; a task is shown on its subject's page."""

import uuid
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.console import rights
from core.console.dialogs import dialog
from core.console.forms import DialogForm
from core.console.subjects import DialogsOnly
from core.links import page_path
from core.models import Job, JobRow
from people.admin.task_listing import Listing
from people.dialogs.tasks import TaskForm
from people.flows import task_bulk, task_rules
from people.flows.tasks import edit_task, reopen_task, resolve_task
from people.models import Task

NAMED_REFUSALS = 3


class EditForm(TaskForm):
    """A task as it is."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    @property
    def subject(self) -> Any:
        """What the task belongs to."""
        return self.target.subject

    def prepare(self) -> None:
        """Begin with what there is."""
        task = self.target
        has_it = [row.individual_id for row in task.doers]
        self.offer_people(*has_it)
        self.fields["due_at"].required = True
        self.fields["due_at"].help_text = gettext("On your clock. Another time begins the reminders anew.")
        self.fields["source"].help_text = ""
        names = ("title", "description", "due_at", "priority", "source", "reminders", "version")
        self.initial.update({name: getattr(task, name) for name in names}, owner=task.owner.email, assignees=has_it)

    def changes(self) -> dict[str, Any]:
        """What the reader changed."""
        touched = set(self.changed_data)
        names = touched & {"title", "description", "due_at", "priority", "source", "reminders"}
        found = {name: self.cleaned_data[name] for name in names}
        if "owner" in touched:
            found["owner"] = self.person("owner")
        if touched & {"assignees", "also"}:
            found["assignees"] = self.doers()
        return found

    def effects(self) -> list[str]:
        """What will happen."""
        return [gettext("Whoever gets it takes part from now on, and is told by mail.")]


class ResolveManyForm(DialogForm):
    """The chosen tasks, or all open ones that the list's filters leave; which, the address says."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=36)

    def prepare(self) -> None:
        """Find them among those the reader sees."""
        self.initial["key"] = uuid.uuid4().hex
        asked = self.request.GET
        if asked.get("all"):
            rows = Listing(self.request).found.open()
        else:
            chosen = [int(key) for key in asked.getlist("task") if key.isdecimal() and len(key) < 18]
            rows = Task.objects.visible_to(self.request.user).open().filter(pk__in=chosen).order_by("due_at", "pk")
        self.tasks = list(rows.for_list()[: task_bulk.MOST])

    def effects(self) -> list[str]:
        """What will happen."""
        count = len(self.tasks)
        sentence = ngettext(
            "%(count)s open task will be finished.", "%(count)s open tasks will be finished.", count
        )  # fmt: skip
        told = [sentence % {"count": count}]
        told += [f"{task.subject.name} {task.title}" for task in self.tasks[:5]]
        if count > task_bulk.AT_ONCE:
            told.append(gettext("It goes on in the background; the list shows how far it is."))
        return told


def _works(request: Any, task: Task) -> bool:
    return task_rules.may_work(request.user, task, rights.on(request, task.subject))


def _may_finish(request: Any, task: Task) -> bool:
    return task.is_open and _works(request, task)


def _may_reopen(request: Any, task: Task) -> bool:
    takes = task.subject.is_open or task.source in task_rules.AFTERWARDS
    return not task.is_open and takes and _works(request, task)


@admin.register(Task)
class TaskAdmin(DialogsOnly):
    """Tasks of all subjects that the reader sees."""

    panel = "tasks"
    row_dialogs: ClassVar[list[str]] = ["resolve", "reopen", "edit"]

    def get_urls(self) -> list[Any]:
        """The dialogs' addresses, and the list."""
        view = self.admin_site.admin_view(self.changelist_view)
        return [path("", view, name="people_task_changelist"), *super().get_urls()]

    def has_module_permission(self, request: HttpRequest) -> bool:
        """The list stands in the sidebar."""
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        """Tasks of subjects the reader sees."""
        rows: QuerySet[Task] = Task.objects.visible_to(request.user).for_list()
        return rows

    def addresses(self, keys: list[int]) -> dict[int, str]:
        """A task is found on its subject's page."""
        rows = Task.objects.filter(pk__in=keys).select_related("incident", "case")
        return {task.pk: page_of(task) for task in rows if page_path(task.subject)}

    def after_dialog(self, request: HttpRequest, obj: Any) -> str:  # noqa: ARG002
        """Where the task is shown; from the list the list."""
        return page_of(obj) if obj is not None and page_path(obj.subject) else reverse("admin:people_task_changelist")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        listing = Listing(request)
        rights.keep(request, (task.subject for task in listing.rows))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Tasks"),
            "opts": self.opts,
            "is_fullwidth": "1",
            **listing.words(),
            "lines": [self.line(request, task) for task in listing.rows],
            "resolve_many": self.button(request, "resolve-many"),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "people/tasks/list.html", context)

    def line(self, request: HttpRequest, task: Task) -> dict[str, Any]:
        """A task with what its line shows."""
        return {
            "task": task,
            "overdue": task.is_overdue(timezone.now()),
            "url": page_of(task) if page_path(task.subject) else "",
            "people": [row.individual for row in task.doers],  # type: ignore[attr-defined]
            "buttons": self.buttons(request, self.row_dialogs, task),
        }

    @dialog(title=_("Change a task"), label=_("Change"), form=EditForm, submit=_("Save"), right=Right.WRITE,
            offered=_works)  # fmt: skip
    def edit(self, request: Any, task: Task, form: EditForm) -> None:
        """Change what the reader changed."""
        version = form.cleaned_data["version"]
        edit_task(task=task, version=version, actor=request.actor, now=timezone.now(), **form.changes())

    @dialog(title=_("Finish"), right=Right.WRITE, at_once=True, offered=_may_finish)
    def resolve(self, request: Any, task: Task, form: DialogForm) -> None:  # noqa: ARG002
        """It is done."""
        resolve_task(task=task, actor=request.actor, now=timezone.now())

    @dialog(title=_("Reopen"), right=Right.WRITE, at_once=True, offered=_may_reopen)
    def reopen(self, request: Any, task: Task, form: DialogForm) -> None:  # noqa: ARG002
        """It is not done after all."""
        reopen_task(task=task, actor=request.actor, now=timezone.now())

    @dialog(title=_("Finish tasks"), submit=_("Finish"), form=ResolveManyForm, right=Right.WRITE, on_list=True)
    def resolve_many(self, request: Any, form: ResolveManyForm) -> None:
        """Finish the chosen ones."""
        key, now = f"{request.user.pk}:{form.cleaned_data['key']}", timezone.now()
        job = task_bulk.resolve_tasks(tasks=form.tasks, key=key, actor=request.actor, now=now)
        refused = list(job.rows.filter(status=JobRow.Status.REFUSED).order_by("pk"))
        level = messages.WARNING if refused else messages.INFO
        self.message_user(request, _told(job, refused), level)


def page_of(task: Task) -> str:
    """The tab of the subject's page that shows the task."""
    return f"{page_path(task.subject)}?tab=tasks"


def _told(job: Job, refused: list[JobRow]) -> str:
    if job.status != Job.Status.SUCCEEDED:
        return gettext("%(count)s tasks are being finished.") % {"count": job.total}
    told = [gettext("Finished: %(count)s.") % {"count": job.total - len(refused)}]
    if refused:
        told.append(gettext("Not finished: %(count)s.") % {"count": len(refused)})
    return " ".join([*told, *dict.fromkeys(row.message for row in refused[:NAMED_REFUSALS])])
