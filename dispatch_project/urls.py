"""All addresses."""

from django.contrib.admin import site
from django.urls import include, path
from django.views.generic import RedirectView

from core.health import healthz, readyz
from people.calendars import calendar
from people.views import acknowledge, handover

urlpatterns: list = [
    path("", RedirectView.as_view(pattern_name="admin:index", permanent=False), name="root"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("admin/", site.urls),
    path("api/v1/", include("core.api.urls")),
    path("", include("core.account.urls")),
    path("calendar/<str:secret>.ics", calendar, name="calendar"),
    path("page/<str:secret>/", acknowledge, name="acknowledge"),
    path("handover/<str:secret>/", handover, name="handover"),
]

# A problem for the API, the usual page elsewhere.
handler500 = "core.api.errors.server_error"
