"""What incidents offer."""

from core.api.registry import register, register_subject
from incidents.api.bulk import IncidentJobViewSet
from incidents.api.classification import IncidentPriorityViewSet, IncidentSeverityViewSet, IncidentTypeViewSet
from incidents.api.incidents import IncidentViewSet
from incidents.api.preview import IncidentPreviewView
from incidents.api.trends import IncidentTrendsView

register_subject("incidents", IncidentViewSet)
register("incident-types", IncidentTypeViewSet)
register("incident-severities", IncidentSeverityViewSet)
register("incident-priorities", IncidentPriorityViewSet)
register("incident-preview", IncidentPreviewView)
register("incident-jobs", IncidentJobViewSet)
register("incident-trends", IncidentTrendsView)
