"""Asks a plugin who is on call for the services whose rotation it keeps. Planned by `people.flows.oncall.refresh`."""

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from django.utils import timezone
from django.utils.translation import gettext as _

from core.emails import normalise
from core.operations.errors import NotConfigured, OperationError, Permanent
from core.operations.models import Operation
from core.operations.performers import Outcome, performer
from integrations.capabilities import Capability, OnCall, OnCallShift
from integrations.registry import bind
from people.flows import find_individual, oncall
from people.flows.rotas import horizon
from people.models import Service, Shift
from people.oncall.rotation import Span, merged


@performer("oncall.refresh", capability=Capability.ON_CALL, delivery=Operation.Delivery.ENSURE)
def ask_who_is_on_call(operation: Operation) -> Outcome:
    """Bring a service's shifts up to date. When that fails the old ones stay, and the service says why."""
    rows = Service.objects.select_related("plugin_instance", "project__organization")
    service = rows.filter(pk=operation.arguments["service"]).first()
    if service is None or service.plugin_instance is None or not service.is_active:
        return Outcome(result={"left": _("no plugin keeps this rotation any more")})
    now = timezone.now()
    try:
        told = _checked(_ask(service, now))
    except OperationError as error:
        oncall.note_failure(service=service, message=error.message)
        raise
    asked = service

    def store(_done: Operation) -> None:
        oncall.store_shifts(service=asked, found=_spans(asked, told, now), now=now)

    return Outcome(result={"shifts": len(told)}, store=store)


def _ask(service: Service, now: datetime) -> Iterable[OnCallShift]:
    instance = service.plugin_instance
    if instance is None or not instance.enabled:
        raise NotConfigured(_("“%(name)s”, which keeps the rotation, is disabled.") % {"name": instance})
    client = cast("OnCall", bind(instance).client())
    return client.shifts(external_id=service.external_id, since=now, until=horizon(now))


def _checked(told: Iterable[OnCallShift]) -> list[OnCallShift]:
    """The shifts that last at all, each with an address that is one.

    :raises Permanent: naming the address that is none.
    """
    kept = [shift for shift in told if shift.ends_at > shift.starts_at]
    for shift in kept:
        try:
            normalise(shift.email)
        except ValueError:
            raise Permanent(_("“%(email)s” is on call there, which is no address.") % {"email": shift.email}) from None
    return kept


def _spans(service: Service, told: Iterable[OnCallShift], now: datetime) -> list[Span]:
    organization = service.project.organization
    found = [
        Span(
            individual=find_individual(organization=organization, email=shift.email, name=shift.name, now=now).pk,
            starts_at=shift.starts_at, ends_at=shift.ends_at, source=Shift.Source.PLUGIN,
        )
        for shift in told
    ]  # fmt: skip
    return merged(sorted(found, key=lambda span: (span.individual, span.starts_at)))
