"""API tokens: issuing, revoking, recognising, and what a scope allows."""

import hashlib
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import access
from core.access import Right
from core.actor import Actor
from core.errors import Forbidden, Invalid
from core.flows import account_events
from core.flows.account_events import Kind
from core.flows.lines import check_one_line, looks_empty
from core.models.tokens import ApiToken
from core.models.users import User
from core.validators import UNSTORABLE

MARK = "dsp_"
# Each area with what lies in it.
AREAS: Final[Mapping[str, Any]] = {
    "incidents": gettext_lazy("incidents, their timeline, roles, resources and links"),
    "cases": gettext_lazy("cases, and what belongs to them"),
    "people": gettext_lazy("people, teams, services, rotas and pages"),
    "tasks": gettext_lazy("tasks"),
    "integrations": gettext_lazy("plugins and their settings"),
    "knowledge": gettext_lazy("documents, templates and tags"),
    "operations": gettext_lazy("what happens outside: retry, skip, cancel"),
    "configuration": gettext_lazy("organizations, projects, memberships, types"),
}
SCOPE = re.compile(r"(?:(?P<area>[a-z]+):)?(?P<verb>read|write)")
# After so long without use nobody is likely to miss it.
UNUSED_AFTER = timedelta(days=90)
USE_IS_NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def issue(
    *, user: User, name: str, scopes: list[str], actor: Actor, now: datetime, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a token for oneself, or as an owner for a service account. Returns the row and the secret, shown once.

    :raises Invalid: a scope that is none, an expiry that has passed, an empty name.
    """
    _require(user, actor)
    if looks_empty(name) or len(name) > 100 or UNSTORABLE.search(name):
        raise Invalid(_("Give the token a name of at most 100 characters."), field="name")
    check_one_line(name, "name")
    if not user.is_active:
        raise Invalid(_("The account is not active."), field="user")
    if expires_at is not None and expires_at <= now:
        raise Invalid(_("The token would be expired already."), field="expires_at")
    secret = MARK + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user, name=name, hint=secret[:10], digest=_digest(secret), scopes=checked(scopes), expires_at=expires_at
    )
    account_events.note(user, Kind.TOKEN_MADE, now=now, actor=actor)
    return token, secret


@transaction.atomic
def revoke(*, token: ApiToken, actor: Actor, now: datetime) -> None:
    """End a token at once; revoking twice is revoking once. Of oneself a token may end them too."""
    if actor.user is None or actor.user.pk != token.user_id:
        _require(token.user, actor)
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        account_events.note(token.user, Kind.TOKEN_REVOKED, now=now, actor=actor)
    token.refresh_from_db()


def authenticate(secret: str, *, now: datetime) -> ApiToken | None:
    """The valid token of a secret, its use noted once a minute; None when unknown, revoked or expired."""
    if not secret.startswith(MARK) or len(secret) > 100:
        return None
    token = (
        ApiToken.objects.select_related("user")
        .filter(
            Q(expires_at=None) | Q(expires_at__gt=now), digest=_digest(secret), revoked_at=None, user__is_active=True
        )
        .first()
    )
    if token and (token.last_used_at is None or token.last_used_at < now - USE_IS_NOTED_EVERY):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def allows(token: ApiToken, area: str, *, write: bool) -> bool:
    """Whether the token's scopes reach an area. Writing implies reading."""
    verbs = ("write",) if write else ("read", "write")
    return any(scope in token.scopes for verb in verbs for scope in (verb, f"{area}:{verb}"))


def checked(scopes: list[str]) -> list[str]:
    """The scopes, each once.

    :raises Invalid: naming the one that is none.
    """
    for scope in scopes:
        match = SCOPE.fullmatch(scope) if isinstance(scope, str) else None
        if match is None or (match["area"] and match["area"] not in AREAS):
            raise Invalid(
                _("“%(scope)s” is no scope. Write read, write, or one of an area, for example incidents:write.")
                % {"scope": str(scope)[:50]},
                field="scopes",
            )
    if not scopes:
        raise Invalid(_("Name at least one scope."), field="scopes")
    return sorted(set(scopes))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _require(user: User, actor: Actor) -> None:
    if actor.trusted or (actor.user is not None and actor.user.pk == user.pk and actor.token is None):
        return
    # One that works for another organization too is not theirs: its token would open that one's doors.
    owned = access.organizations_where(actor.user, Right.OWN)
    if user.is_service and user.memberships.exists() and not user.memberships.exclude(organization__in=owned).exists():
        return
    raise Forbidden(_("Tokens are made for oneself, or by an owner for a service account."))


def valid(rows: Any, now: datetime) -> Any:
    """Of a queryset, the tokens that still work."""
    return rows.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


def unused(rows: Any, now: datetime) -> Any:
    """Of a queryset, the tokens that still work and were not used for long, or never since they were made."""
    since = now - UNUSED_AFTER
    return valid(rows, now).filter(Q(last_used_at__lt=since) | Q(last_used_at=None, created_at__lt=since))
