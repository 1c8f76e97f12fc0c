"""The built-in tracker: a number in the project and a page in the console."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.flows.subjects import next_number
from core.links import page_path
from core.operations.errors import Permanent
from integrations.capabilities import Capability, ExternalThing, SubjectSnapshot, Ticket
from integrations.models import BuiltinTicket
from integrations.plugin import CheckResult, Plugin


class BuiltinTickets(Plugin, Ticket):
    """Tickets kept by Dispatch. They are seen by whoever sees the subject, so restricted titles stay on them."""

    slug = "builtin-ticket"
    title = "Built-in tickets"
    vendor = "Dispatch"
    description = gettext_lazy("Numbered tickets with a page of their own, without any other system.")
    capabilities = frozenset({Capability.TICKET})

    def check(self) -> CheckResult:
        return CheckResult(ok=True, message=_("Tickets are kept in Dispatch's own database."))

    def ensure(self, *, marker: str, subject: SubjectSnapshot) -> ExternalThing:
        there = BuiltinTicket.objects.filter(marker=marker).first()
        return _thing(there or _make(marker, subject))

    def update(self, *, external_id: str, subject: SubjectSnapshot) -> None:
        rows = BuiltinTicket.objects.filter(pk=external_id)
        if not rows.update(title=subject.title, fields=ticket_fields(subject), updated_at=timezone.now()):
            raise Permanent(_("The ticket is gone."))


def ticket_fields(subject: SubjectSnapshot) -> dict[str, Any]:
    """What a ticket says of its subject, beside the title."""
    return {
        "name": subject.name,
        "status": subject.status,
        "visibility": subject.visibility,
        "type": subject.type,
        "severity": subject.severity,
        "priority": subject.priority,
        "lead": subject.lead.name if subject.lead else "",
        "reporter": subject.reporter.name if subject.reporter else "",
        "tags": list(subject.tags),
        "url": subject.url,
    }


def _make(marker: str, subject: SubjectSnapshot) -> BuiltinTicket:
    owner = _owner(subject)
    try:
        with transaction.atomic():
            return BuiltinTicket.objects.create(
                marker=marker,
                project=owner.project,
                number=next_number(owner.project, "ticket"),
                title=subject.title,
                fields=ticket_fields(subject),
                **owner.as_owner,
            )
    except IntegrityError:
        # A worker whose lease had run out made it meanwhile.
        return BuiltinTicket.objects.get(marker=marker)


def _owner(subject: SubjectSnapshot) -> Any:
    model: Any = BuiltinTicket._meta.get_field(subject.kind).related_model
    return model._default_manager.select_related("project").get(uuid=subject.uuid)


def _thing(ticket: BuiltinTicket) -> ExternalThing:
    return ExternalThing(external_id=str(ticket.pk), label=str(ticket), url=page_path(ticket))
