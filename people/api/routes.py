"""What people offer."""

from core.api.registry import KEY, register, register_for_subjects
from people.api.changes import OverrideViewSet, SwapViewSet
from people.api.contacts import ContactMethodViewSet
from people.api.feeds import FeedViewSet
from people.api.handovers import HandOverViewSet, ShiftHandOverView
from people.api.imports import ImportViewSet
from people.api.individuals import IndividualViewSet
from people.api.layers import LayerViewSet
from people.api.merges import MergeViewSet
from people.api.pages import PageViewSet
from people.api.parts import JoinViewSet, LeaveViewSet, ParticipantViewSet, RoleViewSet
from people.api.rules import EngagementRuleViewSet, RolePolicyViewSet
from people.api.services import ServiceViewSet
from people.api.shift_feedback import ShiftFeedbackViewSet
from people.api.task_jobs import TaskJobViewSet
from people.api.tasks import SubjectTaskViewSet, TaskViewSet
from people.api.teams import TeamViewSet

# Before the person of that id.
register("individuals/import", ImportViewSet)
register("individuals", IndividualViewSet)
register(f"individuals/(?P<individual>{KEY})/contact-methods", ContactMethodViewSet)
register("merges", MergeViewSet)
register("teams", TeamViewSet)
register("role-policies", RolePolicyViewSet)
register("engagement-rules", EngagementRuleViewSet)
register("services", ServiceViewSet)
register("rotation-layers", LayerViewSet)
register("overrides", OverrideViewSet)
register("swaps", SwapViewSet)
register("calendar-feeds", FeedViewSet)
register("shift-feedback", ShiftFeedbackViewSet)
register_for_subjects("roles", RoleViewSet)
register_for_subjects("participants", ParticipantViewSet)
register_for_subjects("join", JoinViewSet)
register_for_subjects("leave", LeaveViewSet)
register_for_subjects("pages", PageViewSet)
register_for_subjects("hand-overs", HandOverViewSet)
register("shift-hand-overs", ShiftHandOverView)
register("tasks", TaskViewSet)
register("task-jobs", TaskJobViewSet)
register_for_subjects("tasks", SubjectTaskViewSet)
