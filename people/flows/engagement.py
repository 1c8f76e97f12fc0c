"""Engagement rules: who else is brought in or told while a subject is active (lifecycle I10)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from core import filters, operations
from core.actor import Actor
from core.filters import Facts
from core.models.organizations import Project
from core.timeline import Event, record
from people.flows.participants import take_in
from people.models import EngagementRule, Individual, Participant, Role, Service, Team, TeamNotice
from people.oncall.roster import Roster


@dataclass(frozen=True, kw_only=True)
class Engaged:
    """Whom a rule engages, and why in words: a person (perhaps for a service) or a team."""

    rule: EngagementRule
    why: str
    individual: Individual | None = None
    service: Service | None = None
    team: Team | None = None


def engaged(project: Project, kind: str, known: Facts, now: datetime) -> list[Engaged]:
    """Whom the rules that fit would engage, in their order."""
    rows = EngagementRule.objects.filter(project=project, kind=kind).active()
    found, roster = [], Roster(project, now)
    for rule in rows.select_related("individual", "team", "service__owner").order_by("order", "pk"):
        if filters.parse(kind, rule.filter or {"all": []}, field="filter").matches(known, now):
            found.extend(_named(rule, roster))
    return found


def engage(subject: Any, *, actor: Actor, now: datetime) -> None:
    """Bring in and tell whom the rules name and who is not there yet. The caller holds the subject's lock.

    People become observers; a service that somebody represents already calls nobody; who left stays away; a team is
    told once, and of a restricted subject not at all, for it could not read it.
    """
    known = filters.facts(subject.kind, subject)
    for one in engaged(subject.project, subject.kind, known, now):
        if one.team:
            _tell(subject, one, one.team, actor, now)
        elif one.individual and not _is_there(subject, one):
            take_in(
                subject, one.individual, role=Role.Name.OBSERVER, reason=one.why[:300], service=one.service,
                actor=actor, now=now,
            )  # fmt: skip


def _named(rule: EngagementRule, roster: Roster) -> list[Engaged]:
    words = {"rule": rule.name, "service": rule.service}
    if rule.team:
        return [Engaged(rule=rule, team=rule.team, why=_("told by “%(rule)s”") % words)] if rule.team.is_active else []
    if rule.individual:
        named = Engaged(rule=rule, individual=rule.individual, why=_("engaged by “%(rule)s”") % words)
        return [named] if rule.individual.is_active else []
    service = rule.service
    if service is None or not service.is_active:
        return []
    people = roster.on_call(service)
    if people:
        why = _("on call for %(service)s, engaged by “%(rule)s”") % words
        return [Engaged(rule=rule, individual=person, service=service, why=why) for person in people]
    other = roster.instead(service)
    why = _("nobody is on call for %(service)s; asked instead, by “%(rule)s”") % words
    return [Engaged(rule=rule, individual=other, service=service, why=why)] if other else []


def _is_there(subject: Any, one: Engaged) -> bool:
    parts = Participant.objects.of(subject)
    if parts.filter(individual=one.individual).exists():
        return True
    return one.service is not None and parts.filter(service=one.service, left_at=None).exists()


def _tell(subject: Any, one: Engaged, team: Team, actor: Actor, now: datetime) -> None:
    if subject.is_restricted:
        return
    _notice, first = TeamNotice.objects.get_or_create(
        **subject.as_owner, team=team, defaults={"rule": one.rule, "told_at": now}
    )
    if not first:
        return
    record(
        subject, kind=Event.Kind.PARTICIPANT, actor=actor, now=now,
        description=_("The team %(team)s was told (%(why)s)") % {"team": team, "why": one.why},
        details={"team": str(team.uuid), "rule": str(one.rule.uuid)},
    )  # fmt: skip
    fact = f"team:{team.pk}:{subject.uuid}"
    if team.email:
        arguments = {"template": "team_told", "team": team.pk}
        operations.plan("email.send", subject=subject, fact=fact, arguments=arguments)
        return
    people = Individual.objects.filter(team_memberships__team=team).active().order_by("pk")
    for person in people:
        arguments = {"template": "team_told", "individual": person.pk, "team": team.pk}
        operations.plan("email.send", subject=subject, fact=f"{fact}:{person.pk}", arguments=arguments)
