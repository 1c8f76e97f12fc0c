"""What is found of an incident: its names, title and description, and the names of its type and tags."""

from core.search import Entry, register
from incidents.models import Incident


def describe(incident: Incident) -> Entry | None:
    """None for a deleted one."""
    if incident.deleted_at is not None:
        return None
    names = " ".join(given.name for given in incident.subjectnames.all())
    words = [incident.type.name, *(tag.name for tag in incident.tags.all())]
    return Entry(
        title=f"{names} {incident.title}",
        body="\n".join([incident.description, *words]),
        project_id=incident.project_id,
        incident_id=incident.pk,
        restricted=incident.is_restricted,
    )


register("incident", Incident, describe, prefetch=["subjectnames", "type", "tags"])
