"""What a request for incidents asks (tab, words, people, windows, text, order), and the incidents that answer it.

The list, the export and the bulk changes read the same parameters the same way.
"""

from datetime import date, timedelta
from functools import cached_property
from itertools import chain
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.access import Right
from core.console import rights
from core.console.asking import Asking, within
from core.models.organizations import Project
from core.models.subjects import SubjectName
from core.search import matching_ids
from incidents.models import Incident, Priority, Severity, Type
from knowledge.models import Tag
from people.models import Participant, Role

Status = Incident.Status
TABS = {
    "mine": gettext_lazy("Mine"),
    "active": gettext_lazy("Active"),
    "stable": gettext_lazy("Stable"),
    "closed": gettext_lazy("Closed"),
    "all": gettext_lazy("All"),
    "deleted": gettext_lazy("Deleted"),
}
SORTS: dict[str, tuple[Any, ...]] = {
    "reported": ("reported_at", "pk"),
    "-reported": ("-reported_at", "-pk"),
    "updated": ("updated_at", "pk"),
    "-updated": ("-updated_at", "-pk"),
    "-closed": ("-closed_at", "-pk"),
}
WINDOWS = {
    "1": gettext_lazy("last 24 hours"),
    "7": gettext_lazy("last 7 days"),
    "30": gettext_lazy("last 30 days"),
    "365": gettext_lazy("last 12 months"),
}
# The parameters of each window: last so many days, first day, last day.
MOMENTS = {
    "reported_at": ("days", "from", "until"),
    "stable_at": ("stable_days", "stable_from", "stable_until"),
    "closed_at": ("closed_days", "closed_from", "closed_until"),
}
CLASSIFICATIONS: dict[str, Any] = {"type": Type, "severity": Severity, "priority": Priority}
NARROWING = ("project", "type", "severity", "priority", "tag")
# All that says which incidents are meant; the rest is about the page.
PARAMETERS = frozenset(
    {"tab", "q", "sort", "person", "commander", "incident", *NARROWING, *chain.from_iterable(MOMENTS.values())}
)


