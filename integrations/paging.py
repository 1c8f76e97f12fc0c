"""What carries a page to a person. A way that fails is noted at once, so that the next one is tried meanwhile."""

from collections.abc import Callable
from typing import Any, cast

from django.utils import timezone
from django.utils.translation import gettext as _

from core.mails import Letter, kind_of
from core.operations.errors import NotConfigured, OperationError
from core.operations.models import Operation
from core.operations.performers import Outcome, performer
from integrations import flows, mails
from integrations.capabilities import Capability, Email
from integrations.plugins.builtin import webhook
from integrations.registry import plugin_of
from people.flows import pages
from people.models import PageDelivery
from people.secret_links import page_address

AT_LEAST_ONCE = Operation.Delivery.AT_LEAST_ONCE
# About ten exchanges of ten seconds with a mail server; one POST.
MAIL_LEASE, WEBHOOK_LEASE = 120, 60

Kept = Callable[[Operation], None]


@performer("page.email", capability=Capability.EMAIL, delivery=AT_LEAST_ONCE, lease_seconds=MAIL_LEASE)
def page_by_mail(operation: Operation) -> Outcome:
    """Send the page to the person's address, or another of theirs."""

    def send(delivery: PageDelivery) -> Kept:
        kind, call = kind_of("page"), delivery.call
        assert kind is not None  # noqa: S101 (people/mails.py registers it)
        letter = Letter(subject=operation.subject, person=call.individual, arguments={"call": call})
        to = str(delivery.method.address) if delivery.method else ""
        message = mails.compose(kind, letter, operation.uuid, to_address=to)
        cast("Email", plugin_of(operation).client()).send(message=message)
        return lambda done: flows.keep_mail(done, call.individual, message)

    return _carry(operation, send)


@performer("page.webhook", capability="webhook", delivery=AT_LEAST_ONCE, lease_seconds=WEBHOOK_LEASE)
def page_by_webhook(operation: Operation) -> Outcome:
    """Post the page to an address of the person's."""

    def send(delivery: PageDelivery) -> Kept:
        if delivery.method is None:
            raise NotConfigured(_("The address was removed meanwhile."))
        webhook.post(str(delivery.method.address), _body(operation, delivery), marker=str(operation.uuid))
        return lambda _done: None

    return _carry(operation, send)


def _carry(operation: Operation, send: Callable[[PageDelivery], Kept]) -> Outcome:
    delivery_id = int(operation.arguments["delivery"])
    delivery = pages.wanted(delivery_id)
    if delivery is None or operation.subject.deleted_at is not None:
        return Outcome(result={"left": _("somebody answered, or it was cancelled")})
    try:
        keep = send(delivery)
    except OperationError as error:
        pages.note_failed(delivery_id=delivery_id, error=str(error), now=timezone.now())
        raise

    def store(done: Operation) -> None:
        keep(done)
        pages.note_sent(delivery_id=delivery_id, now=timezone.now())

    return Outcome(result={"path": delivery.path}, store=store)


def _body(operation: Operation, delivery: PageDelivery) -> dict[str, Any]:
    """What a webhook gets: of a restricted subject its name only."""
    subject, call = operation.subject, delivery.call
    return {
        "event": "page",
        "page": str(call.page.uuid),
        "subject": subject.name,
        "title": "" if subject.is_restricted else subject.title,
        "for": call.page.named,
        "message": "" if subject.is_restricted else call.page.message,
        "person": call.individual.email,
        "acknowledge": page_address(call),
    }
