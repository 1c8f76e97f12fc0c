"""The mails about people's part: a page, and what a team is told."""

from typing import Any, Final

from django.utils.translation import gettext as _

from core.mails import Letter, MailKind, register
from people.acknowledging import address_of
from people.flows.calls import why
from people.models import Team

PAGE: Final = "page"
TEAM_TOLD: Final = "team_told"


def _page_context(letter: Letter) -> dict[str, Any]:
    call = letter.arguments["call"]
    return {
        "why": why(call.page, call),
        "message": "" if letter.subject.is_restricted else call.page.message,
        "minutes": call.page.escalation_minutes,
        "acknowledge": address_of(call),
    }


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
