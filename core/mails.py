"""The kinds of mail: who still wants it and what it says. Apps register theirs in `mails.py`.

Planned as `operations.plan("email.send", subject=…, arguments={"template": name, "individual": pk, …})`; the kind is
asked again at the moment of sending. Templates extend `mail/base.html` and `mail/base.txt`. A mail that is about no one
subject (a list of somebody's tasks) is planned with `project=…` instead; its templates extend `mail/plain.html` and
`mail/plain.txt`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Invalid


class Choice(models.TextChoices):
    """The kinds of mail a person may switch off. Pages and what asks for an answer are not among them."""

    ASSIGNED = "assigned", gettext_lazy("What I was given: a role, a part, a task")
    REMINDERS = "reminders", gettext_lazy("Reminders: tasks that are due, an incident that could be closed")
    DIGESTS = "digests", gettext_lazy("Digests and reports")


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
    :ivar choice: the choice by which a person switches it off; empty: nobody may.
    :ivar reason_not_to_send: why it is no longer wanted; empty when it is.
    :ivar context: what the templates get beside the subject, the person and their roles. Of a restricted subject it
        must tell nothing: the mail may be read by others.
    """

    name: str
    template: str
    heading: Callable[[Letter], str]
    reason_not_to_send: Callable[[Letter], str]
    context: Callable[[Letter], dict[str, Any]] = _nothing
    choice: str = ""


_kinds: dict[str, MailKind] = {}


def register(kind: MailKind) -> None:
    """Add a kind of mail; a second one of the same name replaces the first."""
    _kinds[kind.name] = kind


def kind_of(name: str) -> MailKind | None:
    """The kind of a name, if an app registered it."""
    return _kinds.get(name)


def is_unwanted(kind: MailKind, person: Any) -> bool:
    """Whether the person said on their account page that they do not want mail of this kind."""
    user = getattr(person, "user", None)
    return bool(kind.choice and user is not None and kind.choice in user.unwanted_mails)


def choices_offered() -> list[tuple[str, Any]]:
    """The choices for which there is any mail."""
    used = {kind.choice for kind in _kinds.values()}
    return [(value, label) for value, label in Choice.choices if value in used]


def checked_choices(names: list[str]) -> list[str]:
    """The choices, each once.

    :raises Invalid: naming the one that is none.
    """
    for name in names:
        if name not in Choice.values:
            raise Invalid(
                _("“%(name)s” is no mail that can be switched off. Write %(names)s.")
                % {"name": str(name)[:50], "names": ", ".join(Choice.values)},
                field="unwanted_mails",
            )
    return sorted(set(names))
