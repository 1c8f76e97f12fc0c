"""What cases can be filtered by."""

from django.utils.translation import gettext_lazy as _

from cases.models import Case
from core.filters import register
from core.filters.subjects import subject_fields

register("case", Case, subject_fields(Case, lead="assignee", lead_label=_("Assignee")))
