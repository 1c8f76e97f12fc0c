"""Everything of the ground that has a table, gathered from its rooms (timeline, operations, search, …)."""

from core.attachments.models import Attachment
from core.idempotency.models import IdempotencyRecord
from core.models.accounts import AccountEvent, AccountSession, SignInCount
from core.models.classification import Classification, PriorityBase, SeverityBase, TypeBase
from core.models.heartbeats import Heartbeat
from core.models.organizations import BusinessHours, Membership, MembershipRole, Organization, Project
from core.models.reads import RestrictedRead
from core.models.subjects import (
    ExternalKey,
    Sequence,
    StatusChange,
    Subject,
    SubjectLink,
    SubjectLinked,
    SubjectName,
    SubjectOwned,
    Visibility,
)
from core.models.tokens import ApiToken
from core.models.users import User
from core.models.views import ListColumns, SavedView
from core.operations.models import Job, JobRow, Operation
from core.search.models import SearchDocument
from core.timeline.models import Event, EventPin, EventSupersession

__all__ = [
    "AccountEvent",
    "AccountSession",
    "ApiToken",
    "Attachment",
    "BusinessHours",
    "Classification",
    "Event",
    "EventPin",
    "EventSupersession",
    "ExternalKey",
    "Heartbeat",
    "IdempotencyRecord",
    "Job",
    "JobRow",
    "ListColumns",
    "Membership",
    "MembershipRole",
    "Operation",
    "Organization",
    "PriorityBase",
    "Project",
    "RestrictedRead",
    "SavedView",
    "SearchDocument",
    "Sequence",
    "SeverityBase",
    "SignInCount",
    "StatusChange",
    "Subject",
    "SubjectLink",
    "SubjectLinked",
    "SubjectName",
    "SubjectOwned",
    "TypeBase",
    "User",
    "Visibility",
]  # fmt: skip
