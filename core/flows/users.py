"""Accounts: inviting, editing one's own, deactivating."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from core import access, mails
from core.access import Right
from core.actor import Actor
from core.emails import normalise
from core.errors import Conflict, Forbidden, Invalid
from core.flows import passwords, sessions
from core.flows.configuration import invalid_from
from core.flows.lines import check_one_line, looks_empty
from core.flows.memberships import keep_an_owner
from core.models.organizations import MembershipRole
from core.models.tokens import ApiToken
from core.models.users import User
from core.signals import AccountEnded, AccountReopened, account_ended, account_reopened
from core.validators import UNSTORABLE, valid_time_zone


@transaction.atomic
def invite(*, email: str, name: str, actor: Actor, now: datetime, is_service: bool = False) -> User:
    """Make an account without a password. Whoever a person invites is mailed a link to choose one; of commands and
    imports the accounts stay quiet until `passwords.send_invitation`.

    :raises Conflict: when the address has an account. :raises Forbidden: for anyone below admin.
    """
    if not actor.trusted and not access.may_somewhere(actor.user, Right.ADMINISTER):
        raise Forbidden(_("Only an admin may invite people."))
    try:
        address = normalise(email)
    except ValueError as error:
        raise Invalid(str(error), field="email") from None
    _check_name(name)
    there = User.objects.filter(email=address).first()
    if there:
        raise Conflict(_("%(email)s has an account.") % {"email": address}, field="email", id=str(there.uuid))
    user: User = User.objects.create_user(address, name=name, is_service=is_service, email_verified_at=now)
    if not (actor.trusted or is_service):
        passwords.plan_invitation(user, actor=actor, now=now)
    return user


@transaction.atomic
def set_password(*, user: User, password: str, actor: Actor, now: datetime) -> None:
    """Set a password: one's own, or for others as an owner of all their organizations.

    :raises Invalid: when Django's validators refuse it.
    """
    _require_self_or_owner(user, actor)
    passwords.check_strength(user, password)
    first = not user.has_usable_password()
    user.set_password(password)
    user.save(update_fields=["password", "updated_at"])
    sessions.drop_all(user)
    passwords.after_setting(user, first=first, now=now, actor=actor)


@transaction.atomic
def edit_profile(
    *,
    user: User,
    actor: Actor,
    now: datetime,
    name: str | None = None,
    time_zone: str | None = None,
    unwanted_mails: list[str] | None = None,
) -> User:
    """Change one's own name, time zone, and which mails one does not want. Without a change nothing is written.

    :raises Invalid: when the zone is not one, or mail of that kind cannot be switched off.
    """
    _require_self_or_owner(user, actor)
    if time_zone:
        try:
            valid_time_zone(time_zone)
        except ValidationError as error:
            raise Invalid(invalid_from(error).message, field="time_zone") from None
    if name not in (None, user.name):
        _check_name(name)
    chosen = {
        "name": name, "time_zone": time_zone,
        "unwanted_mails": None if unwanted_mails is None else mails.checked_choices(unwanted_mails),
    }  # fmt: skip
    changed = {field: value for field, value in chosen.items() if value not in (None, getattr(user, field))}
    for field, value in changed.items():
        setattr(user, field, value)
    if changed:
        user.version += 1
        user.save(update_fields=[*changed, "version", "updated_at"])
    return user


@transaction.atomic
def deactivate(*, user: User, actor: Actor, now: datetime) -> User:
    """End an account: no log-in, sessions and tokens end at once. The person's history stays.

    :raises LastOwner: when they are the last owner of an organization. :raises FlowError: while an app needs them.
    """
    _require_owner(user, actor)
    for membership in user.memberships.filter(role=MembershipRole.OWNER).select_related("organization"):
        keep_an_owner(membership.organization, without=user)
    user.is_active = False
    user.save(update_fields=["is_active", "updated_at"])
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=now)
    sessions.drop_all(user)
    account_ended.send(sender=User, payload=AccountEnded(**_fact(user, actor, now)))
    return user


@transaction.atomic
def reactivate(*, user: User, actor: Actor, now: datetime) -> User:
    """Open an account again, and with it the person where it has a place; tokens stay revoked."""
    _require_owner(user, actor)
    user.is_active = True
    user.save(update_fields=["is_active", "updated_at"])
    account_reopened.send(sender=User, payload=AccountReopened(**_fact(user, actor, now)))
    return user


def _fact(user: User, actor: Actor, now: datetime) -> dict[str, Any]:
    return {
        "user_id": user.pk, "by_user_id": actor.user.pk if actor.user else None, "face": actor.face, "now": now,
    }  # fmt: skip


def _check_name(name: str) -> None:
    if len(name) > 200 or UNSTORABLE.search(name):
        raise Invalid(_("At most 200 characters, without NUL or half characters."), field="name")
    check_one_line(name, "name")
    if name and looks_empty(name):
        raise Invalid(_("This shows nothing; leave it empty, or write a name."), field="name")


def _owned_by(actor: Actor, user: User) -> bool:
    """Whether the actor owns every organization of the user; else inviting here would open their account there."""
    owned = access.organizations_where(actor.user, Right.OWN)
    foreign = user.memberships.exclude(organization__in=owned)
    return access.may_somewhere(actor.user, Right.OWN) and not foreign.exists()


def _require_owner(user: User, actor: Actor) -> None:
    if not (actor.trusted or _owned_by(actor, user)):
        raise Forbidden(_("Only an owner of all their organizations may do this."))


def _require_self_or_owner(user: User, actor: Actor) -> None:
    if actor.user is None or actor.user.pk != user.pk:
        _require_owner(user, actor)
