"""What people wrote on timelines, as the search finds it: a full-text entry per event, and nothing copied beside it.

Access is asked of the subject when somebody searches, so a restricted or deleted one needs nothing written anew. Each
entry is marked with its project: a common word among two million entries costs somebody who sees one small project
what that project holds.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.db import transaction
from django.utils.text import Truncator

from core import access
from core.models.organizations import Project
from core.models.subjects import KINDS
from core.search import engine, words
from core.search.sources import Hit
from core.timeline.models import Event, EventSupersession

KIND: Final = "event"
# The newest entries that are ranked; beyond it a word says too little.
RANKED: Final = 1000
# How many of the last events are looked at one by one, which takes some milliseconds; a word that no more of them
# hold is a rare one.
LOOKED_AT: Final = 2_500
RARE: Final = 5
# Who sees more projects than this sees most of what there is; naming them would narrow nothing.
MOST_PROJECTS: Final = 100
# The entries that the search holds: neither erased nor corrected.
_CURRENT: Final = (
    "SELECT id FROM core_event WHERE erased_at IS NULL AND id NOT IN (SELECT event_id FROM core_eventsupersession)"
)


def text_of(event: Event) -> str:
    """What is found of an event: what people wrote, and why they changed something. What Dispatch tells of itself is
    found by the subject.
    """
    if event.is_entry:
        return event.description
    return str(event.details.get("reason") or "") if "field" in event.details else ""


def write(event: Event, project_id: int) -> None:
    """Make a new event findable, in the transaction that appends it."""
    text = text_of(event)
    if text:
        engine.add([(event.pk, "", text)], table=engine.EVENTS, marks={event.pk: project_id})


def forget(event_id: int) -> None:
    """Take an event out: its text was erased or corrected."""
    engine.drop([event_id], table=engine.EVENTS)


def find(user: Any, terms: list[str], limit: int) -> list[Hit]:
    """The best of the newest entries that hold every term, of subjects the user sees."""
    keys = [key for key, _subject in _found(user, terms, "pk", RANKED, KINDS)]
    best = engine.rank(terms, keys, table=engine.EVENTS)[:limit]
    rows = Event.objects.select_related("incident", "case").in_bulk(best)
    return [_hit(rows[key], terms) for key in best if key in rows]


def subjects(user: Any, kind: str, terms: list[str], limit: int) -> list[int]:
    """Subjects of a kind that the user sees and on whose timelines the newest such entries stand."""
    found = _found(user, terms, f"{kind}_id", limit, [kind])
    return list(dict.fromkeys(subject for _key, subject in found))


def rebuild(batch: int) -> Iterator[int]:
    """Write all entries anew; yields how many events were looked at. People may work meanwhile."""
    engine.keep(_CURRENT, table=engine.EVENTS)
    done, last = 0, 0
    while keys := list(Event.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:batch]):
        _rewrite(keys)
        done, last = done + len(keys), keys[-1]
        yield done


def is_unfilled() -> bool:
    """Whether there are timelines and nothing of them is found."""
    return engine.is_empty(engine.EVENTS) and Event.objects.exists()


@transaction.atomic
def _rewrite(keys: list[int]) -> None:
    # Whoever corrects or erases one of them waits, or we do: what is read below is what holds when we are done.
    list(Event.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk").values_list("pk"))
    corrected = EventSupersession.objects.filter(event__in=keys).values("event")
    rows = Event.objects.filter(pk__in=keys, erased_at=None).exclude(pk__in=corrected)
    found = [row for row in rows.select_related("incident", "case") if text_of(row)]
    engine.put(
        [(row.pk, "", text_of(row)) for row in found],
        table=engine.EVENTS,
        marks={row.pk: row.subject.project_id for row in found},
    )


def _found(
    user: Any, terms: list[str], column: str, limit: int, kinds: Sequence[str]
) -> list[tuple[int, Any]]:  # fmt: skip
    """The newest matching entries of such subjects that the user sees: their keys, and a column of each."""
    if all(term.isascii() and len(term) == 1 for term in terms):
        # Some word of every entry begins so, and the embedded database would look at each.
        return []
    projects = list(Project.objects.visible_to(user).values_list("pk", flat=True)[: MOST_PROJECTS + 1])
    if not projects:
        return []
    marks = projects if len(projects) <= MOST_PROJECTS else []
    rows = Event.objects.filter(access.owned_filter(Event, user, kinds)).order_by("-pk").values_list("pk", column)

    def look(newest: int | None) -> list[tuple[int, Any]]:
        matching = engine.matches(terms, table=engine.EVENTS, marks=marks, newest=newest, first=True)
        return list(rows.filter(pk__in=matching)[:limit])

    # How often the word stands among the last entries tells how far back enough of them reach. A rare one is quickly
    # found among all.
    found = look(LOOKED_AT)
    if RARE < len(found) < limit:
        found = look(2 * LOOKED_AT * limit // len(found))
    if len(found) < limit:
        found = look(None)
    return found


def _hit(event: Event, terms: list[str]) -> Hit:
    subject, text = event.subject, text_of(event)
    return Hit(
        kind=KIND, object_id=event.pk, title=f"{subject.name} {Truncator(subject.title).chars(80)}", body=text[:500],
        restricted=subject.is_restricted, excerpt=words.excerpt(text, terms),
    )  # fmt: skip
