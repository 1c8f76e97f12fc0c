"""The tab of a subject that shows what belongs to it elsewhere; and what the operations of integrations are called."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin import site
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.console import operations, panels
from core.console.once import once
from core.models import User
from core.operations.models import Operation
from integrations.flows import ExpectedResource, expected_resources
from integrations.models import OutgoingMail
from people.models import Individual, Team

ADDRESSEES: dict[str, Any] = {"user": User, "team": Team, "individual": Individual}


def resources_of(subject: Any) -> list[ExpectedResource]:
    """What there is and what is on its way; several parts of a page show it."""
    return once(subject, "resources", lambda: expected_resources(subject))


def resources(request: HttpRequest, subject: Any) -> dict[str, Any]:
    """What there is, what is on its way, and the mail that was sent."""
    mails = OutgoingMail.objects.of(subject).order_by("-sent_at", "-pk")
    admin: Any = site.get_model_admin(Operation)
    expected = resources_of(subject)
    missing = [one.operation_uuid for one in expected if one.operation_uuid]
    rows = Operation.objects.filter(uuid__in=missing).select_related(subject.kind, "project")
    buttons = {str(row.uuid): admin.buttons(request, ["retry"], row) for row in rows}
    return {"resources": expected, "buttons": buttons, "page": panels.page_of(request, mails)}


def addressees(rows: Sequence[Operation]) -> dict[int, str]:
    """The names of those whom mails go to: a person, else a team; of a mail about an account its user."""
    found: dict[int, str] = {}
    for argument, model in ADDRESSEES.items():
        wanted = {row.pk: row.arguments[argument] for row in rows if argument in row.arguments}
        names = model.objects.in_bulk(set(wanted.values())) if wanted else {}
        found |= {pk: str(names[key]) for pk, key in wanted.items() if key in names}
    return found


panels.register(
    panels.Panel(
        key="resources", title=_("Resources"), template="integrations/panels/resources.html", context=resources,
        count=lambda subject: len(resources_of(subject)), order=30,
    )
)  # fmt: skip
operations.register_words("ticket.create", does=_("Make the ticket"), missed=_("The ticket was not made."))
operations.register_words("ticket.update", does=_("Update the ticket"), missed=_("The ticket was not updated."))
operations.register_words("document.create", does=_("Make a document"), missed=_("A document was not made."))
operations.register_words("document.update", does=_("Update a document"), missed=_("A document was not updated."))
operations.register_words(
    "account.mail",
    does=_("Send a mail about an account"),
    missed=_("A mail about an account was not sent."),
    whom=addressees,
)
operations.register_words("email.send", does=_("Send a mail"), missed=_("A mail was not sent."), whom=addressees)
operations.register_words(
    "contact.lookup", does=_("Look a person up"), missed=_("A person was not found in the directory.")
)
