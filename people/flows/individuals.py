"""Individuals: made on first sight of an address, edited by managers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core import access, operations, search
from core.access import Right
from core.actor import Actor
from core.emails import normalise
from core.errors import Forbidden, Invalid
from core.flows import configuration
from core.flows.lines import looks_empty
from core.flows.subjects import check_line
from core.models.organizations import Membership, Organization
from core.models.users import User
from people.flows.contacts import set_external_ids
from people.flows.hidden import have_hidden_parts
from people.models import Individual

LONGEST_NAME = 200


@transaction.atomic
def find_individual(*, organization: Organization, email: str, now: datetime, name: str = "") -> Individual:
    """The person of this address in the organization, made when it is seen for the first time.

    A user with that verified address, who belongs to the organization, is linked. What the contact directory knows is
    asked afterwards, by an operation. The address of somebody who was merged is that of the person they are now.

    :raises Invalid: when it is not an address.
    """
    try:
        address = normalise(email)
    except ValueError as error:
        raise Invalid(str(error), field="email") from None
    check_line(name, "name", LONGEST_NAME)
    known = Individual.objects.filter(organization=organization, email=address)
    there = known.select_related("merged_into").first()
    return (there.merged_into or there) if there else _make(organization, address, name)


def of_user(user: User, organization: Organization, now: datetime) -> Individual:
    """The user's individual in the organization, made when there is none; linked when the address is verified."""
    linked = Individual.objects.filter(organization=organization, user=user).first()
    if linked:
        return linked
    person = find_individual(organization=organization, email=user.email, name=user.name, now=now)
    if person.user_id is None and user.email_verified_at is not None:
        person.user = user
        person.save(update_fields=["user", "updated_at"])
    return person


def who_is(user: User, organization: Organization) -> Individual:
    """As `of_user`, for pages that only look: somebody not seen before is not stored."""
    known = Individual.objects.filter(organization=organization)
    there = known.filter(user=user).first() or known.filter(email=user.email).select_related("merged_into").first()
    if there is None:
        return Individual(organization=organization, email=user.email, name=user.name, user=user)
    return there.merged_into or there


@transaction.atomic
def save_individual(
    individual: Individual,
    *,
    actor: Actor,
    now: datetime,
    version: int | None = None,
    external_ids: Mapping[str, str] | None = None,
) -> Individual:
    """Create or change a person; the address is normalised and unique in the organization.

    :param external_ids: by system, what it calls the person; given, they replace those there are.

    :raises Invalid: an address that is none; letting somebody go or come back is `people.flows.leaving`'s.
    :raises Forbidden: another address for whoever has a part in a restricted subject that the actor does not see: the
        account of that address would see it. And for whoever has an account that the actor does not administer.
    """
    try:
        individual.email = normalise(individual.email)
    except ValueError as error:
        raise Invalid(str(error), field="email") from None
    _refuse_to_change(individual, actor)
    if looks_empty(individual.name):
        individual.name = name_from(individual.email)
    known = dict(individual.identities.values_list("system", "value")) if individual.pk else {}
    saved: Individual = configuration.save(
        individual, actor=actor, now=now, version=version, parts_change=external_ids not in (None, known)
    )
    if external_ids is not None:
        set_external_ids(individual=saved, ids=external_ids, actor=actor, now=now)
    search.index(saved)
    return saved


def _refuse_to_change(individual: Individual, actor: Actor) -> None:
    there = Individual.objects.filter(pk=individual.pk).select_related("organization", "merged_into", "user").first()
    if there is None:
        return
    # Whoever leaves hands over first, so the mark is not just taken away.
    if there.is_active != individual.is_active:
        message = _("Deactivate them instead.") if there.is_active else _("Reactivate them instead.")
        raise Invalid(message, field="is_active")
    if there.email != individual.email:
        access.require(actor, Right.CONFIGURE, there.organization)
        _refuse_another_account(there, actor)


def _refuse_another_account(person: Individual, actor: Actor) -> None:
    # Pages and mail for somebody go where the address says.
    if person.user is not None and not actor.trusted and not access.administers(actor.user, person.user):
        message = _("%(who)s has an account. Only who administers it changes the address.")
        raise Forbidden(message % {"who": person}, field="email")
    # The address of a merged row is that of the person they are now.
    if have_hidden_parts([person, person.merged_into or person], actor):
        message = _("%(who)s has a part in something that you may not see. Ask an admin to change the address.")
        raise Forbidden(message % {"who": person}, field="email")


def name_from(email: str) -> str:
    """A first guess at a name: ada.lovelace@… is Ada Lovelace."""
    words = email.split("@")[0].replace("_", ".").replace("-", ".").split(".")
    return (" ".join(word.capitalize() for word in words if word) or email)[:LONGEST_NAME]


def _make(organization: Organization, email: str, name: str) -> Individual:
    values: dict[str, Any] = {"name": name or name_from(email), "user": _account(organization, email)}
    try:
        with transaction.atomic():
            person = Individual.objects.create(organization=organization, email=email, **values)
    except IntegrityError:
        # Somebody else saw the address at the same moment.
        return Individual.objects.get(organization=organization, email=email)
    search.index(person)
    if not values["user"]:
        operations.plan(
            "contact.lookup", organization=organization, fact=person.uuid, arguments={"individual": person.pk}
        )
    return person


def _account(organization: Organization, email: str) -> User | None:
    """The user to link: the same verified address, in this organization, not linked to somebody else there."""
    user = User.objects.filter(email=email, email_verified_at__isnull=False, is_active=True).first()
    if user is None or not Membership.objects.filter(user=user, organization=organization).exists():
        return None
    return None if Individual.objects.filter(organization=organization, user=user).exists() else user
