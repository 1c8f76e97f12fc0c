"""What people offer."""

from core.api.registry import KEY, register, register_for_subjects
from people.api.contacts import ContactMethodViewSet
from people.api.imports import ImportViewSet
from people.api.individuals import IndividualViewSet
from people.api.merges import MergeViewSet
from people.api.parts import JoinViewSet, LeaveViewSet, ParticipantViewSet, RoleViewSet
from people.api.teams import TeamViewSet

# Before the person of that id.
register("individuals/import", ImportViewSet)
register("individuals", IndividualViewSet)
register(f"individuals/(?P<individual>{KEY})/contact-methods", ContactMethodViewSet)
register("merges", MergeViewSet)
register("teams", TeamViewSet)
register_for_subjects("roles", RoleViewSet)
register_for_subjects("participants", ParticipantViewSet)
register_for_subjects("join", JoinViewSet)
register_for_subjects("leave", LeaveViewSet)
