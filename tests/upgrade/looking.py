"""Run by `manage.py shell` inside an upgraded installation: what its owner sees there, as one line of JSON."""

import json

from django.test import Client

from core.models import Attachment, User
from incidents.models import Incident

PARTS = ("", "events/", "tasks/", "roles/", "pages/", "hand-overs/", "cost/", "resources/", "operations/")


def look(words: str) -> str:
    """The statuses of the pages, which incidents hold the words, and the bytes of the first file."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(email="owner@dispatch.example"))
    rows = dict(Incident.objects.order_by("pk").values_list("pk", "name"))
    pages = ["/admin/", "/admin/incidents/incident/?tab=all", "/admin/people/service/", "/status/"]
    pages += [f"/admin/incidents/incident/{key}/change/" for key in rows]
    pages += [f"/i/{name}/" for name in rows.values()]
    pages += [f"/api/v1/incidents/{name}/{part}" for name in rows.values() for part in PARTS]
    file = Attachment.objects.select_related("event__incident").get()
    found = client.get("/api/v1/incidents/", {"search": words})
    content = client.get(f"/api/v1/incidents/{file.event.incident.name}/attachments/{file.uuid}/content/")
    return json.dumps({
        "pages": {path: client.get(path, follow=True).status_code for path in pages},
        "file": b"".join(content.streaming_content).decode(),
        "found": [row["name"] for row in found.json()["results"]],
    })  # fmt: skip
