"""What the console shows of hand-overs: the notice on the subject's page, the card on the home page."""

from typing import Any

from django.contrib.admin import site
from django.http import HttpRequest
from django.utils.translation import gettext as _

from core import access
from core.console import ages, dashboard, notices
from core.console.notices import Notice
from people.flows import handovers
from people.models import HandOver

SHOWN = 12


def offered(request: HttpRequest, subject: Any) -> list[Notice]:
    """Each role that is being handed over: who stays responsible until when."""
    admin: Any = site.get_model_admin(HandOver)
    return [
        Notice(
            word=_("Hand-over offered"),
            tone="amber",
            said=_("%(role)s to %(taker)s") % {"role": row.get_role_display(), "taker": row.receiver},
            more=_("since %(time)s; until it is accepted %(giver)s stays responsible.")
            % {"time": ages.local(row.offered_at, "H:i"), "giver": row.giver},
            buttons=admin.buttons(request, ["accept", "decline", "withdraw"], row),
            order=20,
        )
        for row in handovers.open_offers(subject)
    ]


def offered_to_me(request: Any) -> dict[str, Any] | None:
    """Roles that wait for the reader's answer; nothing when none does."""
    offered = HandOver.objects.filter(status=HandOver.Status.OFFERED, receiver__user_id=request.user.pk)
    # Most of the time nothing waits, which is quickly asked.
    if not offered.exists():
        return None
    mine = offered.filter(access.owned_filter(HandOver, request.user)).select_related(
        "giver__individual", "receiver", "incident__project", "case__project"
    )
    admin: Any = site.get_model_admin(HandOver)
    found = [
        (row, admin.buttons(request, ["accept", "decline"], row)) for row in mine.order_by("offered_at", "pk")[:12]
    ]
    return {"rows": found} if found else None


notices.register(offered)
dashboard.register(
    dashboard.Card(key="offers", template="people/cards/offers.html", context=offered_to_me, place="calls", order=5)
)
