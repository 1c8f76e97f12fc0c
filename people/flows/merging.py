"""Two rows that are one person: made one, and for 30 days made two again."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core import access, search
from core.access import Right
from core.actor import Actor, acting
from core.errors import FlowError, Forbidden, Invalid
from core.models.subjects import KINDS
from core.signals import RolesMoved, roles_moved
from core.timeline import Event, record
from people.flows.duties import taking_part
from people.flows.hidden import have_hidden_parts
from people.flows.ledger import take_back
from people.flows.merge_rows import Pair, move_all
from people.flows.shifts import refresh
from people.models import Individual, Merge, Participant, RotationMember, Service

UNDOABLE_FOR = timedelta(days=30)
# What the one who is kept takes over where they have nothing.
FILLED = (
    "title", "department", "team", "location", "company", "mobile_phone", "office_phone", "weblink", "time_zone",
    "external_id",
)  # fmt: skip


class CannotMerge(FlowError):
    """The two rows stay two."""

    code = "cannot_merge"


class CannotUndo(FlowError):
    """It was undone before, is too long ago, or something was built on it."""

    code = "cannot_undo"


@transaction.atomic
def merge(*, kept: Individual, gone: Individual, actor: Actor, now: datetime) -> Merge:
    """Make one person of two: whatever points at `gone` points at `kept`, and `gone` is inactive.

    Where both take part in a subject the part reaches from the first coming to the last going, with all roles and
    their times; of what both hold now the greater stays. A place that both have (team, layer, task) is one place.
    Old timelines keep both names.

    :raises CannotMerge: with two accounts, or when one was merged already.
    :raises Forbidden: when one has a part in a restricted subject that the actor does not see: merging would open it.
    """
    access.require(actor, Right.CONFIGURE, kept.organization)
    kept, gone = _locked(kept, gone)
    _check(kept, gone)
    _refuse_what_is_hidden(kept, gone, actor)
    services = _services(gone)
    open_parts = [part.subject for part in taking_part(gone)]
    moving = _parts(gone)
    pair = Pair(kept=kept, gone=gone, now=now)
    move_all(pair)
    _write(pair, actor)
    done = Merge.objects.create(
        organization=kept.organization, kept=kept, gone=gone, moved={"steps": pair.ledger.steps}, merged_at=now,
        merged_by=actor.user,
    )  # fmt: skip
    text = _("%(gone)s (%(email)s) and %(kept)s are the same person; the parts of both are one now")
    words = {"gone": gone, "email": gone.email, "kept": kept}
    for subject in open_parts:
        record(subject, kind=Event.Kind.PARTICIPANT, actor=actor, now=now, description=text % words)
    _tell(moving)
    refresh(services, now=now)
    return done


@transaction.atomic
def undo_merge(*, merge: Merge, actor: Actor, now: datetime) -> Merge:
    """Make two of them again: what went over goes back. What came since stays with the one who was kept.

    :raises CannotUndo: after 30 days, twice, or while a later merge builds on it.
    """
    access.require(actor, Right.CONFIGURE, merge.organization)
    done = Merge.objects.select_for_update(of=("self",)).select_related("kept", "gone").get(pk=merge.pk)
    kept, gone = _locked(done.kept, done.gone)
    _check_undo(done, kept, now)
    _refuse_what_is_hidden(kept, gone, actor)
    services = _services(kept)
    try:
        with transaction.atomic():
            take_back(done.moved["steps"])
    except IntegrityError:
        raise CannotUndo(_("What happened since stands in the way; the two stay one.")) from None
    for person in (kept, gone):
        person.refresh_from_db()
        _bump(person, actor)
    done.undone_at, done.undone_by = now, actor.user
    done.save(update_fields=["undone_at", "undone_by"])
    text = _("%(gone)s (%(email)s) and %(kept)s are two people again")
    words = {"gone": gone, "email": gone.email, "kept": kept}
    for part in taking_part(gone):
        record(part.subject, kind=Event.Kind.PARTICIPANT, actor=actor, now=now, description=text % words)
    _tell(_parts(gone))
    refresh(services, now=now)
    return done


def _locked(kept: Individual, gone: Individual) -> tuple[Individual, Individual]:
    """Both rows, locked in one order whichever way they are named."""
    rows = Individual.objects.select_for_update(of=("self",)).filter(pk__in=[kept.pk, gone.pk])
    found = {row.pk: row for row in rows.order_by("pk")}
    return found[kept.pk], found[gone.pk]


def _check(kept: Individual, gone: Individual) -> None:
    if kept.pk == gone.pk:
        raise Invalid(_("Choose two different people."), field="gone")
    if kept.organization_id != gone.organization_id:
        raise Invalid(_("%(who)s belongs to another organization.") % {"who": gone}, field="gone")
    for person, field in ((kept, "kept"), (gone, "gone")):
        if person.merged_into_id:
            raise CannotMerge(_("%(who)s was merged into somebody already.") % {"who": person}, field=field)
    if not kept.is_active:
        raise CannotMerge(_("%(who)s is not active; keep the other one.") % {"who": kept}, field="kept")
    if kept.user_id and gone.user_id:
        raise CannotMerge(
            _("Both %(kept)s and %(gone)s sign in with an account of their own. Deactivate one of them instead.")
            % {"kept": kept.email, "gone": gone.email},
            field="gone",
        )


def _check_undo(done: Merge, kept: Individual, now: datetime) -> None:
    if done.undone_at is not None:
        raise CannotUndo(_("This was undone already."))
    if now - done.merged_at > UNDOABLE_FOR:
        raise CannotUndo(_("This was merged more than 30 days ago."))
    later = Merge.objects.filter(kept=done.kept, undone_at=None, pk__gt=done.pk)
    if kept.merged_into_id or later.exists():
        raise CannotUndo(_("Undo the later merge of %(who)s first.") % {"who": kept})


def _refuse_what_is_hidden(kept: Individual, gone: Individual, actor: Actor) -> None:
    """Two made one see what either has a part in."""
    if have_hidden_parts([kept, gone], actor):
        raise Forbidden(_("One of them has a part in something that you may not see. Ask an admin to do this."))


def _write(pair: Pair, actor: Actor) -> None:
    """The two rows themselves. The account first leaves the one, then joins the other: it is at one row only."""
    kept, gone = pair.kept, pair.gone
    user_id = gone.user_id
    if user_id:
        pair.ledger.change(gone, user_id=None)
        pair.ledger.change(kept, user_id=user_id)
    filled = {name: getattr(gone, name) for name in FILLED if getattr(gone, name) and not getattr(kept, name)}
    if filled:
        pair.ledger.change(kept, **filled)
    pair.ledger.change(
        gone, is_active=False, deactivated_at=gone.deactivated_at or pair.now, merged_into_id=kept.pk
    )  # fmt: skip
    for person in (kept, gone):
        person.refresh_from_db()
        _bump(person, actor)


def _bump(person: Individual, actor: Actor) -> None:
    """Raise the version and write the change history."""
    person.version += 1
    with acting(actor):
        person.save()
    search.index(person)


def _parts(person: Individual) -> list[RolesMoved]:
    """By kind, every subject that the person has or had a part in."""
    theirs = Participant.objects.filter(individual=person)
    found = {kind: theirs.exclude(**{kind: None}).values_list(f"{kind}_id", flat=True) for kind in KINDS}
    return [RolesMoved(kind=kind, subject_ids=frozenset(keys)) for kind, keys in found.items() if keys]


def _tell(moved: list[RolesMoved]) -> None:
    for payload in moved:
        roles_moved.send(sender=Merge, payload=payload)


def _services(person: Individual) -> list[Service]:
    """Where the person takes turns."""
    places = RotationMember.objects.filter(individual=person)
    return list(Service.objects.filter(pk__in=places.values("layer__service")).order_by("pk"))
