"""The sidebar: by task, not by app. Only what the reader may open; counts come from those who know them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.admin import site
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.access import may_use_console
from core.console import setting_up
from core.console.once import once


@dataclass(frozen=True, kw_only=True)
class Place:
    """An entry of the sidebar: a page, or several pages as tabs (the first is the entry's own).

    :ivar pages: "app.model", each the list of that model. :ivar link: instead, the name of an address, where `offered`.
    """

    title: Any
    icon: str
    pages: tuple[str, ...] = ()
    badge: str = ""
    link: str = ""
    offered: Callable[[HttpRequest], bool] = field(default=lambda _request: True)


@dataclass(frozen=True, kw_only=True)
class Section:
    """A group of entries."""

    title: Any
    places: tuple[Place, ...] = field(default=())


SECTIONS = (
    Section(
        title=_("Respond"),
        places=(
            Place(title=_("Incidents"), icon="emergency_home", pages=("incidents.incident",), badge="incidents"),
            Place(title=_("Status page"), icon="monitor_heart", link="status"),
            Place(title=_("Tasks"), icon="task_alt", pages=("people.task",), badge="tasks"),
            Place(
                title=_("On-call"),
                icon="notifications_active",
                pages=("people.service", "people.shift", "people.swap", "people.page"),
                badge="on_call",
            ),
        ),
    ),
    Section(
        title=_("Learn"),
        places=(
            Place(title=_("Documents"), icon="description", pages=("knowledge.document",)),
            Place(title=_("Mail"), icon="mail", pages=("integrations.outgoingmail",)),
        ),
    ),
    Section(
        title=_("Set up"),
        places=(
            Place(title=_("Set-up"), icon="checklist", link="admin:set-up", offered=setting_up.is_for),
            Place(title=_("People"), icon="groups", pages=("people.individual", "people.team", "people.merge")),
            Place(title=_("Roles and rules"), icon="rule", pages=("people.rolepolicy", "people.engagementrule")),
            Place(title=_("Costs"), icon="payments", pages=("reporting.costtype",)),
            Place(
                title=_("Types and words"),
                icon="category",
                pages=(
                    "incidents.type", "incidents.severity", "incidents.priority", "cases.type", "cases.severity",
                    "cases.priority", "knowledge.tag", "knowledge.tagtype", "knowledge.template",
                ),
            ),
            Place(title=_("Integrations"), icon="extension", pages=("integrations.plugininstance",)),
            Place(
                title=_("Operations"),
                icon="sync_alt",
                pages=("core.operation", "django_celery_beat.periodictask"),
                badge="operations",
            ),
            Place(title=_("Projects"), icon="folder_open", pages=("core.project", "core.organization")),
            Place(
                title=_("Access"),
                icon="key",
                pages=("core.membership", "core.user", "core.apitoken", "core.accountsession", "core.accountevent"),
            ),
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Landing:
    """A page of the console by its name. `inside` names the place whose tab it is, if it is one."""

    title: str
    icon: str
    url: str
    inside: str = ""


Badge = Callable[[HttpRequest], tuple[str, str] | None]
_badges: dict[str, Badge] = {}


def register_badge(key: str, badge: Badge) -> None:
    """Say how a place's count is found: its text and variant ("plain", "alarm"), or None for none."""
    _badges[key] = badge


def sections(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar as Unfold wants it."""
    if not may_use_console(request.user):
        return [{"title": "", "items": _of_members(request)}]
    home = {"title": _("Home"), "icon": "home", "link": reverse("admin:index")}
    groups = [{"title": "", "items": [home]}]
    for section in SECTIONS:
        items = [item for place in section.places if (item := _item(request, place))]
        if items:
            groups.append({"title": section.title, "items": items})
    return groups


def landings(request: HttpRequest) -> list[Landing]:
    """The reader's places, and then the pages that are their tabs."""
    places, pages = [], []
    for place, names in _open_pages(request).items():
        links = _links(request, place)
        if links:
            places.append(Landing(title=str(place.title), icon=place.icon, url=links[0]))
        pages += [
            Landing(title=_name(page), icon=place.icon, url=_list_of(page), inside=str(place.title))
            for page in names
            if len(names) > 1
        ]
    return [*places, *pages]


def tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """The pages of one place as tabs above their lists."""
    several = [pages for place, pages in _open_pages(request).items() if len(pages) > 1]
    return [
        {"models": pages, "items": [{"title": _name(page), "link": _list_of(page)} for page in pages]}
        for pages in several
    ]


def account(request: HttpRequest) -> list[dict[str, Any]]:
    """The links under the reader's name; the lists of views and tokens are pages of the console."""
    pages = [
        {"title": _("My views"), "link": reverse("admin:core_savedview_changelist")},
        {"title": _("My API tokens"), "link": reverse("admin:core_apitoken_changelist")},
    ]
    return [
        {"title": _("My account"), "link": reverse("account")},
        *(pages if may_use_console(request.user) else []),
        {"title": _("Change password"), "link": reverse("account_password")},
    ]


def _of_members(request: HttpRequest) -> list[dict[str, Any]]:
    """Where somebody without the console goes from the pages about their account."""
    places = [
        {"title": _("Status"), "icon": "monitoring", "link": reverse("status")},
        {"title": _("Report"), "icon": "campaign", "link": reverse("report")},
        {"title": _("My account"), "icon": "person", "link": reverse("account")},
    ]
    return [{**place, "active": request.path == place["link"]} for place in places]


def _item(request: HttpRequest, place: Place) -> dict[str, Any] | None:
    links = _links(request, place)
    if not links:
        return None
    item = {
        "title": place.title,
        "icon": place.icon,
        "link": links[0],
        "active": any(request.path.startswith(link) for link in links),
    }
    badge = _badges[place.badge](request) if place.badge in _badges else None
    if badge:
        item |= {"badge": badge[0], "badge_variant": badge[1]}
    return item


def _links(request: HttpRequest, place: Place) -> list[str]:
    if place.link:
        return [reverse(place.link)] if place.offered(request) else []
    return [_list_of(page) for page in _open_pages(request)[place]]


def _open_pages(request: Any) -> dict[Place, list[str]]:
    """Each place's pages that the reader may open; found once a page, which asks for sidebar and tabs several times."""

    def find() -> dict[Place, list[str]]:
        return {
            place: [page for page in place.pages if _is_open(request, page)]
            for section in SECTIONS
            for place in section.places
        }

    return once(request, "open pages", find)


def _is_open(request: HttpRequest, page: str) -> bool:
    admin: Any = site._registry.get(_model(page))
    return admin is not None and admin.has_module_permission(request)


def _model(page: str) -> Any:
    return apps.get_model(page)


def _name(page: str) -> str:
    name = str(_model(page)._meta.verbose_name_plural)
    return name[:1].upper() + name[1:]


@cache
def _list_of(page: str) -> str:
    return reverse(f"admin:{page.replace('.', '_')}_changelist")
