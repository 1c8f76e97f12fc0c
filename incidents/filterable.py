"""What incidents can be filtered by."""

from django.utils.translation import gettext_lazy as _

from core.filters import register
from core.filters.subjects import subject_fields
from incidents.models import Incident

register("incident", Incident, subject_fields(Incident, lead="commander", lead_label=_("Commander")))
