"""What on-call shows outside its own pages: the home page's card and the sidebar's count of swaps to answer."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.console import dashboard, navigation, operations, rights
from core.console.counting import in_words
from people.models import Service, Swap
from people.oncall.coverage import duties

SHOWN = 8
SWAPS_SHOWN = 3


def on_call_now(request: HttpRequest) -> dict[str, Any]:
    """Who is on call now and next for the services of the reader's projects, and swaps that wait for the reader."""
    rows = Service.objects.visible_to(request.user).active().select_related("owner").order_by("name", "pk")
    services = list(rows[:SHOWN])
    may_set_up = Right.CONFIGURE in rights.anywhere(request)
    return {
        "duties": list(duties(services, timezone.now()).values()),
        "swaps": list(_asked_of(request)[:SWAPS_SHOWN]),
        "url": reverse("admin:people_service_changelist"),
        "add_url": reverse("admin:people_service_add") if may_set_up else "",
    }


def swaps_badge(request: HttpRequest) -> tuple[str, str] | None:
    """How many swaps wait for the reader's answer."""
    count = _asked_of(request).count()
    return (in_words(count), "plain") if count else None


def _asked_of(request: HttpRequest) -> QuerySet[Swap, Any]:
    rows = Swap.objects.visible_to(request.user).filter(asked__user=request.user.pk, status=Swap.Status.ASKED)
    return rows.filter(ends_at__gt=timezone.now()).select_related("service", "asked_by").order_by("starts_at", "pk")


dashboard.register(
    dashboard.Card(key="on-call", template="people/cards/on_call.html", context=on_call_now, place="aside", order=20)
)
navigation.register_badge("on_call", swaps_badge)
operations.register_words(
    "oncall.refresh", does=_("Ask who is on call"), missed=_("Who is on call could not be asked; what was known stays.")
)
