"""Calendar feeds: secret addresses that give shifts as iCalendar. The secret is shown once; only its hash is kept."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core import access
from core.access import Right
from core.actor import Actor
from core.errors import FlowError, Forbidden, Invalid
from core.models.organizations import Organization
from people.models import CalendarFeed, Service, Shift

MOST_FEEDS = 50
# An address longer than ours is not looked up at all.
LONGEST_SECRET = 64
READ_IS_NOTED_EVERY = timedelta(minutes=5)
LOOK_BACK = timedelta(weeks=4)


class TooManyFeeds(FlowError):
    """More addresses than anybody reads."""

    code = "too_many_feeds"


@transaction.atomic
def make_feed(
    *, organization: Organization, actor: Actor, now: datetime, service: Service | None = None
) -> tuple[CalendarFeed, str]:
    """Make an address for the actor: of a service's shifts, or (without one) of their own. Returns the row and the
    secret, which is shown once.

    :raises TooManyFeeds: end one that nobody reads first.
    """
    if actor.user is None:
        raise Forbidden(_("An address belongs to a person; sign in as one."))
    access.require(actor, Right.SEE, service.project if service else organization)
    if service and service.project.organization_id != organization.pk:
        raise Invalid(_("“%(name)s” belongs to another organization.") % {"name": service}, field="service")
    if CalendarFeed.objects.filter(user=actor.user, revoked_at=None).count() >= MOST_FEEDS:
        raise TooManyFeeds(_("You have %(count)d addresses. End one that nobody reads.") % {"count": MOST_FEEDS})
    secret = secrets.token_urlsafe(32)
    feed = CalendarFeed.objects.create(
        user=actor.user, organization=organization, service=service, secret_hash=_hash(secret), created_at=now
    )
    return feed, secret


@transaction.atomic
def revoke_feed(*, feed: CalendarFeed, actor: Actor, now: datetime) -> None:
    """End an address at once: one's own, or as a manager one of the service's (its organization's). Twice is once.

    :raises Forbidden: for others.
    """
    own = actor.user is not None and feed.user_id == actor.user.pk
    if not own:
        access.require(actor, Right.CONFIGURE, feed.service.project if feed.service else feed.organization)
    CalendarFeed.objects.filter(pk=feed.pk, revoked_at=None).update(revoked_at=now)
    feed.refresh_from_db()


def find_feed(secret: str, *, now: datetime) -> CalendarFeed | None:
    """The feed of a secret, its reading noted every few minutes; None when unknown, ended, or its owner may not see
    the shifts any more.
    """
    if not secret or len(secret) > LONGEST_SECRET:
        return None
    wanted = _hash(secret)
    rows = CalendarFeed.objects.select_related("user", "service__project", "organization")
    feed = rows.filter(secret_hash=wanted, revoked_at=None, user__is_active=True).first()
    if feed is None or not hmac.compare_digest(feed.secret_hash, wanted):
        return None
    if not access.may(feed.user, Right.SEE, feed.service.project if feed.service else feed.organization):
        return None
    if feed.last_read_at is None or feed.last_read_at < now - READ_IS_NOTED_EVERY:
        CalendarFeed.objects.filter(pk=feed.pk).update(last_read_at=now)
    return feed


def shifts_of(feed: CalendarFeed, *, now: datetime) -> QuerySet[Shift, Any]:
    """What the address gives: shifts from four weeks ago on that its owner may see."""
    rows = Shift.objects.filter(ends_at__gt=now - LOOK_BACK).select_related("individual", "service")
    if feed.service_id:
        rows = rows.filter(service=feed.service_id)
    else:
        mine = Service.objects.visible_to(feed.user).filter(project__organization=feed.organization_id)
        rows = rows.filter(individual__user=feed.user, service__in=mine)
    return rows.order_by("starts_at", "pk")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