class Finding(Asking):
    """What is asked, and the incidents found."""

    def __init__(self, request: Any) -> None:
        super().__init__(request)
        tab = self.asked.get("tab", "active")
        self.tab = tab if tab in self.tab_names else "active"
        self.text, self.person, self.commander = map(self.typed, ("q", "person", "commander"))
        sort = self.asked.get("sort", "")
        # Open ones have no time to go by, and the databases do not agree where they belong.
        fits = sort in SORTS and (sort != "-closed" or self.tab == "closed")
        self.sort = sort if fits else "-reported"

    @cached_property
    def tab_names(self) -> list[str]:
        """The tabs the reader has; the deleted ones are for those who may restore."""
        return [name for name in TABS if name != "deleted" or Right.DELETE in rights.anywhere(self.request)]

    def window(self, moment: str) -> tuple[date | None, date | None]:
        """First and last day asked for, where they are."""
        _days, first, last = MOMENTS[moment]
        return self.days(first, last)

    def window_said(self, moment: str) -> str:
        """The window in words; empty when all time is meant."""
        days = self.asked.get(MOMENTS[moment][0])
        if days in WINDOWS:
            return str(WINDOWS[days])
        first, last = self.window(moment)
        if first and last:
            return f"{first} – {last}"
        return _("since %(day)s") % {"day": first} if first else _("until %(day)s") % {"day": last} if last else ""

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter or a search hides rows of the tab."""
        typed = self.text or self.person or self.commander
        return bool(typed or any(map(self.window_said, MOMENTS)) or any(self.chosen(name) for name in NARROWING))

    @property
    def clearing(self) -> str:
        """What leads out of too narrow a question, in words."""
        filtered = self.person or self.commander or any(map(self.window_said, MOMENTS))
        if not filtered and not any(self.chosen(name) for name in NARROWING):
            return _("Clear the search")
        return _("Clear search and filter") if self.text else _("Clear the filter")

    @cached_property
    def queryset(self) -> Any:
        """All that match, in order."""
        found = self.in_tab(self.tab).filter(self._asked_words(), *map(self._asked_window, MOMENTS))
        if self.person:
            found = found.filter(pk__in=self._with_person())
        if self.commander:
            found = found.filter(pk__in=self._commanded())
        if self.text:
            found = found.filter(self._asked_text())
        return found.for_list().order_by(*SORTS[self.sort])

    def in_tab(self, tab: str) -> Any:
        """All of a tab, whatever else is asked."""
        user = self.request.user
        if tab == "deleted":
            return Incident.objects.deleted_visible_to(user)
        rows = Incident.objects.visible_to(user)
        if tab == "mine":
            mine = Participant.objects.filter(individual__user_id=user.pk, left_at=None, incident__isnull=False)
            return rows.filter(pk__in=mine.values("incident")).exclude(status=Status.CLOSED)
        return rows if tab == "all" else rows.filter(status=tab)

    def chosen_rows(self) -> Any:
        """The incidents ticked by key, or with `all` everything that matches; never deleted ones."""
        if self.asked.get("all"):
            return self.queryset.filter(deleted_at=None)
        keys = [int(key) for key in self.asked.getlist("incident") if key.isdecimal() and len(key) < 18]
        return Incident.objects.visible_to(self.request.user).filter(pk__in=keys).for_list().order_by(*SORTS[self.sort])

    @property
    def is_ticked(self) -> bool:
        """Whether single incidents are meant, and not all that match."""
        return bool(self.asked.getlist("incident")) and not self.asked.get("all")

    def exported_rows(self) -> Any:
        """The ticked incidents, or without any all that match; never deleted ones."""
        return self.chosen_rows() if self.is_ticked else self.queryset.filter(deleted_at=None)

    def _asked_words(self) -> Q:
        condition = Q()
        for name, model in CLASSIFICATIONS.items():
            if words := self.chosen(name):
                ids = model.objects.visible_to(self.request.user).filter(name__in=words).values_list("pk", flat=True)
                condition &= Q(**{f"{name}_id__in": list(ids)})
        if words := self.chosen("project"):
            condition &= Q(project__in=Project.objects.visible_to(self.request.user).filter(name__in=words))
        for word in self.chosen("tag"):
            tagged = Incident.tags.through.objects.filter(
                tag__name=word, tag__in=Tag.objects.visible_to(self.request.user)
            )
            condition &= Q(pk__in=tagged.values("incident"))
        return condition

    def _asked_window(self, moment: str) -> Q:
        days = self.asked.get(MOMENTS[moment][0])
        if days in WINDOWS:
            return Q(**{f"{moment}__gte": self.now - timedelta(days=int(days))})
        return within(moment, *self.window(moment))

    def _asked_text(self) -> Q:
        # Keys and not a subquery: the databases would look at every incident for the one or the other.
        named = SubjectName.objects.filter(name__in=[self.text, self.text.upper()], incident__isnull=False)
        keys = {*matching_ids(self.request.user, "incident", self.text), *named.values_list("incident", flat=True)}
        return Q(pk__in=sorted(keys))

    def _with_person(self) -> Any:
        return Participant.objects.filter(_is_person("", self.person), incident__isnull=False).values("incident")

    def _commanded(self) -> Any:
        """Incidents that the person commands, or commanded when they were closed."""
        held = Q(renounced_at=None) | Q(ended_by__isnull=False, incident__status=Status.CLOSED)
        roles = Role.objects.filter(held, role=Role.Name.COMMANDER, incident__isnull=False)
        if self.commander == "me":
            mine = roles.filter(participant__individual__user_id=self.request.user.pk)
            return mine.values("incident")
        return roles.filter(_is_person("participant__", self.commander)).values("incident")


def _is_person(path: str, text: str) -> Q:
    return Q(**{f"{path}individual__email__iexact": text}) | Q(**{f"{path}individual__name__icontains": text})
