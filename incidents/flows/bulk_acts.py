"""What can be done with many incidents at once: each act performs one row by its own flow, and foretells it.

`foretell` tells by facts gathered for all rows together what `perform` will come to; the flow decides in the end.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import access
from core.access import Right
from core.actor import Actor
from core.emails import normalise
from core.errors import FlowError, Forbidden, Invalid, NotVisible
from core.operations.jobs import Unchanged
from incidents.flows.choosing import check_tags
from incidents.flows.editing import edit
from incidents.flows.moving import change_status
from incidents.models import Incident
from knowledge.flows import resolve_tags
from knowledge.models import Tag
from people.flows import assign_role, find_individual, hand_over
from people.models import Individual, Role

Status = Incident.Status
MOST_TAGS: Final = 20


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be done with each incident, in plain values.

    :ivar commander: the address of whoever is to command; :ivar tags: by name or `Type/name`, added to those there.
    """

    act: str
    reason: str = ""
    commander: str = ""
    tags: Sequence[str] = ()


@dataclass(kw_only=True)
class Facts:
    """What `foretell` goes by."""

    editable: set[int] = field(default_factory=set)
    trusted: bool = False
    commanders: dict[int, Role] = field(default_factory=dict)
    tags: dict[int, list[Tag]] = field(default_factory=dict)
    meant: dict[int, list[Tag] | FlowError] = field(default_factory=dict)
    leavers: dict[int, Individual] = field(default_factory=dict)


class NotThisWay(FlowError):
    """One by one it may be done, among many it may not."""

    code = "not_this_way"


@dataclass(frozen=True, kw_only=True)
class Act:
    """One thing that can be done with many.

    :ivar needs: the field of the wish that must be filled.
    """

    title: Any
    foretell: Callable[[Incident, Wish, Facts], str]
    perform: Callable[[Incident, Wish, Actor, datetime], str]
    needs: str = ""


def check(wish: Wish) -> None:
    """Refuse what cannot be done with any incident.

    :raises Invalid: naming the field.
    """
    act = ACTS.get(wish.act)
    if act is None:
        raise Invalid(_("Choose one of %(names)s.") % {"names": ", ".join(ACTS)}, field="action")
    if act.needs and not getattr(wish, act.needs):
        raise Invalid(_("This is needed for what you want to do."), field=act.needs)
    if wish.commander:
        _address(wish.commander)
    if len(wish.tags) > MOST_TAGS:
        raise Invalid(_("At most %(number)s tags at once.") % {"number": MOST_TAGS}, field="tags")


def foretell(incident: Incident, wish: Wish, facts: Facts) -> str:
    """What would happen, in words.

    :raises Unchanged: it is so already. :raises FlowError: it would be refused.
    """
    if not facts.trusted and incident.pk not in facts.editable:
        raise Forbidden(_("Only %(who)s may do this here.") % {"who": access.NEEDS[Right.EDIT]})
    return ACTS[wish.act].foretell(incident, wish, facts)


def perform(pk: int, wish: Wish, actor: Actor, now: datetime) -> str:
    """Do it with one incident, by its own flow; what happened, in words.

    :raises Unchanged: it is so already. :raises FlowError: what the flow refuses.
    """
    rows = Incident.objects.select_related("project__organization")
    seen = rows.filter(deleted_at=None) if actor.trusted else rows.visible_to(actor.user)
    incident = seen.filter(pk=pk).first()
    if incident is None:
        raise NotVisible(_("It is not there any more, or you may not see it any more."))
    access.require(actor, Right.EDIT, incident)
    return ACTS[wish.act].perform(incident, wish, actor, now)


def gather(incidents: Sequence[Incident], wish: Wish, actor: Actor) -> Facts:
    """All that foretelling needs, in a fixed number of queries."""
    keys = [incident.pk for incident in incidents]
    facts = Facts(trusted=actor.trusted)
    for some in _batches(keys):
        rows = Incident.objects.filter(access.edit_filter(Incident, actor.user), pk__in=some, deleted_at=None)
        facts.editable |= set(rows.values_list("pk", flat=True))
        if wish.act == "hand_over":
            facts.commanders |= _commanders(some)
        if wish.act == "tag":
            _tags_there(some, facts)
    if wish.act == "tag":
        facts.meant = {project.pk: _meant(project, wish) for project in {one.project for one in incidents}}
    if wish.commander:
        people = Individual.objects.filter(email=_address(wish.commander), is_active=False, merged_into=None)
        facts.leavers = {person.organization_id: person for person in people}
    return facts


def _batches(keys: Sequence[int], size: int = 10_000) -> Iterable[Sequence[int]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))


# Moving


def _foretell_stable(incident: Incident, _wish: Wish, _facts: Facts) -> str:
    _check_stable(incident)
    return _("will be marked stable")


def _foretell_close(incident: Incident, _wish: Wish, _facts: Facts) -> str:
    _check_close(incident)
    return _("will be closed")


def _check_stable(incident: Incident) -> None:
    if incident.status == Status.STABLE:
        raise Unchanged(_("is stable already"))
    if incident.status == Status.CLOSED:
        raise NotThisWay(_("It is closed. Reopen it by itself if it is not over."))


