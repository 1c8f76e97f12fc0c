"""What is unset and matters: apps register steps in `setting_up.py`; the console shows them with their progress.

A step finds what lacks it among the projects that the reader may set up; nothing lacking means done.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import PermissionDenied
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.lookups import In
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core import access
from core.access import Right
from core.console import dashboard, rights
from core.models.organizations import Organization, Project

# How long a reader who has everything set up is not asked about it again, by each process: the home page must come
# without the shared cache, too.
COMPLETE_FOR = 3600


class Reach:
    """What a reader may set up with some right: the enabled projects by name, and their organizations."""

    def __init__(self, request: HttpRequest, projects: list[Project]) -> None:
        self.request = request
        self.projects = projects

    @property
    def organizations(self) -> list[Organization]:
        """The organizations of those projects."""
        found = {project.organization_id: project.organization for project in self.projects}
        return list(found.values())

    def without(self, there: "QuerySet[Any, Any]", field: str = "project") -> list[Project]:
        """The projects that no row of `there` belongs to."""
        rows = Project.objects.filter(pk__in=[one.pk for one in self.projects])
        # One row a project is looked up; asked whether one exists, PostgreSQL may read all of them.
        first = Subquery(there.filter(**{field: OuterRef("pk")}).order_by().values("pk")[:1])
        have = set(rows.annotate(first=first).filter(first__isnull=False).values_list("pk", flat=True))
        return [project for project in self.projects if project.pk not in have]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to set up.

    :ivar why: what happens without it. :ivar lacking: what lacks it, by name (projects, organizations, plugins).
    :ivar url: where it is set up, of what lacks it. :ivar right: who sets it up.
    :ivar in_dialog: the address is a dialog's.
    """

    key: str
    title: Any
    why: Any
    action: Any
    lacking: Callable[[Reach], Iterable[Any]]
    url: Callable[[list[Any]], str]
    right: Right = Right.CONFIGURE
    order: int = 50
    in_dialog: bool = False


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A step as it stands for a reader."""

    step: Step
    lacking: list[Any]
    url: str

    @property
    def is_done(self) -> bool:
        """Nothing lacks it."""
        return not self.lacking


_steps: dict[str, Step] = {}


def register(step: Step) -> Step:
    """Add a step; a second one of the same key replaces the first."""
    _steps[step.key] = step
    return step


def is_for(request: HttpRequest) -> bool:
    """Whether the reader sets anything up."""
    return Right.CONFIGURE in rights.anywhere(request)


def steps(request: HttpRequest) -> list[Shown]:
    """The reader's steps in their order."""
    reaches = _reaches(request)
    found = []
    for step in sorted(_steps.values(), key=lambda step: (step.order, step.key)):
        reach = reaches[step.right]
        if reach.projects:
            lacking = list(step.lacking(reach))
            found.append(Shown(step=step, lacking=lacking, url=step.url(lacking) if lacking else ""))
    return found


def _reaches(request: HttpRequest) -> dict[Right, Reach]:
    """How far each right that some step needs reaches; the greater ones are among the least."""
    needed = {step.right for step in _steps.values()}
    held = {f"may_{right}": In(F("pk"), access.projects_where(request.user, right)) for right in needed}
    rows = Project.objects.filter(pk__in=access.projects_where(request.user, Right.CONFIGURE), enabled=True)
    projects = list(rows.annotate(**held).select_related("organization").order_by("name", "pk"))
    return {right: Reach(request, [one for one in projects if getattr(one, f"may_{right}")]) for right in needed}


def progress(shown: list[Shown]) -> dict[str, Any]:
    """How far it is."""
    done = sum(one.is_done for one in shown)
    return {"done": done, "total": len(shown), "share": round(100 * done / len(shown)) if shown else 100}


def view(request: HttpRequest, base: dict[str, Any]) -> HttpResponse:
    """The page; what is done stands at its end."""
    if not is_for(request):
        raise PermissionDenied
    shown = steps(request)
    context = {
        **base, "title": _("Set-up"), "is_fullwidth": "1", "progress": progress(shown),
        "open": [one for one in shown if not one.is_done], "done": [one for one in shown if one.is_done],
    }  # fmt: skip
    return TemplateResponse(request, "console/set_up.html", context)


def help_view(request: HttpRequest, base: dict[str, Any]) -> HttpResponse:
    """What is set outside the console, and how it stands."""
    if Right.ADMINISTER not in rights.anywhere(request):
        raise PermissionDenied
    variables = [
        ("BASE_URL", settings.BASE_URL, _("The address people reach Dispatch under: https://dispatch.example.com.")),
        ("EMAIL_HOST", settings.EMAIL_HOST if _sends() else _("none"), _("The mail server.")),
        ("DEFAULT_FROM_EMAIL", settings.DEFAULT_FROM_EMAIL, _("Who mail comes from.")),
    ]
    context = {**base, "title": _("The address of this installation"), "is_fullwidth": "1", "variables": variables}
    return TemplateResponse(request, "console/set_up_help.html", context)


def _sends() -> bool:
    return not settings.EMAIL_BACKEND.endswith("filebased.EmailBackend")


def card(request: HttpRequest) -> dict[str, Any] | None:
    """The place of the home page's reminder, until everything is set up. What it says comes after the page: each step
    has a question of its own to ask.
    """
    if not is_for(request) or caches["process"].get(_complete(request)):
        return None
    return {"url": reverse("admin:set-up"), "next_url": reverse("admin:set-up-next")}


def next_view(request: HttpRequest) -> HttpResponse:
    """What the reminder says: how far it is, and the next step; nothing when all are done."""
    if not is_for(request):
        raise PermissionDenied
    shown = steps(request)
    left = [one for one in shown if not one.is_done]
    if not left:
        caches["process"].set(_complete(request), True, COMPLETE_FOR)
        return HttpResponse()
    context = {**progress(shown), "next": left[0], "url": reverse("admin:set-up")}
    return TemplateResponse(request, "console/cards/set_up_next.html", context)


def _complete(request: HttpRequest) -> str:
    return f"set-up-complete:{request.user.pk}"


dashboard.register(
    dashboard.Card(key="set-up", template="console/cards/set_up.html", context=card, place="main", order=30)
)
