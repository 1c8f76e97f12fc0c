"""Leaving the organization: everything handed over, the account ended, at once or not at all."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core import access
from core.access import Right
from core.actor import Actor, acting
from core.errors import FlowError, Forbidden, InUse, Invalid
from core.flows import configuration, memberships, users
from core.flows.subjects import locked
from core.models.organizations import Membership
from core.models.users import User
from people.flows import calls
from people.flows.duties import Duties, Duty, open_duties, taking_part
from people.flows.participants import remove_participant
from people.flows.passing_on import Going, pass_on, pass_tasks
from people.flows.shifts import refresh, take_off_call
from people.models import CalendarFeed, Individual, Page, PageCall, Service, Task

SHOWN = 20


class CannotLeave(FlowError):
    """Something still has no successor; `params["left"]` lists it in words, `params["duties"]` by key."""

    code = "open_duties"


class CannotReturn(FlowError):
    """The row was merged into another one, which is the person now."""

    code = "merged"


@transaction.atomic
def deactivate(
    *,
    individual: Individual,
    actor: Actor,
    now: datetime,
    successor: Individual | None = None,
    choices: Mapping[str, Individual] | None = None,
) -> Individual:
    """Let somebody go: duties pass to who was chosen for each, else to `successor`; what needs nobody ends.

    They leave open subjects, are on call no more and are not chosen again. Their account ends with all sessions and
    tokens when they belong to no other organization, else their place in this one. Timelines keep their name.

    :param choices: a successor by `Duty.key`, for single duties. One that would just end passes on only by choice.
    :raises CannotLeave: naming what has no successor; nothing was changed then.
    :raises Forbidden: an account is ended by an owner; duties out of the actor's sight by somebody who sees them.
    """
    access.require(actor, Right.CONFIGURE, individual.organization)
    person = Individual.objects.select_for_update(of=("self",)).select_related("organization", "user").get(
        pk=individual.pk
    )  # fmt: skip
    if not person.is_active:
        return person
    if person.user is not None:
        access.require(actor, Right.OWN, person.organization)
    duties = open_duties(person, actor=actor, now=now)
    heirs = _heirs(person, duties, successor, choices or {})
    going = Going(person=person, actor=actor, now=now)
    _hand_over(duties, heirs, going)
    for part in taking_part(person):
        remove_participant(subject=part.subject, individual=person, actor=actor, now=now)
    _off_call(person, duties, now)
    _write(person, actor, is_active=False, deactivated_at=now)
    for call in PageCall.objects.filter(individual=person, ended_at=None, page__status=Page.Status.WAITING):
        _pass_over(call, going)
    if person.user is not None:
        _end_account(person, person.user, actor=actor, now=now)
    return person


@transaction.atomic
def reactivate(*, individual: Individual, actor: Actor, now: datetime) -> Individual:
    """Let somebody be chosen again, and sign in if they had an account. What was handed over stays where it is.

    :raises CannotReturn: when the row was merged into another.
    """
    access.require(actor, Right.CONFIGURE, individual.organization)
    person = Individual.objects.select_for_update(of=("self",)).get(pk=individual.pk)
    if person.is_active:
        return person
    if person.merged_into is not None:
        raise CannotReturn(_("%(who)s was merged into %(kept)s.") % {"who": person, "kept": person.merged_into})
    _write(person, actor, is_active=True, deactivated_at=None)
    if person.user is not None and not person.user.is_active:
        users.reactivate(user=person.user, actor=actor, now=now)
    return person


@transaction.atomic
def delete_individual(*, individual: Individual, actor: Actor, now: datetime) -> None:
    """Delete somebody whom nothing ever was about, such as a wrongly typed address.

    :raises InUse: otherwise; they are deactivated instead.
    """
    access.require(actor, Right.CONFIGURE, individual.organization)
    if open_duties(individual, actor=Actor.system(), now=now) or individual.user_id:
        raise InUse(_("“%(name)s” is used and cannot be deleted. Deactivate them instead.") % {"name": individual})
    configuration.delete(individual, actor=actor)


def refuse_while_needed(individual: Individual, *, actor: Actor, now: datetime) -> None:
    """Stop what would leave somebody's duties behind.

    :raises CannotLeave: naming them.
    """
    left = open_duties(individual, actor=actor, now=now).to_hand_over
    if left:
        raise _cannot_leave(individual, left)


def _heirs(
    person: Individual, duties: Duties, successor: Individual | None, choices: Mapping[str, Individual]
) -> dict[str, Individual]:
    """Who takes over each duty.

    :raises CannotLeave: naming those that nobody does.
    """
    strange = sorted(set(choices) - {duty.key for duty in duties})
    if strange:
        raise Invalid(_("“%(key)s” is no duty of %(who)s.") % {"key": strange[0], "who": person}, field="choices")
    for heir in [*([successor] if successor else []), *choices.values()]:
        _check(person, heir)
    heirs = {duty.key: taker for duty in duties.to_hand_over if (taker := choices.get(duty.key) or successor)}
    left = [duty for duty in duties.to_hand_over if duty.key not in heirs]
    if left:
        raise _cannot_leave(person, left)
    if duties.hidden:
        raise Forbidden(
            _("%(who)s also has a part in something that you may not see or change. Ask an owner to do this.")
            % {"who": person}
        )
    return {**heirs, **choices}


def _cannot_leave(person: Individual, left: list[Duty]) -> CannotLeave:
    words = [duty.text for duty in left]
    more = [_("and %(count)s more") % {"count": len(words) - SHOWN}] if len(words) > SHOWN else []
    return CannotLeave(
        _("Choose who takes over from %(who)s: %(left)s.") % {"who": person, "left": "; ".join(words[:SHOWN] + more)},
        field="successor", left=words, duties=[duty.key for duty in left],
    )  # fmt: skip


def _check(person: Individual, heir: Individual) -> None:
    if heir.pk == person.pk:
        raise Invalid(_("Choose somebody else than %(who)s.") % {"who": person}, field="successor")
    if heir.organization_id != person.organization_id:
        raise Invalid(_("%(who)s belongs to another organization.") % {"who": heir}, field="successor")
    if not heir.is_active:
        raise Invalid(_("%(who)s is not active any more.") % {"who": heir}, field="successor")


def _hand_over(duties: Duties, heirs: Mapping[str, Individual], going: Going) -> None:
    # Offers first: a role that is handed over has none open.
    single = sorted((duty for duty in duties if duty.kind != "task"), key=lambda duty: duty.kind != "handover")
    for duty in single:
        pass_on(duty, heirs.get(duty.key), going)
    tasks: dict[Individual, list[Task]] = {}
    for duty in duties:
        if duty.kind == "task":
            tasks.setdefault(heirs[duty.key], []).append(duty.row)
    for heir, theirs in tasks.items():
        pass_tasks(theirs, heir, going)


def _off_call(person: Individual, duties: Duties, now: datetime) -> None:
    """Work out again who is on call wherever the person was."""
    services: dict[int, Service] = {service.pk: service for service in take_off_call(person, now=now)}
    for duty in duties:
        if duty.kind == "override":
            services[duty.row.service_id] = duty.row.service
        elif duty.kind == "rotation":
            services[duty.row.layer.service_id] = duty.row.layer.service
    refresh(services.values(), now=now)


def _pass_over(call: PageCall, going: Going) -> None:
    """Nobody waits for an answer of somebody who is gone: the next one is called, unless another has time already."""
    subject = locked(call.page.subject)
    page = Page.objects.select_related("service__owner", "individual").get(pk=call.page_id)
    if page.status != Page.Status.WAITING:
        return
    was_awaited = calls.running(page) == call
    call.status, call.ended_at = PageCall.Status.STOPPED, going.now
    call.save(update_fields=["status", "ended_at"])
    if not was_awaited:
        return
    text = _("%(who)s leaves the organization; the next one is called") % {"who": going.person}
    calls.note(subject, text, actor=going.actor, now=going.now)
    calls.call_next(subject, page, actor=going.actor, now=going.now)


def _write(person: Individual, actor: Actor, **values: Any) -> None:
    for name, value in values.items():
        setattr(person, name, value)
    person.version += 1
    with acting(actor):
        person.save(update_fields=[*values, "version", "updated_at"])


def _end_account(person: Individual, user: User, *, actor: Actor, now: datetime) -> None:
    """End the account; of one that works for others too, only the place here."""
    CalendarFeed.objects.filter(user=user, organization=person.organization, revoked_at=None).update(revoked_at=now)
    if not user.is_active:
        # It is the account that ended first; its memberships wait for its return.
        return
    here = Membership.objects.filter(user=user, organization=person.organization)
    elsewhere = Individual.objects.active().filter(user=user).exclude(pk=person.pk).exists()
    if elsewhere or Membership.objects.filter(user=user).exclude(organization=person.organization).exists():
        for membership in here.select_related("user", "project", "organization"):
            memberships.revoke(membership=membership, actor=actor, now=now)
    else:
        users.deactivate(user=user, actor=actor, now=now)
