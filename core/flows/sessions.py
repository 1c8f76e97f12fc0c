"""Sessions: noting who is signed in where, and ending them."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.db import transaction
from django.utils.translation import gettext as _

from core import access
from core.actor import Actor
from core.errors import Forbidden
from core.flows import account_events
from core.flows.account_events import Kind
from core.models.accounts import AccountSession
from core.models.users import User
from core.whence import Whence

SEEN_IS_NOTED_EVERY: Final = timedelta(minutes=1)


def note_seen(*, user: User, session_key: str, whence: Whence, now: datetime) -> None:
    """Remember that a session is in use; each process writes it at most once a minute."""
    if not caches["process"].add(f"seen:{session_key}", 1, SEEN_IS_NOTED_EVERY.total_seconds()):
        return
    place = {"user": user, "agent": whence.agent, "address": whence.address, "last_seen_at": now}
    rows = AccountSession.objects.filter(session_key=session_key)
    # One that was ended meanwhile is not made again by a request that was under way.
    if not rows.update(**place) and Session.objects.filter(session_key=session_key).exists():
        AccountSession.objects.get_or_create(session_key=session_key, defaults={**place, "created_at": now})


def rename(old: str | None, new: str | None) -> None:
    """A session that went on under another key."""
    if old and new:
        AccountSession.objects.filter(session_key=old).update(session_key=new)


def forget(session_key: str | None) -> None:
    """Signing out oneself."""
    AccountSession.objects.filter(session_key=session_key or "").delete()


@transaction.atomic
def end(*, session: AccountSession, actor: Actor, now: datetime) -> None:
    """Sign one browser out at once.

    :raises Forbidden: for those who do not administer the account.
    """
    _require(session.user, actor)
    _drop(AccountSession.objects.filter(pk=session.pk))
    account_events.note(session.user, Kind.SESSION_ENDED, now=now, actor=actor)


@transaction.atomic
def end_all(*, user: User, actor: Actor, now: datetime, keep: str | None = None) -> int:
    """Sign every browser out but one. Returns how many there were.

    :raises Forbidden: for those who do not administer the account.
    """
    _require(user, actor)
    count = drop_all(user, keep=keep)
    if count:
        account_events.note(user, Kind.SESSION_ENDED, now=now, actor=actor)
    return count


def drop_all(user: User, *, keep: str | None = None) -> int:
    """End them without asking; other flows do."""
    return _drop(AccountSession.objects.filter(user=user).exclude(session_key=keep or ""))


def forget_old(now: datetime) -> None:
    """Drop what has lapsed, ours and Django's."""
    Session.objects.filter(expire_date__lt=now).delete()
    lapsed = now - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    AccountSession.objects.filter(last_seen_at__lt=lapsed).delete()


def _drop(rows: Any) -> int:
    keys = list(rows.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    AccountSession.objects.filter(session_key__in=keys).delete()
    return len(keys)


def _require(user: User, actor: Actor) -> None:
    own = actor.user is not None and actor.user.pk == user.pk
    if not (actor.trusted or own or access.administers(actor.user, user)):
        raise Forbidden(_("Only an admin of all their projects may do this."))
