"""People: the directory, who is on call, the part they take, pages, policies and tasks."""

from people.models.directory import ContactMethod, ExternalIdentity, Individual, Merge, Team, TeamMember
from people.models.oncall import (
    CalendarFeed,
    EscalationStep,
    LayerRestriction,
    Override,
    RotationLayer,
    RotationMember,
    Service,
    Shift,
    ShiftFeedback,
    Swap,
)
from people.models.pages import Page, PageCall, PageDelivery
from people.models.parts import HandOver, Participant, Role
from people.models.policies import EngagementRule, RolePolicy, TeamNotice
from people.models.tasks import Task, TaskAssignee

__all__ = [
    "CalendarFeed", "ContactMethod", "EngagementRule", "EscalationStep", "ExternalIdentity", "HandOver", "Individual",
    "LayerRestriction", "Merge", "Override", "Page", "PageCall", "PageDelivery", "Participant", "Role", "RolePolicy",
    "RotationLayer", "RotationMember", "Service", "Shift", "ShiftFeedback", "Swap", "Task", "TaskAssignee", "Team",
    "TeamMember", "TeamNotice",
]  # fmt: skip
