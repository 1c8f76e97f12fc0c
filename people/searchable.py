"""What is found of a person."""

from core.search import Entry, register
from people.models import Individual


def describe(person: Individual) -> Entry:
    """Name, address and where they work, for everybody of the organization."""
    return Entry(
        title=person.name,
        body=" ".join([person.email, person.title, person.team, person.department, person.company]),
        organization_id=person.organization_id,
    )


register("individual", Individual, describe)
