"""What waits for the reader, and what nobody finished in time: cards of the home page."""

from typing import Any

from django.contrib.admin import site
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from core import access
from core.console import dashboard
from core.console.counting import FEW, OWN, capped, in_words
from people.models import Page, PageCall, Task
from people.panels.tasks import count_overdue

SHOWN = 5


def pages_for_me(request: Any) -> dict[str, Any] | None:
    """Pages that call the reader and nobody has answered; nothing when there is none."""
    calls = PageCall.objects.filter(individual__user_id=request.user.pk, page__status__in=Page.UNANSWERED)
    if not calls.exists():
        return None
    rows = Page.objects.filter(access.owned_filter(Page, request.user), pk__in=calls.values("page"))
    shown = rows.select_related("service", "individual", "incident__project", "case__project").prefetch_related(
        "calls__individual"
    )
    admin: Any = site.get_model_admin(Page)
    found = [(row, admin.buttons(request, ["acknowledge"], row)) for row in shown.order_by("-paged_at", "-pk")[:SHOWN]]
    return {"rows": found} if found else None


def overdue_figure(request: HttpRequest) -> dict[str, Any]:
    """How many tasks are overdue among all that the reader sees, and how many of them are the reader's."""
    late = Task.objects.visible_to(request.user).open().filter(due_at__lte=timezone.now())
    count, mine = capped(late, FEW), count_overdue(request)
    note = _("%(count)s of them yours") % {"count": in_words(mine, OWN)} if mine else _("none of them yours")
    return {
        "label": _("Overdue tasks"),
        "figure": in_words(count, FEW),
        "note": note if count else _("Nothing is late"),
        "url": f"{reverse('admin:people_task_changelist')}?tab=overdue",
        "alarm": bool(count),
    }


dashboard.register(
    dashboard.Card(key="pages", template="people/cards/pages.html", context=pages_for_me, place="calls", order=1)
)
dashboard.register(
    dashboard.Card(key="overdue", template="console/cards/stat.html", context=overdue_figure, place="stats", order=30)
)
