"""The incident list: tabs, search, filters and pages, in a fixed number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from django.core.paginator import Page
from django.db.models import F, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import access
from core.access import Right
from core.console import rights
from core.console.counting import CappedPaginator, capped
from core.models.organizations import Project
from core.models.subjects import SubjectName
from core.search import matching_ids
from core.timeline import Event
from incidents.models import Incident, Priority, Severity, Type
from knowledge.models import Tag
from people.models import Participant, Role
from reporting.models import CostStatement

PER_PAGE = 25
Status = Incident.Status

TABS = {
    "mine": gettext_lazy("Mine"),
    "active": gettext_lazy("Active"),
    "stable": gettext_lazy("Stable"),
    "closed": gettext_lazy("Closed"),
    "all": gettext_lazy("All"),
    "deleted": gettext_lazy("Deleted"),
}
# Counting these would cost more than it tells.
COUNTED = ("mine", "active", "stable")
SORTS = {
    "reported": ("reported_at", "pk"),
    "-reported": ("-reported_at", "-pk"),
    "updated": ("updated_at", "pk"),
    "-updated": ("-updated_at", "-pk"),
}
WINDOWS = {
    "1": gettext_lazy("24 hours"),
    "7": gettext_lazy("7 days"),
    "30": gettext_lazy("30 days"),
    "365": gettext_lazy("a year"),
}
CLASSIFICATIONS: dict[str, Any] = {"type": Type, "severity": Severity, "priority": Priority}


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
class Row:
    """An incident with what its line shows."""

    incident: Incident
    last: Event | None = None
    commander: Any = None
    cost: CostStatement | None = None


class Listing:
    """What one request for the list asks, and its answer."""

    def __init__(self, request: Any) -> None:
        self.request = request
        self.asked = request.GET
        self.now = timezone.now()
        tab = self.asked.get("tab", "active")
        self.tab = tab if tab in self.tab_names else "active"
        self.text = self.asked.get("q", "").strip()[:200]
        sort = self.asked.get("sort", "")
        self.sort = sort if sort in SORTS else "-reported"

    # What may be asked

    @cached_property
    def tab_names(self) -> list[str]:
        """The tabs the reader has; the deleted ones are for those who may restore."""
        return [name for name in TABS if name != "deleted" or Right.DELETE in rights.anywhere(self.request)]

    @cached_property
    def tabs(self) -> list[dict[str, Any]]:
        """The tabs as links, the open ones counted."""
        return [
            {
                "title": TABS[name],
                "url": self.link(tab=name, page=None),
                "count": capped(self._in_tab(name)) if name in COUNTED else None,
                "here": name == self.tab,
            }
            for name in self.tab_names
        ]

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
                chosen=self._chosen(name),
                options=words,
                without=self.link(page=None, **{name: None}),
                kept=self.kept(name),
            )
            for name, words in options.items()
            if name != "project" or len(words) > 1
        ]

    @cached_property
    def person(self) -> str:
        """The participant filtered by: an address or a part of a name."""
        return self.asked.get("person", "").strip()[:200]

    @cached_property
    def window(self) -> tuple[date | None, date | None]:
        """First and last day of the report, where asked."""
        return _day(self.asked.get("from", "")), _day(self.asked.get("until", ""))

    @cached_property
    def window_said(self) -> str:
        """The reported window in words; empty when all time is meant."""
        if self.asked.get("days") in WINDOWS:
            return _("last %(span)s") % {"span": WINDOWS[self.asked["days"]]}
        first, last = self.window
        if first and last:
            return f"{first} – {last}"
        return _("since %(day)s") % {"day": first} if first else _("until %(day)s") % {"day": last} if last else ""

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter or a search hides rows of the tab."""
        return bool(self.text or self.person or self.window_said or any(self._chosen(name) for name in self._narrowing))

    _narrowing = ("project", "type", "severity", "priority", "tag")

    # The answer

    @cached_property
    def page(self) -> Page:
        """The page asked for."""
        return CappedPaginator(self.queryset, PER_PAGE).get_page(self.asked.get("page"))

    @cached_property
    def total(self) -> int:
        """How many match, at most one more than the cap."""
        return capped(self.queryset)

    @cached_property
    def queryset(self) -> Any:
        """All that match, in order."""
        found = self._in_tab(self.tab).filter(self._asked_words(), self._asked_window())
        if self.person:
            found = found.filter(pk__in=self._with_person())
        if self.text:
            found = found.filter(self._asked_text())
        return found.for_list().order_by(*SORTS[self.sort])

    @cached_property
    def rows(self) -> list[Row]:
        """The page's incidents with their last event, commander and cost."""
        incidents = list(self.page.object_list)
        last, commanders, costs = last_events(incidents), commanders_of(incidents), costs_of(incidents)
        return [
            Row(incident=one, last=last.get(one.pk), commander=commanders.get(one.pk), cost=costs.get(one.pk))
            for one in incidents
        ]

    def link(self, **changes: Any) -> str:
        """This list with other parameters; None takes one away."""
        query = self.asked.copy()
        for name, value in changes.items():
            query.pop(name, None)
            if value is not None:
                query[name] = value
        return f"?{query.urlencode()}"

    def kept(self, *dropped: str) -> list[tuple[str, str]]:
        """The present parameters but the dropped ones, for a form's hidden fields."""
        return [
            (name, value) for name, values in self.asked.lists() for value in values if name not in {*dropped, "page"}
        ]

    def words(self) -> dict[str, Any]:
        """What the list's template gets."""
        window = {"days": None, "from": None, "until": None, "page": None}
        newest = self.sort == "-reported"
        return {
            "listing": self,
            "hidden_search": self.kept("q"),
            "clear_url": f"?tab={self.tab}",
            "person_kept": self.kept("person"),
            "person_without": self.link(person=None, page=None),
            "window_kept": self.kept(*window),
            "window_without": self.link(**window),
            "windows": [
                {"title": title, "url": self.link(**{**window, "days": days})} for days, title in WINDOWS.items()
            ],
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
            ],
        }

    # How it is found

    def _in_tab(self, tab: str) -> Any:
        user = self.request.user
        if tab == "deleted":
            return Incident.objects.deleted_visible_to(user)
        rows = Incident.objects.visible_to(user)
        if tab == "mine":
            mine = Participant.objects.filter(individual__user_id=user.pk, left_at=None, incident__isnull=False)
            return rows.filter(pk__in=mine.values("incident")).exclude(status=Status.CLOSED)
        return rows if tab == "all" else rows.filter(status=tab)

    def _asked_words(self) -> Q:
        condition = Q()
        for name, model in CLASSIFICATIONS.items():
            if words := self._chosen(name):
                ids = model.objects.visible_to(self.request.user).filter(name__in=words).values_list("pk", flat=True)
                condition &= Q(**{f"{name}_id__in": list(ids)})
        if words := self._chosen("project"):
            condition &= Q(project__in=Project.objects.visible_to(self.request.user).filter(name__in=words))
        for word in self._chosen("tag"):
            tagged = Incident.tags.through.objects.filter(
                tag__name=word, tag__in=Tag.objects.visible_to(self.request.user)
            )
            condition &= Q(pk__in=tagged.values("incident"))
        return condition

    def _asked_window(self) -> Q:
        if self.asked.get("days") in WINDOWS:
            return Q(reported_at__gte=self.now - timedelta(days=int(self.asked["days"])))
        first, last = self.window
        since = Q(reported_at__gte=_midnight(first)) if first else Q()
        return since & (Q(reported_at__lt=_midnight(last + timedelta(days=1))) if last else Q())

    def _asked_text(self) -> Q:
        named = SubjectName.objects.filter(name__iexact=self.text, incident__isnull=False).values("incident")
        return Q(pk__in=matching_ids(self.request.user, "incident", self.text)) | Q(pk__in=named)

    def _with_person(self) -> Any:
        of_them = Q(individual__email__iexact=self.person) | Q(individual__name__icontains=self.person)
        return Participant.objects.filter(of_them, incident__isnull=False).values("incident")

    def _chosen(self, name: str) -> list[str]:
        return [value for value in self.asked.getlist(name) if value][:20]

    def _words(self, rows: Any) -> list[str]:
        ordering = ("order", "name") if hasattr(rows.model, "order") else ("name",)
        return list(dict.fromkeys(rows.order_by(*ordering).values_list("name", flat=True)[:500]))


