"""The mails Dispatch writes: to whom, whether they are still wanted, and what they say."""

import uuid
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from core.links import url_for
from core.mails import Choice, Letter, MailKind, is_unwanted, register
from integrations.capabilities import MailMessage
from integrations.documents import one_line
from integrations.flows.mail_test import TEST
from integrations.snapshots import snapshot
from people.models import Individual, Participant, Role

INVOLVED: Final = "involved"
CLOSE_REMINDER: Final = "close_reminder"
_LONGEST_DESCRIPTION: Final = 500
# Roles that everybody who takes part has; a subject line names the others.
_PLAIN_ROLES: Final = frozenset({Role.Name.PARTICIPANT, Role.Name.OBSERVER})


def reason_not_to_send(kind: MailKind, letter: Letter) -> str:
    """Why the mail is no longer wanted, asked at the moment of sending; empty when it is."""
    if letter.subject is not None and letter.subject.deleted_at is not None:
        return _("it was deleted meanwhile")
    if not letter.person.is_active:
        return _("the person is not active any more")
    if is_unwanted(kind, letter.person):
        return _("the person does not want it")
    return kind.reason_not_to_send(letter)


def compose(kind: MailKind, letter: Letter, marker: uuid.UUID, *, to_address: str = "") -> MailMessage:
    """The mail as it should read now, to the person's address or another of theirs."""
    about = _of_project(kind, letter) if letter.subject is None else _of_subject(kind, letter)
    context = {
        "person": one_line(str(letter.person)), "address": settings.BASE_URL, **about.context, **kind.context(letter)
    }  # fmt: skip
    return MailMessage(
        message_id=f"{marker}@{host()}",
        thread_id=f"{about.thread}@{host()}",
        to_address=to_address or letter.person.email,
        to_name=one_line(str(letter.person)),
        heading=one_line(about.heading),
        text=render_to_string(f"{kind.template}.txt", context),
        html=render_to_string(f"{kind.template}.html", context),
    )


@dataclass(frozen=True, kw_only=True)
class _About:
    """What a mail is about: its subject line, its thread, and what its templates get."""

    heading: str
    thread: str
    context: dict[str, Any]


def _of_subject(kind: MailKind, letter: Letter) -> _About:
    """Of a restricted subject it tells name and type; the rest is behind the log-in."""
    url = url_for(getattr(letter.person, "user", None), letter.subject)
    now = replace(snapshot(letter.subject), url=url)
    context = {
        "subject": now,
        "title": "" if now.restricted else one_line(now.title),
        "description": "" if now.restricted else Truncator(now.description).chars(_LONGEST_DESCRIPTION),
        "roles": [str(role.label) for role in _roles(letter.subject, letter.person)],
        "lead": now.lead,
    }
    tail = now.type if now.restricted else now.title
    return _About(heading=f"[{now.name}] {kind.heading(letter)}: {tail}", thread=now.uuid, context=context)


def _of_project(kind: MailKind, letter: Letter) -> _About:
    project = letter.project
    context = {"project": project.name, "organization": project.organization.name}
    return _About(heading=f"[{project.name}] {kind.heading(letter)}", thread=str(project.uuid), context=context)


def _part(letter: Letter) -> Any:
    return Participant.objects.of(letter.subject).filter(individual=letter.person, left_at=None)


def _not_involved(letter: Letter) -> str:
    """Who left learns nothing more of the subject."""
    if not _part(letter).exists():
        return _("the person takes no part any more")
    return "" if letter.subject.is_open else _("it was closed meanwhile")


def _not_to_close(letter: Letter) -> str:
    leads = _part(letter).filter(roles__role=letter.subject.lead_role, roles__renounced_at=None).exists()
    return "" if leads and letter.subject.status == "stable" else _("nothing is left to remind of")


def _involved_heading(letter: Letter) -> str:
    named = [str(role.label) for role in _roles(letter.subject, letter.person) if role not in _PLAIN_ROLES]
    return _("You are %(roles)s") % {"roles": ", ".join(named)} if named else _("You take part")


def _roles(subject: Any, person: Any) -> list[Role.Name]:
    if not isinstance(person, Individual):
        return []
    held = Role.objects.of(subject).filter(participant__individual=person, renounced_at=None).order_by("pk")
    return [Role.Name(role) for role in held.values_list("role", flat=True)]


def host() -> str:
    """The name of the installation in message ids."""
    return urlsplit(settings.BASE_URL).hostname or "localhost"


register(
    MailKind(
        name=INVOLVED, template="integrations/mail/involved", heading=_involved_heading,
        reason_not_to_send=_not_involved, choice=Choice.ASSIGNED,
    )
)  # fmt: skip
register(
    MailKind(
        name=TEST, template="integrations/mail/mail_test", heading=lambda _letter: _("Mail reaches you"),
        reason_not_to_send=lambda _letter: "",
    )
)  # fmt: skip
register(
    MailKind(
        name=CLOSE_REMINDER, template="integrations/mail/close_reminder",
        heading=lambda _letter: _("Can it be closed?"), reason_not_to_send=_not_to_close, choice=Choice.REMINDERS,
    )
)  # fmt: skip
