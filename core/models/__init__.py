"""Everything of the ground that has a table, gathered from its rooms (timeline, operations, search, …)."""

from core.idempotency.models import IdempotencyRecord
from core.models.accounts import AccountEvent, AccountSession, SignInCount
from core.models.classification import Classification, PriorityBase, SeverityBase, TypeBase
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
from core.operations.models import Job, JobRow, Operation
from core.search.models import SearchDocument
from core.timeline.models import Event, EventPin, EventSupersession

__all__ = [
    "AccountEvent",
    "AccountSession",
    "ApiToken",
    "BusinessHours",
    "Classification",
    "Event",
    "EventPin",
    "EventSupersession",
    "ExternalKey",
    "IdempotencyRecord",
    "Job",
    "JobRow",
    "Membership",
    "MembershipRole",
    "Operation",
    "Organization",
    "PriorityBase",
    "Project",
    "RestrictedRead",
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
