"""Signing in: each try is counted before the password is looked at, and too many have to wait, longer each time.

An address that has no account is counted and answered like one that has. The waiting ends by itself; an admin may
end it sooner. Counting first means that tries sent at the same moment are counted too.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F, Max
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import access
from core.actor import Actor
from core.emails import normalise
from core.errors import FlowError, Forbidden
from core.flows import account_events
from core.flows.account_events import Kind
from core.models.accounts import SignInCount
from core.models.users import User
from core.validators import UNSTORABLE
from core.whence import Whence

# So many may fail before there is any waiting. Many people may come from one network address, so that is forgiven a
# failure a minute.
FREE_FOR_ACCOUNT: Final = 5
FREE_FOR_ADDRESS: Final = 30
ADDRESS_IS_FORGIVEN_EVERY: Final = timedelta(minutes=1)
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(hours=1)
FORGOTTEN_AFTER: Final = timedelta(hours=24)


class TooManyTries(FlowError):
    """Too many log-ins failed; nothing was looked at. `params["seconds"]` says how long to wait."""

    status: ClassVar[int] = 429
    code: ClassVar[str] = "too_many_tries"

    @classmethod
    def after(cls, wait: timedelta) -> Self:
        """The refusal that tells how long to wait."""
        seconds = max(1, int(wait.total_seconds()))
        minutes = -(-seconds // 60)
        return cls(cls.sentence(minutes) % {"count": minutes}, seconds=seconds)

    @staticmethod
    def sentence(minutes: int) -> str:
        """What is said, with a place for the number."""
        return ngettext(
            "Too many log-ins failed. Try again in %(count)s minute, or ask an admin.",
            "Too many log-ins failed. Try again in %(count)s minutes, or ask an admin.",
            minutes,
        )


class AskedTooOften(TooManyTries):
    """It was asked for too often."""

    @staticmethod
    def sentence(minutes: int) -> str:
        return ngettext(
            "This was asked for too often. Try again in %(count)s minute.",
            "This was asked for too often. Try again in %(count)s minutes.",
            minutes,
        )


def sign_in(
    *, email: str, password: str, whence: Whence, now: datetime, known_as: tuple[str, str] = ("", "")
) -> User | None:
    """The user of an address and password, or None. An unknown address takes as long as a wrong password.

    `known_as` is the account that the browser has signed in to before and the browser's name: its tries are counted
    apart from those of strangers.

    :raises TooManyTries: while the account or the network address has to wait.
    """
    address = normalised(email)
    user = User.objects.filter(email=address).first()
    counted = _Counted(address, _browser(user, known_as))
    locked = _count_try(counted, whence, now)
    if not _is_right(user, password):
        _note_failure(user, whence, now, locked=locked)
        return None
    _forget_try(counted, whence)
    return user


@transaction.atomic
def unlock(*, user: User, actor: Actor, now: datetime) -> None:
    """Let somebody try again at once.

    :raises Forbidden: for those who do not administer every place they belong to.
    """
    if not (actor.trusted or access.administers(actor.user, user)):
        raise Forbidden(_("Only an admin of all their projects may do this."))
    if forget(user):
        account_events.note(user, Kind.UNLOCKED, now=now, actor=actor)


def locked_until(user: User, now: datetime) -> datetime | None:
    """Until when the account has to wait; None when it has not."""
    waiting = SignInCount.objects.filter(account=_account_key(user.email), blocked_until__gt=now)
    return waiting.aggregate(until=Max("blocked_until"))["until"]


def forget(user: User) -> bool:
    """End every count of the account, those of the browsers it knows too. Whether there was one."""
    return bool(SignInCount.objects.filter(account=_account_key(user.email)).delete()[0])


@transaction.atomic
def count_request(*, kind: str, email: str, whence: Whence, now: datetime) -> None:
    """Count what anybody may ask for without an account (a mail), in the same way.

    :raises AskedTooOften: when it has to wait.
    """
    _count(_Counted(f"{kind}:{normalised(email)}").keys(whence, f"{kind}:"), now, refusal=AskedTooOften)


def forget_old(now: datetime) -> None:
    """Drop counts that have lapsed."""
    SignInCount.objects.filter(last_failed_at__lt=now - FORGOTTEN_AFTER).delete()


@dataclass(frozen=True)
class _Counted:
    """What a try is counted under: the account and, where it knows the browser, that."""

    address: str
    browser: str = ""

    @property
    def key(self) -> str:
        """The count's own key."""
        return _account_key(self.address + self.browser)

    def keys(self, whence: Whence, prefix: str = "") -> list[tuple[str, str, int]]:
        """The count's key, its account and what is free; the network address's too, where it is known."""
        keys = [(self.key, _account_key(self.address), FREE_FOR_ACCOUNT)]
        if whence.network:
            keys.append((_key(f"{prefix}network:{whence.network}"), "", FREE_FOR_ADDRESS))
        return keys


