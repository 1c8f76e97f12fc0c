"""Their addresses, at the root: short enough to be said over the phone."""

from django.urls import path

from incidents.members.report import duplicates, report
from incidents.members.responder import act, page
from incidents.members.status import status

urlpatterns = [
    path("report/", report, name="report"),
    path("report/similar/", duplicates, name="similar"),
    path("status/", status, name="status"),
    path("i/<str:name>/", page, name="responder"),
    path("i/<str:name>/<slug:verb>/", act, name="responder-act"),
    path("i/<str:name>/<slug:verb>/<uuid:key>/", act, name="responder-act-on"),
]
