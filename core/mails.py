"""The kinds of mail: who still wants it and what it says. Apps register theirs in `mails.py`.

Planned as `operations.plan("email.send", subject=…, arguments={"template": name, "individual": pk, …})`; the kind is
asked again at the moment of sending. Templates extend `mail/base.html` and `mail/base.txt`. A mail that is about no one
subject (a list of somebody's tasks) is planned with `project=…` instead; its templates extend `mail/plain.html` and
`mail/plain.txt`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One mail to one person about one subject (None: about the project), with the operation's arguments."""

    subject: Any
    person: Any
    project: Any = None
    arguments: Mapping[str, Any] = field(default_factory=dict)


def _nothing(_letter: Letter) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True)
class MailKind:
    """A kind of mail.

    :ivar template: the path of its templates without `.txt` and `.html`.
    :ivar heading: what stands between the subject's name and its title in the subject line; of a mail about a project
        all that follows its name.
    :ivar reason_not_to_send: why it is no longer wanted; empty when it is.
    :ivar context: what the templates get beside the subject, the person and their roles. Of a restricted subject it
        must tell nothing: the mail may be read by others.
    """

    name: str
    template: str
    heading: Callable[[Letter], str]
    reason_not_to_send: Callable[[Letter], str]
    context: Callable[[Letter], dict[str, Any]] = _nothing


_kinds: dict[str, MailKind] = {}


def register(kind: MailKind) -> None:
    """Add a kind of mail; a second one of the same name replaces the first."""
    _kinds[kind.name] = kind


def kind_of(name: str) -> MailKind | None:
    """The kind of a name, if an app registered it."""
    return _kinds.get(name)
