"""Passwords: changing one's own, and the links in mails by which one is set without the old one.

A link is signed and stored nowhere. It holds a fingerprint of the account's password and last log-in, so that it works
once, and not after either has changed.
"""

from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from core import access, operations
from core.actor import Actor
from core.errors import FlowError, Forbidden, Invalid
from core.flows import account_events, sessions, signing_in
from core.flows.account_events import Kind
from core.models.accounts import AccountEvent
from core.models.users import User
from core.whence import Whence

RESET: Final = "reset"
INVITATION: Final = "invitation"
CHANGED: Final = "password_changed"
FIRST: Final = "password_first"
MAIL: Final = "account.mail"
VALID_SECONDS: Final = {RESET: 3600, INVITATION: 7 * 24 * 3600}


class LinkIsOver(FlowError):
    """The link was used, is too old, or never was one."""

    status = 410
    code = "link_is_over"


@transaction.atomic
def ask_for_reset(*, email: str, whence: Whence, now: datetime) -> None:
    """Plan the mail with a link to a new password; where there is no such account one that will be sent to nobody, so
    that asking neither tells nor takes longer.

    :raises AskedTooOften:
    """
    signing_in.count_request(kind="reset", email=email, whence=whence, now=now)
    user = User.objects.filter(email=signing_in.normalised(email)).first()
    _plan_mail(RESET, user, account_events.note(user, Kind.RESET_ASKED, now=now, whence=whence))


@transaction.atomic
def send_invitation(*, user: User, actor: Actor, now: datetime) -> None:
    """Plan the mail by which somebody sets their first password; again, when the first was lost.

    :raises Invalid: for an account that has a password or cannot have one. :raises Forbidden: for those who do not
        administer it.
    """
    if not (actor.trusted or access.administers(actor.user, user)):
        raise Forbidden(_("Only an admin of all their projects may do this."))
    if not may_be_invited(user):
        raise Invalid(_("%(name)s needs no invitation: they have a password, or cannot have one.") % {"name": user})
    plan_invitation(user, actor=actor, now=now)


def plan_invitation(user: User, *, actor: Actor, now: datetime) -> None:
    """Plan the mail; other flows do, after their own question."""
    _plan_mail(INVITATION, user, account_events.note(user, Kind.INVITED, now=now, actor=actor))


def may_be_invited(user: User) -> bool:
    """Whether the account waits for its first password."""
    return user.is_active and not user.is_service and not user.has_usable_password()


def link_for(user: User, kind: str) -> str:
    """The secret part of a link, valid from now on."""
    return signing.dumps({"user": str(user.uuid), "state": _state(user, settings.SECRET_KEY), "kind": kind}, salt=MAIL)


def user_of(secret: str) -> User:
    """Whose password a link sets.

    :raises LinkIsOver: when it is not ours, too old, or used.
    """
    content = _read(secret)
    user = User.objects.filter(uuid=content["user"], is_active=True, is_service=False).first()
    if user is None or not _is_state(content["state"], user):
        raise LinkIsOver(_("This link was used or has ended. Ask for a new one."))
    return user


@transaction.atomic
def set_by_link(*, secret: str, password: str, whence: Whence, now: datetime) -> User:
    """Set the password and sign every browser out.

    :raises LinkIsOver: as `user_of`. :raises Invalid: when Django's validators refuse the password.
    """
    # Of two that use the link at once, the second finds another password.
    User.objects.select_for_update().filter(uuid=_read(secret)["user"]).first()
    user = user_of(secret)
    _set(user, password, now=now, whence=whence)
    if user.email_verified_at is None:
        user.email_verified_at = now
        user.save(update_fields=["email_verified_at"])
    return user


@transaction.atomic
def change(*, user: User, new: str, actor: Actor, whence: Whence, now: datetime, keep: str | None = None) -> None:
    """Change one's own password; every other browser is signed out. The old one was asked by `check_old`.

    :raises Invalid: when the new one is refused.
    """
    if actor.user is None or actor.user.pk != user.pk or actor.token is not None:
        raise Forbidden(_("Everybody changes their own password, in the console."))
    _set(user, new, now=now, whence=whence, keep=keep)


def check_old(
    *, user: User, password: str, whence: Whence, now: datetime, known_as: tuple[str, str] = ("", "")
) -> bool:
    """Whether it is the password; counted like a log-in, so that an open browser is no way to guess it, and apart from
    strangers' log-ins where the browser is known.

    :raises TooManyTries:
    """
    found = signing_in.sign_in(email=user.email, password=password, whence=whence, now=now, known_as=known_as)
    return found is not None


def after_setting(
    user: User, *, first: bool, now: datetime, whence: Whence | None = None, actor: Actor | None = None
) -> None:
    """What follows a new password: the waiting ends, it stands in the history, and the owner is told by mail. A first
    one is expected, and its mail alarms nobody.
    """
    signing_in.forget(user)
    event = account_events.note(user, Kind.PASSWORD_SET, now=now, whence=whence, actor=actor)
    _plan_mail(FIRST if first else CHANGED, user, event)


def _plan_mail(kind: str, user: User | None, event: AccountEvent) -> None:
    arguments = {"kind": kind, "user": user.pk if user else None, "event": event.pk}
    # Such a mail belongs to no project; it is the account's, and so its owners find it.
    operations.plan(MAIL, fact=event.uuid, arguments=arguments, user=user)


def _set(user: User, password: str, *, now: datetime, whence: Whence, keep: str | None = None) -> None:
    check_strength(user, password)
    first = not user.has_usable_password()
    user.set_password(password)
    user.save(update_fields=["password", "updated_at"])
    sessions.drop_all(user, keep=keep)
    after_setting(user, first=first, now=now, whence=whence)


def check_strength(user: User, password: str) -> None:
    """Ask Django's validators.

    :raises Invalid: with what they say.
    """
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="password") from None


def _read(secret: str) -> dict[str, Any]:
    try:
        content: dict[str, Any] = signing.loads(secret, salt=MAIL, max_age=max(VALID_SECONDS.values()))
        # The kind is inside what is signed.
        signing.loads(secret, salt=MAIL, max_age=VALID_SECONDS[content["kind"]])
    except (signing.BadSignature, KeyError):
        raise LinkIsOver(_("This link was used or has ended. Ask for a new one.")) from None
    return content


def _is_state(state: str, user: User) -> bool:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(constant_time_compare(state, _state(user, key)) for key in keys)


def _state(user: User, key: str) -> str:
    seen = user.last_login.isoformat() if user.last_login else ""
    value = f"{user.pk}:{user.email}:{user.password}:{seen}"
    return salted_hmac(MAIL, value, secret=key, algorithm="sha256").hexdigest()[:32]
