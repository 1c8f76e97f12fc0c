"""The columns a list of incidents can show, and those an export can carry."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from incidents.rows import Row

# Of the list on the page; name and title always stand first. The order is the page's.
SHOWN: Final[dict[str, Any]] = {
    "status": _("Status"),
    "severity": _("Severity"),
    "priority": _("Priority"),
    "type": _("Type"),
    "project": _("Project"),
    "commander": _("Commander"),
    "tags": _("Tags"),
    "tasks": _("Open tasks"),
    "cost": _("Cost"),
    "closed": _("Closed"),
    "updated": _("Last change"),
    "reported": _("Reported"),
}
USUAL: Final = ("status", "severity", "type", "commander", "cost", "reported")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of an export: what it is called and how a row's value is found, plain and untranslated.

    :ivar needs: what `rows_of` must bring. :ivar long: a text that is fetched only when asked for.
    """

    title: Any
    value: Callable[[Row], Any]
    needs: str = ""
    long: bool = False


def _of(name: str) -> Callable[[Row], Any]:
    return lambda row: getattr(row.incident, name)


def _named(name: str) -> Callable[[Row], str]:
    return lambda row: str(getattr(row.incident, name))


def _cost(row: Row) -> Decimal | None:
    return row.cost.total if row.cost else None


EXPORTED: Final[dict[str, Column]] = {
    "name": Column(title=_("Name"), value=_of("name")),
    "title": Column(title=_("Title"), value=_of("title")),
    "status": Column(title=_("Status"), value=_of("status")),
    "visibility": Column(title=_("Visibility"), value=_of("visibility")),
    "project": Column(title=_("Project"), value=_named("project")),
    "type": Column(title=_("Type"), value=_named("type")),
    "severity": Column(title=_("Severity"), value=_named("severity")),
    "priority": Column(title=_("Priority"), value=_named("priority")),
    "commander": Column(
        title=_("Commander"), value=lambda row: row.commander.email if row.commander else None, needs="commander"
    ),
    "tags": Column(title=_("Tags"), value=lambda row: [tag.name for tag in row.tags], needs="tags"),
    "open_tasks": Column(title=_("Open tasks"), value=lambda row: row.open_tasks, needs="tasks"),
    "cost": Column(title=_("Cost"), value=_cost, needs="cost"),
    "currency": Column(title=_("Currency"), value=lambda row: row.cost.currency if row.cost else None, needs="cost"),
    "reported_at": Column(title=_("Reported"), value=_of("reported_at")),
    "stable_at": Column(title=_("Stable"), value=_of("stable_at")),
    "closed_at": Column(title=_("Closed"), value=_of("closed_at")),
    "updated_at": Column(title=_("Last change"), value=_of("updated_at")),
    "id": Column(title=_("Id"), value=_named("uuid")),
    "description": Column(title=_("Description"), value=_of("description"), long=True),
    "resolution": Column(title=_("Resolution"), value=_of("resolution"), long=True),
    "summary": Column(title=_("Summary"), value=_of("summary"), long=True),
}
EXPORTED_USUALLY: Final = (
    "name", "title", "status", "visibility", "project", "type", "severity", "priority", "commander", "tags", "cost",
    "currency", "reported_at", "stable_at", "closed_at",
)  # fmt: skip
LONG: Final = tuple(name for name, column in EXPORTED.items() if column.long)
# Texts without an end that no list shows.
UNREAD: Final = (*LONG, *(f"{relation}__description" for relation in ("project", "type", "severity", "priority")))


def known(names: Iterable[str]) -> list[str]:
    """Those of the names that the list can show, in the page's order."""
    wanted = set(names)
    return [name for name in SHOWN if name in wanted]
