"""The list of tasks: tabs, search, filters and pages, in a fixed number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.console.asking import Asking, midnight, within
from core.console.counting import FEW, OWN, CappedPaginator, capped, in_words
from core.models import Job
from core.models.organizations import Project
from core.search import matching_ids
from people.flows import task_bulk
from people.models import Task, TaskAssignee

PER_PAGE = 25
TABS = {
    "mine": gettext_lazy("Mine"),
    "open": gettext_lazy("Open"),
    "overdue": gettext_lazy("Overdue"),
    "resolved": gettext_lazy("Resolved"),
    "all": gettext_lazy("All"),
}
# How far these are counted.
COUNTED = {"mine": OWN, "open": FEW, "overdue": FEW}
WINDOWS = {
    "today": gettext_lazy("by tonight"),
    "7": gettext_lazy("within 7 days"),
    "30": gettext_lazy("within 30 days"),
}
WORDS: dict[str, tuple[Any, Any]] = {
    "priority": (gettext_lazy("Priority"), Task.Priority),
    "source": (gettext_lazy("Source"), Task.Source),
}
# A finished job is worth a line for so long.
TOLD_FOR = timedelta(minutes=10)


@dataclass(kw_only=True)
class Chip:
    """One filter: what it is called, what is chosen, and what can be chosen (value and label)."""

    name: str
    title: Any
    options: list[tuple[str, Any]]
    chosen: list[str]
    without: str
    kept: list[tuple[str, str]] = field(default_factory=list)

    @property
    def said(self) -> str:
        """The choice in words."""
        return ", ".join(str(label) for value, label in self.options if value in self.chosen)


class Listing(Asking):
    """What one request for the list asks, and its answer."""

    def __init__(self, request: Any) -> None:
        super().__init__(request)
        tab = self.asked.get("tab", "mine")
        self.tab = tab if tab in TABS else "mine"
        self.text, self.person = self.typed("q"), self.typed("person")

    # What may be asked

    @cached_property
    def tabs(self) -> list[dict[str, Any]]:
        """The tabs as links, those with work counted."""
        return [
            {
                "title": title,
                "url": self.link(tab=name, page=None),
                "count": in_words(capped(self._in_tab(name), COUNTED[name]), COUNTED[name])
                if name in COUNTED
                else None,
                "here": name == self.tab,
            }
            for name, title in TABS.items()
        ]

    @cached_property
    def chips(self) -> list[Chip]:
        """The filters by a choice of words."""
        projects = Project.objects.visible_to(self.user).order_by("name", "pk").values_list("name", flat=True)[:200]
        names = [(name, name) for name in dict.fromkeys(projects)]
        chips = [self._chip("project", _("Project"), names)] if len(names) > 1 else []
        return [*chips, *(self._chip(name, title, words.choices) for name, (title, words) in WORDS.items())]

    @cached_property
    def window(self) -> tuple[date | None, date | None]:
        """First and last day on which the tasks are due, where asked."""
        return self.days("from", "until")

    @cached_property
    def window_said(self) -> str:
        """The due window in words; empty when all time is meant."""
        if self.asked.get("due") in WINDOWS:
            return str(WINDOWS[self.asked["due"]])
        first, last = self.window
        if first and last:
            return f"{first} – {last}"
        return _("from %(day)s") % {"day": first} if first else _("until %(day)s") % {"day": last} if last else ""

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter or a search hides rows of the tab."""
        return bool(self.text or self.person or self.window_said or any(chip.chosen for chip in self.chips))

    # The answer

    @cached_property
    def found(self) -> Any:
        """All that match, in order."""
        rows = self._in_tab(self.tab).filter(self._asked_words(), self._asked_window())
        if self.person:
            rows = rows.filter(self._of_person())
        if self.text:
            rows = rows.filter(pk__in=matching_ids(self.user, "task", self.text))
        # Finishing is the last that happens to most, and the last change has an index.
        return rows.order_by("due_at", "pk") if self.tab in COUNTED else rows.order_by("-updated_at", "-pk")

    @cached_property
    def page(self) -> Any:
        """The page asked for."""
        return CappedPaginator(self.found.for_list(), PER_PAGE).get_page(self.asked.get("page"))

    @cached_property
    def total(self) -> int:
        """How many match, at most one more than the cap."""
        paginator: Any = self.page.paginator
        return int(paginator.total)

    @cached_property
    def rows(self) -> list[Task]:
        """The page's tasks."""
        return list(self.page.object_list)

    @cached_property
    def job(self) -> Job | None:
        """The reader's bulk change that runs, or ended just now."""
        waits = Q(status__in=[*Job.WAITING, Job.Status.RUNNING])
        recent = Q(finished_at__gt=self.now - TOLD_FOR, total__gt=task_bulk.AT_ONCE)
        own = Job.objects.filter(waits | recent, kind=task_bulk.KIND, user_id=self.user.pk)
        return own.order_by("-created_at", "-pk").first()

    def words(self) -> dict[str, Any]:
        """What the list's template gets."""
        window = {"due": None, "from": None, "until": None, "page": None}
        return {
            "listing": self,
            "search_kept": self.kept("q"),
            "all_kept": self.kept("task", "all"),
            "clear_url": f"?tab={self.tab}",
            "person_kept": self.kept("person"),
            "person_without": self.link(person=None, page=None),
            "window_kept": self.kept(*window),
            "window_without": self.link(**window),
            "windows": [{"title": title, "url": self.link(**{**window, "due": due})} for due, title in WINDOWS.items()],
        }

    # How it is found

    def _in_tab(self, tab: str) -> Any:
        rows = Task.objects.visible_to(self.user)
        if tab == "all":
            return rows
        if tab == "resolved":
            return rows.filter(status=Task.Status.RESOLVED)
        if tab == "mine":
            return rows.open().held_by(individual__user=self.user)
        return rows.open().filter(due_at__lte=self.now) if tab == "overdue" else rows.open()

    def _chip(self, name: str, title: Any, options: Iterable[tuple[str, Any]]) -> Chip:
        without = self.link(page=None, **{name: None})
        return Chip(
            name=name, title=title, options=list(options), chosen=self.chosen(name), without=without,
            kept=self.kept(name),
        )  # fmt: skip

    def _asked_words(self) -> Q:
        condition = Q()
        for name in WORDS:
            if chosen := self.chosen(name):
                condition &= Q(**{f"{name}__in": chosen})
        if chosen := self.chosen("project"):
            projects = Project.objects.visible_to(self.user).filter(name__in=chosen)
            condition &= Q(incident__project__in=projects) | Q(case__project__in=projects)
        return condition

    def _asked_window(self) -> Q:
        due = self.asked.get("due")
        if due in WINDOWS:
            tonight = midnight(timezone.localdate(self.now) + timedelta(days=1))
            return Q(due_at__lt=tonight if due == "today" else self.now + timedelta(days=int(due)))
        return within("due_at", *self.window)

    def _of_person(self) -> Q:
        def of(path: str) -> Q:
            return Q(**{f"{path}__email__iexact": self.person}) | Q(**{f"{path}__name__icontains": self.person})

        return of("owner") | Q(pk__in=TaskAssignee.objects.filter(of("individual")).values("task"))
