"""Who takes part in a restricted subject sees it. So nobody opens one to somebody who does not see it themselves."""

from collections.abc import Sequence
from typing import Any

from core.actor import Actor
from core.models.subjects import KINDS, Visibility
from people.models import Individual, Participant


def have_hidden_parts(people: Sequence[Individual], actor: Actor) -> bool:
    """Whether one of the people has, or had, a part in a restricted subject that the actor does not see.

    Whoever decides which account a person is would let that account in there.
    """
    return not actor.trusted and any(_has_hidden(kind, people, actor) for kind in KINDS)


def _has_hidden(kind: str, people: Sequence[Individual], actor: Actor) -> bool:
    model: Any = Participant._meta.get_field(kind).related_model
    theirs = model.objects.filter(visibility=Visibility.RESTRICTED, participants__individual__in=people)
    for seen in (model.objects.visible_to(actor.user), model.objects.deleted_visible_to(actor.user)):
        theirs = theirs.exclude(pk__in=seen.values("pk"))
    return bool(theirs.exists())
