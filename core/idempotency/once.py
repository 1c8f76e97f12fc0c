"""Carrying a request out once: the key is claimed in the flow's own transaction, so that rivals wait for its end."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core.actor import Actor
from core.errors import Forbidden, Invalid, KeyReused
from core.idempotency.models import IdempotencyRecord

KEPT_FOR = timedelta(hours=24)
LONGEST_KEY = 200


@dataclass(frozen=True, kw_only=True)
class Done:
    """What came of the request. `replayed`: it was carried out before; render `object_id` under today's access.

    :ivar result: what the flow returned, where this call carried it out.
    """

    status: int
    object_id: str
    replayed: bool
    result: Any = None


def once(
    *,
    actor: Actor,
    key: str,
    method: str,
    path: str,
    body: Any,
    now: datetime,
    perform: Callable[[], tuple[int, str, Any]],
) -> Done:
    """Run `perform` (status, object id, result) unless the caller's key did already. A refusal stores nothing.

    :raises KeyReused: when the key came with another body. :raises Invalid: a key that cannot be kept.
    """
    if actor.user is None:
        raise Forbidden(_("Sign in to send an idempotency key."))
    if not key.strip() or len(key) > LONGEST_KEY or not key.isprintable():
        raise Invalid(
            _("An idempotency key has 1 to %(most)s printable characters.") % {"most": LONGEST_KEY},
            field="Idempotency-Key",
        )
    scope = {"user": actor.user, "token": actor.token, "method": method, "path": path, "key": key}
    mine = digest(body)
    with transaction.atomic():
        IdempotencyRecord.objects.filter(**scope, created_at__lte=now - KEPT_FOR).delete()
        record = _claim(scope, mine, now)
        if record is None:
            return _replay(scope, mine)
        status, object_id, result = perform()
        record.status, record.object_id = status, object_id
        record.save(update_fields=["status", "object_id"])
    return Done(status=status, object_id=object_id, replayed=False, result=result)


def digest(body: Any) -> str:
    """SHA-256 of the body's canonical JSON."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()


def clean(now: datetime) -> int:
    """Forget keys older than a day. Returns how many."""
    return IdempotencyRecord.objects.filter(created_at__lte=now - KEPT_FOR).delete()[0]


def _claim(scope: dict[str, Any], mine: str, now: datetime) -> IdempotencyRecord | None:
    """The row of this request; None when the key exists. A rival that holds it uncommitted is waited for."""
    try:
        with transaction.atomic():
            return IdempotencyRecord.objects.create(**scope, body_digest=mine, created_at=now)
    except IntegrityError:
        return None


def _replay(scope: dict[str, Any], mine: str) -> Done:
    record = IdempotencyRecord.objects.get(**scope)
    if record.body_digest != mine:
        raise KeyReused(_("This key was used for another request; take a new one."), field="Idempotency-Key")
    return Done(status=record.status or 200, object_id=record.object_id, replayed=True)
