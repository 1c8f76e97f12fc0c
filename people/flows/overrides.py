"""Overrides: somebody takes a span, whatever the rotation says."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from core import access
from core.access import Right
from core.actor import Actor
from core.errors import FlowError, Forbidden, Invalid
from core.flows.subjects import check_text
from people.flows.rotas import locked, refresh
from people.models import Individual, Override, Service

LONGEST = timedelta(days=366)
LONGEST_REASON = 300


class OverrideOver(FlowError):
    """It has ended; what was stays as it was."""

    code = "override_over"


@transaction.atomic
def add_override(
    *,
    service: Service,
    individual: Individual,
    starts_at: datetime,
    ends_at: datetime,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> Override:
    """Put somebody on call for a span. Managers do so for anybody, members for themselves.

    :raises Invalid: the span ends before it begins, is over or longer than a year, or the person is not active.
    """
    require_self(actor, individual, service)
    service = locked(service)
    check_person(individual, service, "individual")
    check_span(starts_at, ends_at, now)
    check_text(reason, "reason", LONGEST_REASON)
    override = Override.objects.create(
        service=service, individual=individual, starts_at=starts_at, ends_at=ends_at, reason=reason,
        created_by=actor.user, created_at=now,
    )  # fmt: skip
    refresh(service=service, now=now)
    return override


@transaction.atomic
def cancel_override(*, override: Override, actor: Actor, now: datetime) -> Override:
    """End an override; the rotation counts again from now on. Cancelling twice is cancelling once.

    Members take back what they took upon themselves; what a swap or a manager made, managers do.

    :raises OverrideOver: it has ended.
    """
    service = locked(override.service)
    override = Override.objects.select_related("individual", "service").get(pk=override.pk)
    own = override.swap_id is None and actor.user is not None and override.created_by_id == actor.user.pk
    if own:
        require_self(actor, override.individual, service)
    else:
        access.require(actor, Right.CONFIGURE, service.project)
    if override.cancelled_at is not None:
        return override
    if override.ends_at <= now:
        raise OverrideOver(_("It has ended; what was stays as it was."))
    override.cancelled_at = now
    override.save(update_fields=["cancelled_at", "updated_at"])
    refresh(service=service, now=now)
    return override


def is_self(actor: Actor, individual: Individual, service: Service) -> bool:
    """Whether the actor is that person, and belongs to the service's project."""
    return (
        actor.user is not None
        and individual.user_id == actor.user.pk
        and access.may(actor.user, Right.SEE, service.project)
    )


def require_self(actor: Actor, individual: Individual, service: Service) -> None:
    """Let people act for themselves, and managers for anybody.

    :raises Forbidden: otherwise.
    """
    if actor.trusted or is_self(actor, individual, service):
        return
    if not access.may(actor.user, Right.CONFIGURE, service.project):
        raise Forbidden(_("Members do this for themselves only; a manager does it for others."))


def check_person(individual: Individual, service: Service, field: str) -> None:
    """Refuse who is not of the organization, or not active.

    :raises Invalid: at the field.
    """
    if individual.organization_id != service.project.organization_id:
        raise Invalid(_("“%(name)s” belongs to another organization.") % {"name": individual}, field=field)
    if not individual.is_active:
        raise Invalid(_("%(who)s is not active.") % {"who": individual}, field=field)


def check_span(starts_at: datetime, ends_at: datetime, now: datetime, *, prefix: str = "") -> None:
    """Refuse a span that is none, is over, or is longer than a year.

    :raises Invalid: at the end's field.
    """
    field = f"{prefix}ends_at"
    if ends_at <= starts_at:
        raise Invalid(_("The end must come after the beginning."), field=field)
    if ends_at <= now:
        raise Invalid(_("This is over already; what was stays as it was."), field=field)
    if ends_at - starts_at > LONGEST:
        raise Invalid(_("At most a year at a time."), field=field)