def last_events(incidents: Iterable[Incident]) -> dict[int, Event]:
    """The newest event of each, in one query: its number is the length of the timeline."""
    pks = [incident.pk for incident in incidents]
    events = Event.objects.filter(incident__in=pks, seq=F("incident__event_count"))
    return {event.incident_id: event for event in events if event.incident_id}


def commanders_of(incidents: Iterable[Incident]) -> dict[int, Any]:
    """Who commands each, or commanded it last, in one query."""
    pks = [incident.pk for incident in incidents]
    roles = Role.objects.filter(incident__in=pks, role=Role.Name.COMMANDER).select_related("participant__individual")
    return {
        role.incident_id: role.participant.individual for role in roles.order_by("assumed_at", "pk") if role.incident_id
    }


def costs_of(incidents: Iterable[Incident]) -> dict[int, CostStatement]:
    """What each cost when it was last worked out, in one query."""
    pks = [incident.pk for incident in incidents]
    statements = CostStatement.objects.filter(incident__in=pks).exclude(currency="")
    return {statement.incident_id: statement for statement in statements if statement.incident_id}


def may_report(request: HttpRequest) -> bool:
    """Whether there is a project the reader may report in."""
    return access.projects_where(request.user, Right.REPORT).filter(enabled=True).exists()


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
