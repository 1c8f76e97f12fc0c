"""The mails about people's part: a page, a role that is offered, and what a team is told."""

from typing import Any, Final

from django.utils.translation import gettext as _

from core.mails import Letter, MailKind, register
from people.flows import handovers
from people.flows.calls import why
from people.models import HandOver, Team
from people.secret_links import offer_address, page_address

PAGE: Final = "page"
HANDOVER_OFFERED: Final = handovers.MAIL
TEAM_TOLD: Final = "team_told"


def _page_context(letter: Letter) -> dict[str, Any]:
    call = letter.arguments["call"]
    return {
        "why": why(call.page, call),
        "message": "" if letter.subject.is_restricted else call.page.message,
        "minutes": call.page.escalation_minutes,
        "acknowledge": page_address(call),
    }


def _offer_context(letter: Letter) -> dict[str, Any]:
    row = _offer(letter)
    return {
        "giver": row.giver,
        "role": row.get_role_display(),
        "summary": "" if letter.subject.is_restricted else row.summary,
        "answer": offer_address(row),
    }


def _not_to_offer(letter: Letter) -> str:
    return "" if _offer(letter).status == HandOver.Status.OFFERED else _("it was answered or withdrawn meanwhile")


def _offer(letter: Letter) -> HandOver:
    return HandOver.objects.select_related("giver__individual", "receiver").get(pk=letter.arguments["handover"])


def _team_context(letter: Letter) -> dict[str, Any]:
    return {"team": Team.objects.filter(pk=letter.arguments["team"]).first()}


def _not_to_tell(letter: Letter) -> str:
    if letter.subject.is_restricted:
        return _("it is restricted now")
    return "" if letter.subject.is_open else _("it was closed meanwhile")


register(
    MailKind(
        name=PAGE, template="people/mail/page", heading=lambda _letter: _("Page"),
        # Whether it is still wanted is asked of the page itself.
        reason_not_to_send=lambda _letter: "", context=_page_context,
    )
)  # fmt: skip
register(
    MailKind(
        name=TEAM_TOLD, template="people/mail/team_told", heading=lambda _letter: _("For your team"),
        reason_not_to_send=_not_to_tell, context=_team_context,
    )
)  # fmt: skip
register(
    MailKind(
        name=HANDOVER_OFFERED, template="people/mail/handover", heading=lambda _letter: _("Hand-over"),
        reason_not_to_send=_not_to_offer, context=_offer_context,
    )
)  # fmt: skip
