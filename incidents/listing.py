"""The incident list's page: tabs, chips, saved views, columns and pages, in a fixed number of queries."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import access
from core.access import Right
from core.console.counting import FEW, OWN, CappedPaginator, capped, in_words
from core.console.once import once
from core.listings import query_of
from core.models import ListColumns, SavedView
from core.models.organizations import Project
from incidents import columns
from incidents.finding import CLASSIFICATIONS, MOMENTS, PARAMETERS, TABS, WINDOWS, Finding
from incidents.rows import Row, last_events, rows_of
from knowledge.models import Tag

PER_PAGE = 25
# The name of the list in saved views and kept columns.
NAME = "incidents"
# How far these are counted; counting the others would cost more than it tells.
COUNTED = {"mine": OWN, "active": FEW, "stable": FEW}
MOST_VIEWS = 30
WINDOW_TITLES = {
    "reported_at": gettext_lazy("Reported"),
    "stable_at": gettext_lazy("Stable"),
    "closed_at": gettext_lazy("Closed"),
}


@dataclass(kw_only=True)
class Chip:
    """One filter: what it is called, what is chosen, and what can be chosen."""

    name: str
    title: Any
    chosen: list[str]
    options: list[str] = field(default_factory=list)
    without: str = ""
    kept: list[tuple[str, str]] = field(default_factory=list)

    @property
    def said(self) -> str:
        """The choice in words."""
        return ", ".join(self.chosen)


@dataclass(kw_only=True)
class WindowChip:
    """A filter by when something happened."""

    title: Any
    said: str
    first: Any
    last: Any
    names: tuple[str, ...]
    without: str
    kept: list[tuple[str, str]]
    spans: list[dict[str, Any]]


class Listing(Finding):
    """What one request for the list asks, and its answer."""

    # What may be asked

    @cached_property
    def tabs(self) -> list[dict[str, Any]]:
        """The tabs as links, the open ones counted; then the saved views."""
        tabs = [
            {
                "title": TABS[name],
                "url": self.link(tab=name, page=None, view=None),
                "count": in_words(count_in(self.request, name), COUNTED[name]) if name in COUNTED else None,
                "here": self.view is None and name == self.tab,
            }
            for name in self.tab_names
        ]
        return tabs + [
            {"title": view.name, "url": query_of(view), "count": None, "here": view == self.view} for view in self.views
        ]

    @cached_property
    def views(self) -> list[SavedView]:
        """The reader's saved views, and those shared with them."""
        rows = SavedView.objects.visible_to(self.request.user).filter(listing=NAME).select_related("project")
        return list(rows.order_by("name", "pk")[:MOST_VIEWS])

    @cached_property
    def view(self) -> SavedView | None:
        """The saved view that is open."""
        asked = self.asked.get("view", "")
        return next((view for view in self.views if str(view.uuid) == asked), None)

    @cached_property
    def columns(self) -> list[str]:
        """The columns shown: the open view's, else those the reader chose, else the usual ones."""
        if self.view and self.view.columns:
            return columns.known(self.view.columns)
        kept = ListColumns.objects.filter(user_id=self.request.user.pk, listing=NAME).first()
        return columns.known(kept.columns if kept and kept.columns else columns.USUAL)

    @cached_property
    def heads(self) -> list[tuple[str, Any]]:
        """The columns with their titles."""
        return [(name, columns.SHOWN[name]) for name in self.columns]

    @cached_property
    def chips(self) -> list[Chip]:
        """The filters by a choice of words."""
        options = {
            "project": self._words(Project.objects.visible_to(self.request.user)),
            **{
                name: self._words(model.objects.visible_to(self.request.user))
                for name, model in CLASSIFICATIONS.items()
            },
            "tag": self._words(Tag.objects.visible_to(self.request.user)),
        }
        titles = {
            "project": _("Project"), "type": _("Type"), "severity": _("Severity"), "priority": _("Priority"),
            "tag": _("Tags"),
        }  # fmt: skip
        return [
            Chip(
                name=name,
                title=titles[name],
                chosen=self.chosen(name),
                options=words,
                without=self.link(page=None, **{name: None}),
                kept=self.kept(name),
            )
            for name, words in options.items()
            if name != "project" or len(words) > 1
        ]

    @cached_property
    def windows(self) -> list[WindowChip]:
        """The filters by time; the one by stability only where a figure led here."""
        shown = [moment for moment in MOMENTS if moment != "stable_at" or self.window_said(moment)]
        return [self._window_chip(moment) for moment in shown]

    # The answer

    @cached_property
    def page(self) -> Page:
        """The page asked for."""
        return CappedPaginator(self.queryset.defer(*columns.UNREAD), PER_PAGE).get_page(self.asked.get("page"))

    @cached_property
    def total(self) -> int:
        """How many match, at most one more than the cap."""
        paginator: Any = self.page.paginator
        return int(paginator.total)

    @cached_property
    def rows(self) -> list[Row]:
        """The page's incidents with their last event and what the columns show."""
        incidents = list(self.page.object_list)
        rows, last = rows_of(incidents, self.columns), last_events(incidents)
        for row in rows:
            row.last = last.get(row.incident.pk)
        return rows

    def meant(self) -> list[tuple[str, str]]:
        """The parameters that say which incidents are meant, for bulk changes, exports and saved views."""
        asked = [(name, value) for name, value in self.kept("incident", "all") if name in PARAMETERS]
        return asked if "tab" in self.asked else [("tab", self.tab), *asked]

    def words(self) -> dict[str, Any]:
        """What the list's template gets."""
        newest = self.sort == "-reported"
        return {
            "listing": self,
            "hidden_search": self.kept("q"),
            "meant": self.meant(),
            "export_query": "?" + urlencode(self.meant()),
            "clear_url": f"?tab={self.tab}",
            "person_kept": self.kept("person"),
            "person_without": self.link(person=None, page=None),
            "commander_kept": self.kept("commander"),
            "commander_without": self.link(commander=None, page=None),
            "commander_me": self.link(commander="me", page=None),
            "sort_links": [
                {
                    "title": _("Reported ↓") if newest else _("Reported ↑"),
                    "url": self.link(sort="reported" if newest else "-reported", page=None),
                    "on": self.sort.endswith("reported"),
                },
                {
                    "title": _("Last change"),
                    "url": self.link(sort="-updated", page=None),
                    "on": self.sort == "-updated",
                },
                *([self._sort_by_closing()] if self.tab == "closed" else []),
            ],
        }

    def _sort_by_closing(self) -> dict[str, Any]:
        return {"title": _("Closed"), "url": self.link(sort="-closed", page=None), "on": self.sort == "-closed"}

    def _window_chip(self, moment: str) -> WindowChip:
        names = MOMENTS[moment]
        cleared: dict[str, Any] = {**dict.fromkeys(names), "page": None}
        first, last = self.window(moment)
        return WindowChip(
            title=WINDOW_TITLES[moment], said=self.window_said(moment), first=first, last=last, names=names,
            without=self.link(**cleared), kept=self.kept(*names),
            spans=[
                {"title": title, "url": self.link(**{**cleared, names[0]: days})} for days, title in WINDOWS.items()
            ],
        )  # fmt: skip

    def _words(self, rows: Any) -> list[str]:
        ordering = ("order", "name") if hasattr(rows.model, "order") else ("name",)
        return list(dict.fromkeys(rows.order_by(*ordering).values_list("name", flat=True)[:500]))


def count_in(request: HttpRequest, tab: str) -> int:
    """How many are in a tab, at most one more than `COUNTED` says; asked once a page."""
    return once(request, f"incidents in {tab}", lambda: capped(Finding(request).in_tab(tab), COUNTED[tab]))


def may_report(request: HttpRequest) -> bool:
    """Whether there is a project the reader may report in."""
    return Project.objects.filter(pk__in=access.projects_where(request.user, Right.REPORT), enabled=True).exists()
