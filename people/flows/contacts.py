"""How a person is reached or known elsewhere: contact methods and the ids of other systems."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core import access
from core.access import Right
from core.actor import Actor
from core.emails import normalise
from core.errors import Conflict, FlowError, Forbidden, Invalid, Stale
from core.flows import configuration
from people.flows.hidden import have_hidden_parts
from people.models import ContactMethod, ExternalIdentity, Individual

MOST_METHODS = 10
LONGEST_ADDRESS = 2000


class TooMany(FlowError):
    """Nobody is called on more ways than these."""

    code = "too_many"


@transaction.atomic
def save_contact_method(
    *,
    individual: Individual,
    kind: str,
    actor: Actor,
    now: datetime,
    address: str = "",
    order: int = 1,
    enabled: bool = True,
    method: ContactMethod | None = None,
    version: int | None = None,
) -> ContactMethod:
    """Add a way to reach a person, or change one: one's own, or anybody's as a manager.

    :param address: left empty, a stored one stays: that of a webhook is never shown again.
    :raises Invalid: an address that does not fit its kind. :raises Conflict: when the person has it already.
    :raises TooMany: with ten ways there already. :raises Stale: when it was changed meanwhile.
    """
    _require_may_direct(individual, actor)
    others = _others(individual, method)
    if method is None and len(others) >= MOST_METHODS:
        raise TooMany(_("A person has at most %(most)d more ways to be reached.") % {"most": MOST_METHODS})
    row = _held(method, version) if method else ContactMethod(organization=individual.organization)
    if kind not in ContactMethod.Kind.values:
        raise Invalid(_("A kind is one of %(kinds)s.") % {"kinds": ", ".join(ContactMethod.Kind.values)}, field="kind")
    if not address and row.kind != kind:
        raise Invalid(_("Write the address."), field="address")
    row.individual, row.kind, row.order, row.enabled = individual, kind, order, enabled
    row.address = checked_address(kind, address) if address else row.address
    if any(other.address == row.address for other in others):
        raise Conflict(_("%(who)s is reached there already.") % {"who": individual}, field="address")
    _store(row)
    return row


@transaction.atomic
def remove_contact_method(*, method: ContactMethod, actor: Actor, now: datetime) -> None:
    """Take a way to reach a person away; what was sent on it stays in the history of pages."""
    _require_may_direct(method.individual, actor)
    method.delete()


def ways_to_reach(individual: Individual, *, actor: Actor) -> QuerySet[ContactMethod]:
    """How the person is reached beside the first address, for themselves and managers.

    :raises Forbidden: for others.
    """
    _require_self_or_manager(individual, actor)
    return ContactMethod.objects.filter(individual=individual).select_related("individual__organization")


@transaction.atomic
def set_external_ids(*, individual: Individual, ids: Mapping[str, str], actor: Actor, now: datetime) -> None:
    """Let a person be known elsewhere by just these ids: one a system.

    :raises Invalid: a system or an id that is none. :raises Conflict: when it is somebody else's.
    """
    access.require(actor, Right.CONFIGURE, individual.organization)
    wanted = {system.strip().lower(): value.strip() for system, value in ids.items()}
    there = {row.system: row for row in individual.identities.all()}
    for system in there.keys() - wanted.keys():
        there[system].delete()
    for system, value in sorted(wanted.items()):
        if system not in there or there[system].value != value:
            _write_id(individual, there.get(system), system, value)


def checked_address(kind: str, address: str) -> str:
    """The address as it is kept.

    :raises Invalid: when it does not fit the kind.
    """
    if kind == ContactMethod.Kind.EMAIL:
        try:
            return normalise(address)
        except ValueError as error:
            raise Invalid(str(error), field="address") from None
    text = address.strip()
    parts = _split(text)
    if parts is None or parts.scheme != "https" or not parts.hostname or len(text) > LONGEST_ADDRESS:
        raise Invalid(_("A webhook is a whole address that begins with https://."), field="address")
    if parts.username is not None or parts.password is not None:
        raise Invalid(_("A webhook's address carries no name and password before the host."), field="address")
    return text


def _split(text: str) -> SplitResult | None:
    if not text.isprintable() or " " in text:
        return None
    try:
        parts = urlsplit(text)
        # Read, because a port that is none shows only here.
        return parts if parts.port != 0 else None
    except ValueError:
        return None


def _store(row: ContactMethod) -> None:
    try:
        # The address was checked above; as a column it takes stored tokens only.
        row.full_clean(exclude=["address"], validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise configuration.invalid_from(error) from None
    row.save()


def _held(method: ContactMethod, version: int | None) -> ContactMethod:
    """The row as it is stored, locked, its version raised."""
    row = ContactMethod.objects.select_for_update(of=("self",)).filter(pk=method.pk).first()
    if row is None or (version is not None and row.version != version):
        raise Stale(_("Somebody else changed it meanwhile. Look at it again."))
    row.version += 1
    return row


def _others(individual: Individual, method: ContactMethod | None) -> list[ContactMethod]:
    # The lock on the person keeps two requests from adding the same address, which no index can see.
    Individual.objects.select_for_update(of=("self",)).get(pk=individual.pk)
    others = individual.contact_methods.all()
    return list(others.exclude(pk=method.pk) if method else others)


def _require_self_or_manager(individual: Individual, actor: Actor) -> None:
    if actor.user is not None and individual.user_id == actor.user.pk:
        access.require(actor, Right.SEE, individual.organization)
        return
    access.require(actor, Right.CONFIGURE, individual.organization)


def _require_may_direct(individual: Individual, actor: Actor) -> None:
    """Pages tell where they go: of a restricted subject nothing may go where somebody leads it who does not see it."""
    _require_self_or_manager(individual, actor)
    is_self = actor.user is not None and individual.user_id == actor.user.pk
    if not is_self and have_hidden_parts([individual], actor):
        message = _("%(who)s has a part in something that you may not see. Ask them, or an admin.")
        raise Forbidden(message % {"who": individual})


def _write_id(individual: Individual, row: ExternalIdentity | None, system: str, value: str) -> None:
    taken: Any = ExternalIdentity.objects.filter(organization=individual.organization, system=system, value=value)
    other = taken.exclude(individual=individual).select_related("individual").first()
    if other is not None:
        raise Conflict(
            _("In %(system)s “%(value)s” is %(who)s already.")
            % {"system": system, "value": value, "who": other.individual},
            field="external_ids", id=str(other.individual.uuid),
        )  # fmt: skip
    row = row or ExternalIdentity(organization=individual.organization, individual=individual, system=system)
    row.value = value
    try:
        row.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise Invalid(configuration.invalid_from(error).message, field="external_ids") from None
    row.save()
