"""Operations in words: what each does, and what did not happen when it failed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import site
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from core.console.dialogs import Button
from core.operations.models import Operation

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
