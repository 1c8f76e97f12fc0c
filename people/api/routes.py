"""What people offer."""

from core.api.registry import register, register_for_subjects
from people.api.changes import OverrideViewSet, SwapViewSet
from people.api.handovers import HandOverViewSet
from people.api.individuals import IndividualViewSet
from people.api.layers import LayerViewSet
from people.api.pages import PageViewSet
from people.api.parts import JoinViewSet, LeaveViewSet, ParticipantViewSet, RoleViewSet
from people.api.rules import EngagementRuleViewSet, RolePolicyViewSet
from people.api.services import ServiceViewSet

register("individuals", IndividualViewSet)
register("services", ServiceViewSet)
register("rotation-layers", LayerViewSet)
register("overrides", OverrideViewSet)
register("swaps", SwapViewSet)
register("role-policies", RolePolicyViewSet)
register("engagement-rules", EngagementRuleViewSet)
register_for_subjects("roles", RoleViewSet)
register_for_subjects("participants", ParticipantViewSet)
register_for_subjects("join", JoinViewSet)
register_for_subjects("leave", LeaveViewSet)
register_for_subjects("pages", PageViewSet)
register_for_subjects("hand-overs", HandOverViewSet)
