"""The domain signals: what travels upward. Receivers run in the sender's transaction, write rows and plan operations.

| signal | sent when | payload |
| --- | --- | --- |
| project_created | a project was made; apps seed what it needs | ProjectCreated |
| project_changed | settings of a project changed | ProjectChanged |
| row_renamed | a row of the configuration has another name | RowRenamed |
| subject_created | a subject was declared or recorded | SubjectCreated |
| subject_changed | fields of a subject changed | SubjectChanged |
| status_changed | a status moved | StatusChanged |
| participant_added | somebody joined or came back | ParticipantChanged |
| participant_removed | somebody left or was removed | ParticipantChanged |
| role_assigned | a role has a new holder | RoleAssigned |
| roles_moved | what people hold or held is somebody else's now (merged, or two again) | RolesMoved |
| event_recorded | the timeline grew | EventRecorded |
| report_published | a report was published | ReportPublished |
| resource_ready | something outside exists now | ResourceReady |
| operation_failed | an operation failed for good | OperationFailed |
| account_ended | an account was deactivated; who still needs it refuses | AccountEnded |
| account_reopened | an account was opened again | AccountReopened |
| membership_ended | a membership was revoked; who still needs it refuses | MembershipEnded |

Connect with `@receiver(subject_created)`; the handler gets `sender` (the subject's class, or the row's), `payload`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.dispatch import Signal

project_created = Signal()
project_changed = Signal()
row_renamed = Signal()
subject_created = Signal()
subject_changed = Signal()
status_changed = Signal()
participant_added = Signal()
participant_removed = Signal()
role_assigned = Signal()
roles_moved = Signal()
event_recorded = Signal()
report_published = Signal()
resource_ready = Signal()
operation_failed = Signal()
account_ended = Signal()
account_reopened = Signal()
membership_ended = Signal()


@dataclass(frozen=True, kw_only=True)
class ProjectCreated:
    project_id: int


@dataclass(frozen=True, kw_only=True)
class ProjectChanged:
    """`fields`: the names of those that changed."""

    project_id: int
    fields: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class RowRenamed:
    """The row as it is stored now."""

    row: Any


@dataclass(frozen=True, kw_only=True)
class SubjectFact:
    """The subject by kind ("incident", "case") and primary key, and who acted (None: Dispatch itself).

    `subject`: the sender's own row where it holds one as stored, which saves each receiver a query.
    """

    kind: str
    subject_id: int
    user_id: int | None
    subject: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class SubjectCreated(SubjectFact):
    """`past`: recorded after the fact; nobody is told."""

    status: str
    past: bool = False


@dataclass(frozen=True, kw_only=True)
class SubjectChanged(SubjectFact):
    """`changes` maps field to (old, new) as plain values; `fact` is the UUID of the first event."""

    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    fact: str = ""


@dataclass(frozen=True, kw_only=True)
class StatusChanged(SubjectFact):
    from_status: str
    to_status: str
    change_uuid: str


@dataclass(frozen=True, kw_only=True)
class ParticipantChanged(SubjectFact):
    participant_id: int
    individual_id: int
    fact: str


@dataclass(frozen=True, kw_only=True)
class RoleAssigned(SubjectFact):
    role: str
    role_uuid: str
    individual_id: int


@dataclass(frozen=True, kw_only=True)
class RolesMoved:
    """Of many subjects of one kind, closed ones too."""

    kind: str
    subject_ids: frozenset[int]


@dataclass(frozen=True, kw_only=True)
class EventRecorded(SubjectFact):
    event_id: int
    event_kind: str


@dataclass(frozen=True, kw_only=True)
class ReportPublished(SubjectFact):
    report_uuid: str


@dataclass(frozen=True, kw_only=True)
class ResourceReady(SubjectFact):
    resource_kind: str
    resource_uuid: str


@dataclass(frozen=True, kw_only=True)
class OperationFailed:
    operation_uuid: str
    action: str
    kind: str
    subject_id: int | None


@dataclass(frozen=True, kw_only=True)
class AccountFact:
    """`by_user_id` acted, through the face (None: Dispatch itself)."""

    user_id: int
    by_user_id: int | None
    face: str
    now: datetime


class AccountEnded(AccountFact):
    """It was deactivated."""


class AccountReopened(AccountFact):
    """It may sign in again."""


@dataclass(frozen=True, kw_only=True)
class MembershipEnded:
    """`left_organization`: it was the account's last one there."""

    user_id: int
    organization_id: int
    by_user_id: int | None
    left_organization: bool
    now: datetime
