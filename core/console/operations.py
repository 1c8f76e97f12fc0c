"""Operations in words: what each does, and what did not happen when it failed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin import site
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from core.console.ages import ago
from core.console.dialogs import Button
from core.operations.models import Operation

Status = Operation.Status

# To or about whom the operations of one action are, by primary key: for all of a list in a fixed number of queries.
Whom = Callable[[Sequence[Operation]], dict[int, str]]


@dataclass(frozen=True, kw_only=True)
class Words:
    """What an action does ("Make the ticket"), and the sentence of its failure ("The ticket was not made.")."""

    does: Any
    missed: Any
    whom: Whom | None = None


@dataclass(frozen=True, kw_only=True)
class Alert:
    """A failed operation as the page tells it."""

    operation: Operation
    missed: str
    said: str
    url: str
    buttons: list[Button]


_words: dict[str, Words] = {}


def register_words(action: str, *, does: Any, missed: Any, whom: Whom | None = None) -> None:
    """Say what an action does, in words, and how to find whom it reaches."""
    _words[action] = Words(does=does, missed=missed, whom=whom)


def actions() -> list[tuple[str, Any]]:
    """The actions that have words, for a choice."""
    return sorted((action, words.does) for action, words in _words.items())


def does(operation: Operation, reaches: str = "") -> str:
    """What the operation does, and for whom where that is known."""
    words = _words.get(operation.action)
    said = str(words.does) if words else operation.action
    return f"{said}: {reaches}" if reaches else said


def whom(operations: Iterable[Operation]) -> dict[int, str]:
    """Whom the operations reach, by primary key, where their action tells."""
    by_action: dict[str, list[Operation]] = {}
    for operation in operations:
        by_action.setdefault(operation.action, []).append(operation)
    found: dict[int, str] = {}
    for action, rows in by_action.items():
        words = _words.get(action)
        found |= words.whom(rows) if words and words.whom else {}
    return found


def missed(operation: Operation) -> str:
    """What did not happen."""
    words = _words.get(operation.action)
    return str(words.missed) if words else _("“%(action)s” did not happen.") % {"action": operation.action}


def stands(operation: Operation, now: datetime) -> str:
    """How it stands, in a sentence: what came of it, or what comes next."""
    said = {
        Status.PENDING: _("It waits for its turn; a worker takes it %(when)s."),
        Status.RETRYING: _("It did not work yet. It is tried again %(when)s."),
        Status.RUNNING: _("A worker is at it."),
        Status.SKIPPED: _("It was given up, and does not happen unless somebody retries it."),
    }
    if operation.status == Status.FAILED:
        return _("%(missed)s It is not tried again unless somebody retries it.") % {"missed": missed(operation)}
    if operation.status == Status.SUCCEEDED:
        return came_of_it(operation) or _("It is done.")
    later = operation.next_attempt_at > now
    return said[Status(operation.status)] % {"when": ago(operation.next_attempt_at, now) if later else _("at once")}


def came_of_it(operation: Operation) -> str:
    """The result as a sentence; nothing where the result has no words."""
    result = operation.result
    said = {
        "left": _("Not needed any more: %(value)s."),
        "sent": _("Sent %(value)s."),
        "message_id": _("The mail server took it."),
        "label": _("Done: %(value)s."),
        "shifts": _("The shifts were brought up to date; there are %(value)s."),
    }
    name = next((name for name in said if name in result), "")
    return said[name] % {"value": result[name]} if name else str(result.get("message", ""))


def repeating(operation: Operation) -> str:
    """What a second try may do."""
    said = {
        Operation.Delivery.ENSURE: _("A further attempt looks first for what an earlier one made."),
        Operation.Delivery.AT_LEAST_ONCE: _("If an attempt breaks off, the next one may send it a second time."),
        Operation.Delivery.AT_MOST_ONCE: _("It is never sent a second time by itself."),
    }
    return said[Operation.Delivery(operation.delivery)]


def failed_alerts(request: HttpRequest, subject: Any, limit: int = 3) -> list[Alert]:
    """The subject's failed operations, newest first, with what mends them."""
    admin: Any = site.get_model_admin(Operation)
    rows = Operation.objects.of(subject).filter(status=Operation.Status.FAILED).order_by("-finished_at", "-pk")
    return [
        Alert(
            operation=row,
            missed=missed(row),
            said=row.error,
            url=reverse("admin:core_operation_change", args=[row.pk]),
            buttons=admin.buttons(request, ["retry", "skip"], row),
        )
        for row in rows.select_related("plugin_instance", subject.kind, "project")[:limit]
    ]
