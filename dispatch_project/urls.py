"""All addresses."""

from django.contrib.admin import site
from django.urls import include, path

from core.attachments.views import attachment
from core.health import healthz, readyz
from core.members import Login, Logout, home
from core.metrics.views import metrics
from people.calendars import calendar
from people.views import acknowledge, handover, shift, swap

urlpatterns: list = [
    path("", home, name="root"),
    path("", include("incidents.members.urls")),
    path("login/", Login.as_view(), name="login"),
    path("logout/", Logout.as_view(), name="logout"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("admin/", site.urls),
    path("api/v1/", include("core.api.urls")),
    path("files/<uuid:key>/", attachment, name="attachment"),
    path("", include("core.account.urls")),
    path("calendar/<str:secret>.ics", calendar, name="calendar"),
    path("page/<str:secret>/", acknowledge, name="acknowledge"),
    path("handover/<str:secret>/", handover, name="handover"),
    path("swap/<str:secret>/", swap, name="swap"),
    path("shift/<str:secret>/", shift, name="shift"),
]

# A problem for the API, the usual page elsewhere.
handler500 = "core.api.errors.server_error"