def _check_close(incident: Incident) -> None:
    if incident.status == Status.CLOSED:
        raise Unchanged(_("is closed already"))


def _stable(incident: Incident, wish: Wish, actor: Actor, now: datetime) -> str:
    _check_stable(incident)
    change_status(incident=incident, to=Status.STABLE, reason=wish.reason, actor=actor, now=now)
    return _("marked stable")


def _close(incident: Incident, wish: Wish, actor: Actor, now: datetime) -> str:
    _check_close(incident)
    change_status(incident=incident, to=Status.CLOSED, reason=wish.reason, actor=actor, now=now)
    return _("closed")


# Handing over


def _foretell_hand_over(incident: Incident, wish: Wish, facts: Facts) -> str:
    _check_open(incident)
    gone = facts.leavers.get(incident.project.organization_id)
    if gone:
        raise Invalid(_("%(who)s is not active any more.") % {"who": gone}, field="commander")
    held = facts.commanders.get(incident.pk)
    if held is None:
        return _("gets its commander")
    if wish.commander and held.participant.individual.email == _address(wish.commander):
        raise Unchanged(_("is commanded by them already"))
    return _("will be handed over by %(giver)s") % {"giver": held.participant.individual}


def _hand_over(incident: Incident, wish: Wish, actor: Actor, now: datetime) -> str:
    _check_open(incident)
    taker = find_individual(organization=incident.project.organization, email=wish.commander, now=now)
    held = _commanders([incident.pk]).get(incident.pk)
    if held is None:
        assign_role(subject=incident, individual=taker, role=Role.Name.COMMANDER, actor=actor, now=now)
        return _("commanded by %(taker)s") % {"taker": taker}
    giver = held.participant.individual
    if giver == taker:
        raise Unchanged(_("is commanded by them already"))
    hand_over(subject=incident, role=Role.Name.COMMANDER, to=taker, note=wish.reason, actor=actor, now=now)
    return _("handed over from %(giver)s to %(taker)s") % {"giver": giver, "taker": taker}


def _check_open(incident: Incident) -> None:
    if not incident.is_open:
        raise NotThisWay(_("It is closed; its roles have ended."))


def _commanders(keys: Sequence[int]) -> dict[int, Role]:
    held = Role.objects.filter(incident__in=keys, role=Role.Name.COMMANDER, renounced_at=None)
    return {row.incident_id: row for row in held.select_related("participant__individual") if row.incident_id}


def _address(text: str) -> str:
    try:
        return normalise(text)
    except ValueError as error:
        raise Invalid(str(error), field="commander") from None


# Tagging


def _foretell_tag(incident: Incident, wish: Wish, facts: Facts) -> str:
    meant = facts.meant[incident.project_id]
    if isinstance(meant, FlowError):
        raise meant
    if not wish.tags:
        return _("gets the tags")
    there = facts.tags.get(incident.pk, [])
    return _("gets %(tags)s") % {"tags": _names(_added(incident, there, meant))}


def _tag(incident: Incident, wish: Wish, actor: Actor, now: datetime) -> str:
    there = list(incident.tags.select_related("tag_type"))
    added = _added(incident, there, resolve_tags(incident.project, list(wish.tags)))
    edit(incident=incident, tags=[*there, *added], actor=actor, now=now)
    return _("got %(tags)s") % {"tags": _names(added)}


def _added(incident: Incident, there: list[Tag], meant: list[Tag]) -> list[Tag]:
    """The tags that are new to it; among many nothing is replaced.

    :raises Unchanged: none is. :raises Invalid: one excludes another that is there.
    """
    carried = {tag.pk for tag in there}
    new = [tag for tag in meant if tag.pk not in carried]
    if not new:
        raise Unchanged(_("has them already"))
    check_tags(incident.project, [*there, *new], kept=there)
    return new


def _tags_there(keys: Sequence[int], facts: Facts) -> None:
    links = Incident.tags.through.objects.filter(incident__in=keys).select_related("tag__tag_type")
    found: defaultdict[int, list[Tag]] = defaultdict(list)
    for link in links.order_by("pk"):
        found[link.incident_id].append(link.tag)
    facts.tags |= found


def _meant(project: Any, wish: Wish) -> list[Tag] | FlowError:
    try:
        return resolve_tags(project, list(wish.tags))
    except FlowError as refusal:
        return refusal


def _names(tags: Iterable[Tag]) -> str:
    return ", ".join(tag.name for tag in tags)


ACTS: Final[dict[str, Act]] = {
    "stable": Act(title=gettext_lazy("Mark stable"), foretell=_foretell_stable, perform=_stable),
    "close": Act(title=gettext_lazy("Close"), foretell=_foretell_close, perform=_close),
    "hand_over": Act(
        title=gettext_lazy("Hand over"), foretell=_foretell_hand_over, perform=_hand_over, needs="commander"
    ),
    "tag": Act(title=gettext_lazy("Tag"), foretell=_foretell_tag, perform=_tag, needs="tags"),
}
