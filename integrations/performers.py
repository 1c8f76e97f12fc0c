"""What carries operations out. Each looks at the subject as it is now, asks one plugin, and tells what came of it."""

import dataclasses
from typing import Any, cast

from django.utils import timezone
from django.utils.translation import gettext as _

from core.mails import Letter, kind_of
from core.operations.errors import OperationError, Permanent
from core.operations.models import Operation
from core.operations.performers import Outcome, performer, set_router
from integrations import account_mails, flows, mails, on_call, paging  # noqa: F401 (some register their own)
from integrations.capabilities import Capability, Contact, Document, Email, SubjectSnapshot, Ticket
from integrations.documents import draft
from integrations.models import PluginInstance, Resource
from integrations.plugin import CheckResult, Plugin
from integrations.plugins.builtin.ticket import ticket_fields
from integrations.registry import bind, keeper_of, plugin_of, route
from integrations.snapshots import snapshot
from knowledge.rendering import RenderError
from people.models import Individual, Team

Delivery = Operation.Delivery

# A mail is about ten exchanges with the server, each with its own time-out of 10 seconds.
MAIL_LEASE = 120

set_router(route)


@performer("ticket.create", capability=Capability.TICKET, delivery=Delivery.ENSURE)
def create_ticket(operation: Operation) -> Outcome:
    """Make the subject's ticket, or find the one made before."""
    subject, bound, now = operation.subject, plugin_of(operation), snapshot(operation.subject)
    thing = cast("Ticket", bound.client()).ensure(marker=str(operation.uuid), subject=now)
    state = ticket_state(now)

    def store(done: Operation) -> None:
        kind = Resource.Kind.TICKET
        flows.store_resource(subject=subject, kind=kind, bound=bound, thing=thing, state=state, now=timezone.now())
        # The timeline's entry holds the subject's lock from here on: what changed until now is seen, what
        # changes later finds the ticket.
        if ticket_state(snapshot(subject)) != state:
            flows.plan_ticket_update(subject, fact=f"{done.uuid}:late")

    return Outcome(result={"label": thing.label, "url": thing.url}, store=store)


@performer("ticket.update", capability=Capability.TICKET, delivery=Delivery.ENSURE)
def update_ticket(operation: Operation) -> Outcome:
    """Bring the ticket up to date, at the plugin that keeps it."""
    resource = _resource(operation, Resource.Kind.TICKET)
    if resource is None:
        return _left(_("there is no ticket yet; it will be made up to date"))
    now = snapshot(operation.subject)
    state = ticket_state(now)
    if resource.state == state:
        return _left(_("nothing differs"))
    cast("Ticket", keeper_of(resource).client()).update(external_id=resource.external_id, subject=now)
    return Outcome(result={"label": resource.label}, store=lambda _done: flows.note_synced(resource, state))


@performer("document.create", capability=Capability.DOCUMENT, delivery=Delivery.ENSURE)
def create_document(operation: Operation) -> Outcome:
    """Make a document of the subject from its template, or find the one made before."""
    subject, bound, kind = operation.subject, plugin_of(operation), str(operation.arguments["kind"])
    thing = cast("Document", bound.client()).ensure(marker=str(operation.uuid), draft=_draft(subject, kind))

    def store(_done: Operation) -> None:
        flows.store_resource(subject=subject, kind=kind, bound=bound, thing=thing, state={}, now=timezone.now())

    return Outcome(result={"label": thing.label, "url": thing.url}, store=store)


@performer("document.update", capability=Capability.DOCUMENT, delivery=Delivery.ENSURE)
def update_document(operation: Operation) -> Outcome:
    """Bring a rendered document up to date, as long as nobody wrote in it."""
    kind = str(operation.arguments["kind"])
    resource = _resource(operation, kind)
    if resource is None:
        return _left(_("there is no document yet"))
    document = cast("Document", keeper_of(resource).client())
    if not document.update(external_id=resource.external_id, draft=_draft(operation.subject, kind)):
        return _left(_("nothing differs, or somebody wrote in it"))
    return Outcome(result={"label": resource.label}, store=lambda _done: flows.note_synced(resource, {}))


@performer("contact.lookup", capability=Capability.CONTACT, delivery=Delivery.ENSURE)
def look_up_contact(operation: Operation) -> Outcome:
    """Ask the directory about a person and fill what nobody typed."""
    person = Individual.objects.filter(pk=operation.arguments["individual"]).first()
    card = cast("Contact", plugin_of(operation).client()).lookup(email=person.email) if person else None
    if person is None or card is None:
        return _left(_("nothing is known"))
    individual_id = person.pk

    def store(_done: Operation) -> None:
        flows.fill_contact(individual_id=individual_id, card=card, now=timezone.now())

    return Outcome(
        result={"known": sorted(name for name, value in dataclasses.asdict(card).items() if value)}, store=store
    )


@performer("email.send", capability=Capability.EMAIL, delivery=Delivery.AT_LEAST_ONCE, lease_seconds=MAIL_LEASE)
def send_mail(operation: Operation) -> Outcome:
    """Send a mail about the subject, or the project, to a person or a team's address, if it is still wanted."""
    name = str(operation.arguments["template"])
    kind = kind_of(name)
    person = _addressee(operation)
    if kind is None or operation.project is None:
        raise Permanent(_("There is no mail “%(template)s”.") % {"template": name})
    if person is None:
        return _left(_("the person is gone"))
    letter = Letter(
        subject=operation.subject, person=person, project=operation.project, arguments=operation.arguments
    )  # fmt: skip
    reason = mails.reason_not_to_send(kind, letter)
    if reason:
        return _left(reason)
    message = mails.compose(kind, letter, operation.uuid)
    cast("Email", plugin_of(operation).client()).send(message=message)
    return Outcome(result={"message_id": message.message_id}, store=lambda done: flows.keep_mail(done, person, message))


@performer("plugin.check", capability="plugin", delivery=Delivery.ENSURE, lease_seconds=MAIL_LEASE)
def check_plugin(operation: Operation) -> Outcome:
    """Test an instance's connection; whatever is found is the result, a failure too."""
    instance = PluginInstance.objects.filter(pk=operation.arguments["instance"]).first()
    if instance is None:
        return _left(_("it was deleted meanwhile"))
    try:
        result = cast("Plugin", bind(instance).client()).check()
    except OperationError as error:
        result = CheckResult(ok=False, message=str(error))

    def store(_done: Operation) -> None:
        flows.store_check(instance=instance, result=result, now=timezone.now())

    return Outcome(result={"ok": result.ok, "message": result.message}, store=store)


def ticket_state(now: SubjectSnapshot) -> dict[str, Any]:
    """What was last sent to the ticket, as plain values: an update that would send the same is left out."""
    return {"title": now.title, "description": now.description, **ticket_fields(now)}


def _left(why: str) -> Outcome:
    """Done without doing anything, and why."""
    return Outcome(result={"left": why})


def _resource(operation: Operation, kind: str) -> Resource | None:
    rows = Resource.objects.of(operation.subject).filter(kind=kind)
    found: Resource | None = rows.select_related("instance").first()
    return found


def _addressee(operation: Operation) -> Individual | Team | None:
    """The person; without one the team, which is written to at its own address."""
    if "individual" in operation.arguments:
        return Individual.objects.filter(pk=operation.arguments["individual"]).first()
    return Team.objects.filter(pk=operation.arguments.get("team")).exclude(email="").first()


def _draft(subject: Any, kind: str) -> Any:
    try:
        return draft(subject, kind)
    except RenderError as error:
        raise Permanent(str(error)) from error