def _browser(user: User | None, known_as: tuple[str, str]) -> str:
    account, browser = known_as
    if user is None or not browser or account != str(user.uuid):
        return ""
    # With a new password it begins anew.
    return f":{browser}:{user.password}"


@transaction.atomic
def _count_try(counted: _Counted, whence: Whence, now: datetime) -> bool:
    return _count(counted.keys(whence), now)


def _count(keys: list[tuple[str, str, int]], now: datetime, *, refusal: type[TooManyTries] = TooManyTries) -> bool:
    """Count a try under each key. Whether the first of them has to wait from now on.

    :raises TooManyTries: or the `refusal`, when one has to wait already; then nothing is counted.
    """
    SignInCount.objects.bulk_create(
        [SignInCount(key=key, account=account, last_failed_at=now) for key, account, _free in keys],
        ignore_conflicts=True,
    )
    counts = SignInCount.objects.select_for_update().filter(key__in=[key for key, *_rest in keys])
    # In one order, so that two tries never wait for each other.
    rows = {row.key: row for row in counts.order_by("key")}
    until = [row.blocked_until for row in rows.values() if row.blocked_until and row.blocked_until > now]
    if until:
        raise refusal.after(max(until) - now)
    for key, _account, free in keys:
        row = rows[key]
        row.failures = _left(row, now, forgiving=free == FREE_FOR_ADDRESS) + 1
        row.last_failed_at = now
        row.blocked_until = now + _wait(row.failures - free) if row.failures >= free else None
        row.save(update_fields=["failures", "last_failed_at", "blocked_until"])
    return rows[keys[0][0]].blocked_until is not None


def _left(row: SignInCount, now: datetime, *, forgiving: bool) -> int:
    """The failures that still count."""
    quiet = now - row.last_failed_at
    if quiet > FORGOTTEN_AFTER:
        return 0
    return max(0, row.failures - (quiet // ADDRESS_IS_FORGIVEN_EVERY if forgiving else 0))


def _forget_try(counted: _Counted, whence: Whence) -> None:
    """One that worked: the account's count ends; of the network address only this try is taken back, so that nobody
    clears it by an account of their own.
    """
    SignInCount.objects.filter(key=counted.key).delete()
    for key, _account, _free in counted.keys(whence)[1:]:
        SignInCount.objects.filter(key=key, failures__gt=0).update(failures=F("failures") - 1, blocked_until=None)


def _is_right(user: User | None, password: str) -> bool:
    if user is None:
        make_password(password)
        return False
    return user.check_password(password) and user.is_active and not user.is_service


def _note_failure(user: User | None, whence: Whence, now: datetime, *, locked: bool) -> None:
    # Written for those that are not there too, so that both take as long.
    account_events.note(user, Kind.LOCKED if locked else Kind.FAILED, now=now, whence=whence)


def _account_key(address: str) -> str:
    return _key(f"account:{address}")


def _key(what: str) -> str:
    return salted_hmac("core.signing_in", what, algorithm="sha256").hexdigest()


def _wait(over: int) -> timedelta:
    return min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(over, 12))


def normalised(email: str) -> str:
    """The address as accounts have it, or as it was typed."""
    try:
        return normalise(email)
    except ValueError:
        # What is no address is nobody's; it is counted under what was typed.
        return UNSTORABLE.sub("", email).strip().lower()[:254]
