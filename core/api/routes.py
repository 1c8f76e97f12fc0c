"""What the ground offers."""

from core.api.accounts import SessionViewSet, TokenViewSet
from core.api.attachments import AttachmentViewSet
from core.api.documentation import DocsView, SchemaView
from core.api.events import EventViewSet
from core.api.links import LinkViewSet
from core.api.me import MeView
from core.api.moves import StatusViewSet
from core.api.operations import OperationViewSet, SubjectOperationViewSet
from core.api.organizations import MembershipViewSet, OrganizationViewSet, ProjectViewSet
from core.api.registry import register, register_for_subjects
from core.api.saved_views import SavedViewViewSet

register("organizations", OrganizationViewSet)
register("projects", ProjectViewSet)
register("memberships", MembershipViewSet)
register("operations", OperationViewSet)
register("me", MeView)
register("tokens", TokenViewSet)
register("sessions", SessionViewSet)
register("views", SavedViewViewSet)
register("schema", SchemaView)
register("docs", DocsView)
register_for_subjects("status", StatusViewSet)
register_for_subjects("events", EventViewSet)
register_for_subjects("attachments", AttachmentViewSet)
register_for_subjects("operations", SubjectOperationViewSet)
register_for_subjects("links", LinkViewSet)
