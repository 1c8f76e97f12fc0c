"""What kinds of external service there are, and what each is asked to do.

A plugin sees plain snapshots and answers with plain values, never a row of ours. Each method is safe to call again:
`ensure` looks for the marker it left before it makes anything. What goes wrong is raised as one of
`core.operations.errors`, in words an operator can act on.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from core.operations.errors import Permanent
from core.validators import UNSTORABLE

# What our tables hold.
LONGEST_ID, LONGEST_LABEL, LONGEST_URL = 300, 300, 1000
LONGEST_NAME = 200


class Capability(TextChoices):
    """The names of all capabilities. Those of which this release asks something have a class below."""

    TICKET = "ticket", _("Ticket")
    CONVERSATION = "conversation", _("Conversation")
    CONFERENCE = "conference", _("Conference")
    DOCUMENT = "document", _("Document")
    STORAGE = "storage", _("Storage")
    GROUP = "group", _("Group")
    CONTACT = "contact", _("Contact")
    PARTICIPANT = "participant", _("Participant")
    ON_CALL = "on_call", _("On-call")
    EMAIL = "email", _("E-mail")
    AI = "ai", _("AI")
    WORKFLOW = "workflow", _("Workflow")
    MONITOR = "monitor", _("Monitor")
    MFA = "mfa", _("MFA")


@dataclass(frozen=True, kw_only=True)
class PersonSnapshot:
    """Somebody who takes part, with the names of the roles they hold."""

    name: str
    email: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SubjectSnapshot:
    """An incident or case as it was when the operation was performed. Words are for people, codes end in `_code`.

    :ivar kind: "incident" or "case"; :ivar restricted: a system that others read must not show title or texts.
    """

    kind: str
    uuid: str
    name: str
    title: str
    description: str
    resolution: str
    status: str
    status_code: str
    restricted: bool
    visibility: str
    type: str
    severity: str
    priority: str
    project: str
    organization: str
    time_zone: str
    url: str
    reported_at: datetime
    stable_at: datetime | None
    closed_at: datetime | None
    tags: tuple[str, ...] = ()
    lead: PersonSnapshot | None = None
    reporter: PersonSnapshot | None = None
    people: tuple[PersonSnapshot, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ExternalThing:
    """What was made or found: the system's own id, what people call it, and where it is.

    :raises Permanent: for an id or an address that we could not keep.
    """

    external_id: str
    label: str
    url: str = ""

    def __post_init__(self) -> None:
        for value, longest in ((self.external_id, LONGEST_ID), (self.url, LONGEST_URL)):
            if len(value) > longest or UNSTORABLE.search(value):
                raise Permanent(_("It answered with “%(value)s…”, which cannot be kept.") % {"value": value[:80]})
        object.__setattr__(self, "label", UNSTORABLE.sub("", self.label)[:LONGEST_LABEL])


@dataclass(frozen=True, kw_only=True)
class DocumentDraft:
    """A document as it should be: `body` is Markdown with subject text already escaped."""

    kind: str
    title: str
    body: str
    subject: SubjectSnapshot


@dataclass(frozen=True, kw_only=True)
class ContactCard:
    """What a directory knows of a person; empty where it knows nothing."""

    name: str = ""
    title: str = ""
    department: str = ""
    team: str = ""
    location: str = ""
    company: str = ""
    mobile_phone: str = ""
    time_zone: str = ""
    external_id: str = ""


@dataclass(frozen=True, kw_only=True)
class MailMessage:
    """One mail to one person. `heading` and `to_name` are single lines; the ids go without < and >."""

    message_id: str
    thread_id: str
    to_address: str
    to_name: str
    heading: str
    text: str
    html: str


@dataclass(frozen=True, kw_only=True)
class OnCallShift:
    """Somebody is on call from `starts_at` until just before `ends_at` (both with a zone).

    :raises Permanent: for a time without a zone.
    """

    email: str
    name: str
    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        if self.starts_at.tzinfo is None or self.ends_at.tzinfo is None:
            told = _("The shift of “%(email)s” has a time without a zone.")
            raise Permanent(told % {"email": self.email[:LONGEST_NAME]})
        object.__setattr__(self, "name", UNSTORABLE.sub("", self.name).strip()[:LONGEST_NAME])


class Ticket(ABC):
    """Keeps one ticket a subject."""

    @abstractmethod
    def ensure(self, *, marker: str, subject: SubjectSnapshot) -> ExternalThing:
        """The ticket that carries the marker, made when there is none."""

    @abstractmethod
    def update(self, *, external_id: str, subject: SubjectSnapshot) -> None:
        """Bring the ticket's fields up to date.

        :raises Permanent: when the ticket is gone.
        """


class Document(ABC):
    """Keeps documents that people write in."""

    @abstractmethod
    def ensure(self, *, marker: str, draft: DocumentDraft) -> ExternalThing:
        """The document that carries the marker, made from the draft when there is none."""

    @abstractmethod
    def update(self, *, external_id: str, draft: DocumentDraft) -> bool:
        """Bring the text up to date; False when it is already, or when a person wrote in it and it stays as it is.

        :raises Permanent: when the document is gone.
        """


class Contact(ABC):
    """Knows people by their address."""

    @abstractmethod
    def lookup(self, *, email: str) -> ContactCard | None:
        """What is known of the person; None when nothing is."""


class Email(ABC):
    """Sends mail."""

    @abstractmethod
    def send(self, *, message: MailMessage) -> None:
        """Hand the mail to the mail system, under the message id given, so that a repeated one is recognised.

        :raises Permanent: when the address is refused; :raises Transient: when it is worth trying again.
        """


class OnCall(ABC):
    """Keeps rotations."""

    @abstractmethod
    def shifts(self, *, external_id: str, since: datetime, until: datetime) -> Sequence[OnCallShift]:
        """Who is on call for the service it knows by that id within [since, until), several at once included.

        :raises Permanent: when it knows no such service.
        """


INTERFACES: dict[Capability, type[ABC]] = {
    Capability.TICKET: Ticket,
    Capability.DOCUMENT: Document,
    Capability.CONTACT: Contact,
    Capability.EMAIL: Email,
    Capability.ON_CALL: OnCall,
}
