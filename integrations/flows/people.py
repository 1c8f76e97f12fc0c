"""What a directory knows of a person, written where nobody typed anything."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from core import search
from integrations.capabilities import ContactCard
from people.flows.individuals import name_from
from people.models import Individual


@transaction.atomic
def fill_contact(*, individual_id: int, card: ContactCard, now: datetime) -> list[str]:
    """Fill the person's empty fields from the card, and a name that was only guessed. Returns what was filled."""
    person = Individual.objects.select_for_update(of=("self",)).filter(pk=individual_id).first()
    if person is None:
        return []
    filled = [field for field, value in asdict(card).items() if value and _fill(person, field, value)]
    if filled:
        person.version += 1
        person.save(update_fields=[*filled, "version", "updated_at"])
        search.index(person)
    return filled


def _fill(person: Individual, field: str, value: str) -> bool:
    present = getattr(person, field)
    guessed = field == "name" and present in {name_from(person.email), person.email}
    if (present and not guessed) or present == value:
        return False
    try:
        # A directory's value that our own form would refuse (a time zone of its own making) is left out.
        column: Any = person._meta.get_field(field)
        setattr(person, field, column.clean(value, person))
    except ValidationError:
        setattr(person, field, present)
        return False
    return True
