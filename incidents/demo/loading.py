"""Loading it all: the setting, then the stories, the oldest first."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from core.actor import Actor
from core.errors import FlowError
from core.flows import subjects
from core.flows.organizations import create_organization
from core.models import Organization, SubjectLink
from incidents.demo import setting as scenery
from incidents.demo.duty import build_duty, trade_a_day
from incidents.demo.outside import carry_out, skip_the_rest
from incidents.demo.scripts import SCRIPTS, Script
from incidents.demo.setting import COMPANY, Setting
from incidents.demo.telling import Plan, Teller
from incidents.models import Incident
from people.flows import add_participant
from people.flows.individuals import of_user
from reporting.flows.costs import work_out

SEED: Final = 20250919
USUAL_SIZE: Final = 60
SPAN: Final = timedelta(days=360)
# How old those are that are not over yet: active ones in hours, stable ones in days.
ACTIVE_HOURS: Final = (0.4, 1.6, 4.5, 11, 27)
STABLE_DAYS: Final = (1.2, 2.5, 4, 8.5, 12)

Say = Callable[[int, int], None]


class NotEmpty(FlowError):
    """The installation holds incidents already."""

    code = "not_empty"


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What was loaded: the setting, and the incidents in the order of their reports."""

    setting: Setting
    incidents: list[Incident]


def load(*, now: datetime, password: str, say: Say, size: int = USUAL_SIZE) -> Loaded:
    """Tell a year of incidents up to `now` in the installation's one organization.

    :raises NotEmpty: where there are incidents already, so that it is never loaded twice or into somebody's work.
    """
    there = Incident._base_manager.count()
    if there or Organization.objects.count() > 1:
        raise NotEmpty(
            _(
                "Demo data goes into an empty installation, and this one holds %(count)s incidents. "
                "Take another --home, or ./dispatch reset first."
            )
            % {"count": there}
        )
    actor, now, chance = Actor.system(), now.replace(second=0, microsecond=0), Random(SEED)  # noqa: S311 (a story)
    with transaction.atomic():
        organization = Organization.objects.first() or create_organization(name=COMPANY, actor=actor, now=now)
        setting = scenery.build(organization=organization, actor=actor, now=now - SPAN, password=password)
        build_duty(setting, until=now)
    teller, incidents = Teller(setting, chance), []
    plans = sorted(_plans(now, size, chance), key=lambda plan: plan.reported_at)
    for number, plan in enumerate(plans, 1):
        with transaction.atomic():
            incidents.append(teller.tell(plan))
        say(number, len(plans))
    with transaction.atomic():
        _finish(setting, incidents, now)
    return Loaded(setting=setting, incidents=incidents)


def _plans(now: datetime, size: int, chance: Random) -> Iterator[Plan]:
    share = min(1.0, size / USUAL_SIZE)
    active = ACTIVE_HOURS[: max(1, round(len(ACTIVE_HOURS) * share))]
    stable = STABLE_DAYS[: max(1, round(len(STABLE_DAYS) * share))]
    closed = max(0, size - len(active) - len(stable))
    scripts = _scripts(size, chance)
    for number in range(closed):
        back = SPAN - (SPAN - timedelta(days=16)) * (number + chance.uniform(0.1, 0.9)) / max(1, closed)
        yield _closed(next(scripts), now - back, chance, reopened=number % 14 == 9)
    for days in stable:
        script, reported_at = next(scripts), now - timedelta(days=days)
        stable_at = reported_at + timedelta(hours=min(_hours(script, chance), days * 24 * 0.6))
        yield Plan(script=script, reported_at=reported_at, stable_at=stable_at, until=now)
    for hours in active:
        yield Plan(script=next(scripts), reported_at=now - timedelta(hours=hours), until=now)


def _closed(script: Script, reported_at: datetime, chance: Random, *, reopened: bool) -> Plan:
    stable_at = reported_at + timedelta(hours=_hours(script, chance))
    closed_at = stable_at + timedelta(days=chance.uniform(*script.days))
    if reopened:
        closed_at = max(closed_at, stable_at + timedelta(hours=14))
    return Plan(
        script=script, reported_at=reported_at, stable_at=stable_at, closed_at=closed_at, until=closed_at,
        reopened=reopened,
    )  # fmt: skip


def _hours(script: Script, chance: Random) -> float:
    return chance.uniform(*script.hours)


def _scripts(size: int, chance: Random) -> Iterator[Script]:
    """Every kind about equally often, in no order."""
    bag: list[Script] = []
    for _number in range(size):
        if not bag:
            bag = list(SCRIPTS)
            chance.shuffle(bag)
        yield bag.pop()


def _finish(setting: Setting, incidents: list[Incident], now: datetime) -> None:
    """What joins stories: links between those of a kind; and what they cost until today."""
    last: dict[int, Incident] = {}
    for number, incident in enumerate(incidents):
        earlier = last.get(incident.type_id)
        if earlier is not None and number % 6 == 2 and not incident.is_restricted:
            moment = min(incident.reported_at + timedelta(minutes=20), now)
            subjects.link(
                source=incident, target=earlier, kind=SubjectLink.Kind.RELATED, actor=setting.actor, now=moment
            )
        last[incident.type_id] = incident
    _owners_look_on(setting, incidents, now)
    for incident in incidents:
        carry_out(incident, now)
        work_out(subject=incident, now=now)
    trade_a_day(setting, now)
    skip_the_rest(now)


def _owners_look_on(setting: Setting, incidents: list[Incident], now: datetime) -> None:
    """So that whoever signs in first finds something under “Yours”."""
    for owner in scenery.owners_of(setting.organization):
        person = of_user(owner, setting.organization, now)
        for incident in incidents[-3:-1]:
            add_participant(subject=incident, individual=person, actor=setting.actor, now=now, reason="kept informed")
