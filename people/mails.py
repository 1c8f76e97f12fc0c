"""The mails about people's part: a page."""

from typing import Any, Final

from django.utils.translation import gettext as _

from core.mails import Letter, MailKind, register
from people.acknowledging import address_of
from people.flows.calls import why

PAGE: Final = "page"


def _page_context(letter: Letter) -> dict[str, Any]:
    call = letter.arguments["call"]
    return {
        "why": why(call.page, call),
        "message": "" if letter.subject.is_restricted else call.page.message,
        "minutes": call.page.escalation_minutes,
        "acknowledge": address_of(call),
    }


register(
    MailKind(
        name=PAGE, template="people/mail/page", heading=lambda _letter: _("Page"),
        # Whether it is still wanted is asked of the page itself.
        reason_not_to_send=lambda _letter: "", context=_page_context,
    )
)  # fmt: skip
