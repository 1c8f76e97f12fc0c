"""What incidents can be filtered by, and what a view of their list may hold."""

from django.utils.translation import gettext_lazy as _

from core import listings
from core.filters import register
from core.filters.subjects import subject_fields
from incidents import columns
from incidents.finding import PARAMETERS
from incidents.listing import NAME
from incidents.models import Incident

register("incident", Incident, subject_fields(Incident, lead="commander", lead_label=_("Commander")))
listings.register(
    listings.Listing(
        name=NAME, title=_("Incidents"), url_name="admin:incidents_incident_changelist",
        parameters=PARAMETERS - {"incident"}, columns=tuple(columns.SHOWN),
    )
)  # fmt: skip
