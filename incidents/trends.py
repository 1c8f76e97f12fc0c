"""Trends of incidents: reported, time to stable, time to close, cost; by month, type or severity.

The database adds up; every query begins at what the reader sees, so no figure tells of what they may not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import (
    Case,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    IntegerField,
    Max,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.console import ages
from core.console.asking import midnight, within
from core.console.charts import Bar, Chart, Part, in_short
from core.models.organizations import Project
from incidents.models import Incident, Severity, Type

LIST: Final = "admin:incidents_incident_changelist"
BY: Final = {
    "month": gettext_lazy("By month"),
    "type": gettext_lazy("By type"),
    "severity": gettext_lazy("By severity"),
}
MONTHS: Final = ("3", "6", "12", "24")
MOST_NAMES: Final = 12
PLAIN: Final = "var(--sev-none)"
# Which parameters of the list say when.
WHEN: Final = {
    "reported_at": ("from", "until"),
    "stable_at": ("stable_from", "stable_until"),
    "closed_at": ("closed_from", "closed_until"),
}


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One bar's place: a month, or a name over the whole time."""

    key: Any
    label: str
    first: date
    last: date
    narrowing: tuple[tuple[str, str], ...] = ()


class Trends:
    """What one request asks, and the charts that answer it."""

    def __init__(self, request: Any) -> None:
        self.request, asked = request, request.GET
        self.by = asked.get("by") if asked.get("by") in BY else "month"
        self.months = asked.get("months") if asked.get("months") in MONTHS else "6"
        self.project = asked.get("project", "")[:100]
        self.type = asked.get("type", "")[:100]
        self.today = timezone.localdate()

    @cached_property
    def first(self) -> date:
        """The first day of the first month."""
        return _months_back(self.today, int(self.months) - 1)

    @cached_property
    def projects(self) -> list[str]:
        """The projects to choose among."""
        names = Project.objects.visible_to(self.request.user).order_by("name").values_list("name", flat=True)
        return list(dict.fromkeys(names[:500]))

    @cached_property
    def types(self) -> list[str]:
        """The types to choose among."""
        names = Type.objects.visible_to(self.request.user).order_by("name").values_list("name", flat=True)
        return list(dict.fromkeys(names[:500]))

    @cached_property
    def charts(self) -> list[Chart]:
        """The four charts; of cost one a currency."""
        return [self._reported(), *self._durations(), *self._costs()]

    def words(self) -> dict[str, Any]:
        """What the template gets."""
        return {"trends": self, "choices": list(BY.items()), "month_choices": MONTHS}

    # What is counted

    def rows(self, moment: str) -> Any:
        """The reader's incidents to which it happened in the time asked for."""
        rows = Incident.objects.visible_to(self.request.user).filter(within(moment, self.first, self.today))
        if self.project:
            rows = rows.filter(project__in=Project.objects.visible_to(self.request.user).filter(name=self.project))
        return rows.filter(type__name=self.type) if self.type else rows

    def _group(self, moment: str) -> Any:
        """The number of the month, or the name. Comparing is quicker than cutting dates, and right in every zone."""
        if self.by != "month":
            return F(f"{self.by}__name")
        starts = self._starts()
        before = [
            When(**{f"{moment}__lt": midnight(start)}, then=Value(number)) for number, start in enumerate(starts[1:])
        ]
        return Case(*before, default=Value(len(starts) - 1), output_field=IntegerField())

    def _starts(self) -> list[date]:
        """The first day of each month."""
        return [_months_back(self.today, back) for back in reversed(range(int(self.months)))]

    def counts(self) -> dict[Any, list[dict[str, Any]]]:
        """How many were reported: by slot, one row a severity, in the order of severities."""
        counted = (
            self.rows("reported_at").order_by().annotate(slot=self._group("reported_at"))
            .values("slot", "severity__name")
            .annotate(count=Count("pk"), rank=Max("severity__order"), colour=Max("severity__colour"))
        )  # fmt: skip
        found: dict[Any, list[dict[str, Any]]] = {}
        for row in sorted(counted, key=lambda row: (row["rank"], row["severity__name"])):
            found.setdefault(row["slot"], []).append(row)
        return found

    def _reported(self) -> Chart:
        found = self.counts()
        every = (row for rows in found.values() for row in rows)
        rows = sorted(every, key=lambda row: (-row["rank"], row["severity__name"]))
        legend = {row["severity__name"]: row["colour"] or PLAIN for row in rows}
        bars = [self._counted(slot, found.get(slot.key, [])) for slot in self.slots(found)]
        return self._chart(_("Reported"), _("incidents"), bars, legend=legend)

    def _counted(self, slot: Slot, rows: list[dict[str, Any]]) -> Bar:
        parts = [
            Part(value=row["count"], said=f"{row['count']:,} {row['severity__name']}", colour=row["colour"] or PLAIN)
            for row in rows
        ]
        total = f"{sum(row['count'] for row in rows):,}"
        said = total if self.by != "month" or not parts else f"{total} ({', '.join(part.said for part in parts)})"
        return Bar(label=slot.label, figure=total, said=said, url=self._list(slot, "reported_at"), parts=parts)

    def _durations(self) -> Iterable[Chart]:
        titles = {"stable_at": _("Time to stable"), "closed_at": _("Time to close")}
        for moment, title in titles.items():
            found = self.medians(moment)
            bars = []
            for slot in self.slots(found):
                median, count = found.get(slot.key, (timedelta(), 0))
                span = _long(median)
                told = _("%(span)s of %(count)s") % {"span": span, "count": f"{count:,}"}
                said = told if count else _("none")
                parts = [Part(value=median.total_seconds(), said=said)] if count else []
                url = self._list(slot, moment)
                bars.append(Bar(label=slot.label, figure=span, said=said, url=url, parts=parts))
            yield self._chart(title, _("median, from the report"), bars)

    def medians(self, moment: str) -> dict[Any, tuple[timedelta, int]]:
        """The median of each group and its size: the mean of the one or two rows in the middle."""
        took = ExpressionWrapper(F(moment) - F("reported_at"), output_field=DurationField())
        numbered = self.rows(moment).order_by().annotate(slot=self._group(moment), took=took).annotate(
            place=Window(RowNumber(), partition_by=[F("slot")], order_by=F("took").asc()),
            size=Window(Count("pk"), partition_by=[F("slot")]),
        )  # fmt: skip
        middle = numbered.filter(place__gte=F("size") / Value(2.0), place__lte=F("size") / Value(2.0) + Value(1.0))
        found: dict[Any, list[tuple[timedelta, int]]] = {}
        for slot, span, size in middle.values_list("slot", "took", "size"):
            found.setdefault(slot, []).append((span, size))
        return {
            slot: (sum((span for span, _size in rows), timedelta()) / len(rows), rows[0][1])
            for slot, rows in found.items()
        }

    def totals(self) -> dict[str, dict[Any, Any]]:
        """The costs of what was reported: by currency and slot."""
        stated = self.rows("reported_at").order_by().filter(coststatements__total__gt=0)
        added = (
            stated.annotate(slot=self._group("reported_at"))
            .values("slot", "coststatements__currency").annotate(total=Sum("coststatements__total"))
        )  # fmt: skip
        found: dict[str, dict[Any, Any]] = {}
        for row in added:
            found.setdefault(row["coststatements__currency"], {})[row["slot"]] = row["total"]
        return found

    def _costs(self) -> list[Chart]:
        found = self.totals()
        return [self._cost(currency, found[currency]) for currency in sorted(found)] or [self._cost("", {})]

    def _cost(self, currency: str, totals: dict[Any, Any]) -> Chart:
        bars = []
        for slot in self.slots(totals):
            total = totals.get(slot.key, 0)
            said = f"{total:,.0f} {currency}".strip()
            parts = [Part(value=float(total), said=said)] if total else []
            url = self._list(slot, "reported_at")
            bars.append(Bar(label=slot.label, figure=in_short(total), said=said, url=url, parts=parts))
        note = _("of the incidents reported then") + (f", {currency}" if currency else "")
        return self._chart(_("Cost"), note, bars)

    def _chart(self, title: str, note: str, bars: list[Bar], legend: dict[str, str] | None = None) -> Chart:
        """Months as they were, severities the worst first, types the largest first; of many names so many."""
        if self.by == "month":
            return Chart(title=title, note=note, bars=bars, legend=list((legend or {}).items()))
        if self.by == "type":
            bars.sort(key=lambda bar: bar.value, reverse=True)
        if len(bars) > MOST_NAMES:
            words = {"note": note, "shown": MOST_NAMES, "all": len(bars)}
            note = _("%(note)s, the first %(shown)s of %(all)s") % words
        return Chart(title=title, note=note, bars=bars[:MOST_NAMES], upright=False)

    # The bars' places and lists

    def slots(self, found: dict[Any, Any]) -> Sequence[Slot]:
        """The places of a chart: each month asked for, or the names that were found, severities the worst first."""
        if self.by != "month":
            return [
                Slot(
                    key=name, label=str(name), first=self.first, last=self.today, narrowing=((str(self.by), str(name)),)
                )
                for name in sorted(found, key=lambda name: (-self._ranks.get(name, 0), str(name)))
            ]
        starts = self._starts()
        ends = [start - timedelta(days=1) for start in starts[1:]] + [self.today]
        return [
            Slot(key=number, label=f"{first:%b}" if first.month > 1 else f"{first:%b %Y}", first=first, last=last)
            for number, (first, last) in enumerate(zip(starts, ends, strict=True))
        ]

    @cached_property
    def _ranks(self) -> dict[str, int]:
        """How grave each severity is; names of types have no order."""
        if self.by != "severity":
            return {}
        rows = Severity.objects.visible_to(self.request.user).values_list("name")
        return dict(rows.annotate(rank=Max("order")))

    def _list(self, slot: Slot, moment: str) -> str:
        first, last = WHEN[moment]
        pairs = [("tab", "all"), (first, slot.first.isoformat()), (last, slot.last.isoformat()), *slot.narrowing]
        pairs += [(name, value) for name, value in (("project", self.project), ("type", self.type)) if value]
        return f"{reverse(LIST)}?{urlencode(list(dict.fromkeys(pairs)))}"


def _long(span: timedelta) -> str:
    """How long something took; an age of no minute is "now", a duration is not."""
    return ages.short(span) if span >= timedelta(minutes=1) else _("under 1 min")


def _months_back(day: date, months: int) -> date:
    """The first day of the month that lies so many back."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)
