"""What reporting offers."""

from core.api.registry import register, register_for_subjects
from reporting.api.costs import CostItemViewSet, CostTypeViewSet, CostViewSet

register("cost-types", CostTypeViewSet)
register_for_subjects("cost", CostViewSet)
register_for_subjects("cost-items", CostItemViewSet)
