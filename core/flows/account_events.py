"""The short history of an account, and what of it its owner is told."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.actor import Actor
from core.models.accounts import AccountEvent
from core.models.users import User
from core.whence import Whence

KEPT_FOR = timedelta(days=180)
Kind = AccountEvent.Kind


@dataclass(frozen=True, kw_only=True)
class FailedTries:
    """How many log-ins failed since a moment (None: since the account is there)."""

    count: int
    since: datetime | None


def note(
    user: User | None, kind: str, *, now: datetime, whence: Whence | None = None, actor: Actor | None = None
) -> AccountEvent:
    """Write an event; `by` is named only where it was somebody else."""
    by = actor.user if actor and actor.user and (user is None or actor.user.pk != user.pk) else None
    place = whence or Whence()
    return AccountEvent.objects.create(
        user=user, by=by, kind=kind, address=place.address, agent=place.agent, happened_at=now
    )  # fmt: skip


def failed_tries(user: User) -> FailedTries:
    """The log-ins that failed between the last one that worked and the one before it, or after it."""
    mine = AccountEvent.objects.filter(user=user)
    worked = list(
        mine.filter(kind=Kind.SIGNED_IN).order_by("-happened_at").values_list("happened_at", flat=True)[:2]
    )  # fmt: skip
    since = worked[1] if len(worked) > 1 else None
    failed = mine.filter(kind__in=[Kind.FAILED, Kind.LOCKED])
    count = (failed.filter(happened_at__gt=since) if since else failed).count()
    return FailedTries(count=count, since=since)


def forget_old(now: datetime) -> None:
    """Keep half a year."""
    AccountEvent.objects.filter(happened_at__lt=now - KEPT_FOR).delete()
