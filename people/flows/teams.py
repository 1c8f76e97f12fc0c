"""Teams: made and changed by managers; members are people of the same organization."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core import access
from core.access import Right
from core.actor import Actor
from core.emails import normalise
from core.errors import Conflict, InUse, Invalid
from core.flows import configuration
from core.models.organizations import Organization
from people.models import EngagementRule, Individual, Team, TeamMember


class NameTaken(Conflict):
    """Another team of the organization is called so."""


@transaction.atomic
def save_team(
    team: Team,
    *,
    actor: Actor,
    now: datetime,
    version: int | None = None,
    members: Collection[Individual] | None = None,
) -> Team:
    """Create or change a team. Whoever leads it becomes a member.

    :param members: given, they replace those there are.
    :raises Invalid: an address that is none, or a lead of another organization or not active.
    :raises Conflict: when the name is taken.
    """
    if team.email:
        try:
            team.email = normalise(team.email)
        except ValueError as error:
            raise Invalid(str(error), field="email") from None
    team.name = team.name.strip()
    if team.lead is not None:
        _check(team, team.lead, field="lead")
    _refuse_a_likeness(team)
    there = set(team.members.values_list("individual_id", flat=True)) if team.pk else set()
    parts_change = members is not None and {member.pk for member in members} != there
    saved: Team = configuration.save(team, actor=actor, now=now, version=version, parts_change=parts_change)
    if saved.lead is not None:
        TeamMember.objects.get_or_create(team=saved, individual=saved.lead, defaults={"added_at": now})
    if members is not None:
        set_members(team=saved, individuals=members, actor=actor, now=now)
    return saved


@transaction.atomic
def delete_team(team: Team, *, actor: Actor) -> None:
    """Delete a team that no rule engages; its people stay.

    :raises InUse: otherwise.
    """
    access.require(actor, Right.CONFIGURE, team.organization)
    if EngagementRule.objects.filter(team=team).exists():
        raise InUse(_("A rule engages “%(name)s”. Change the rule first, or make the team inactive.") % {"name": team})
    configuration.delete(team, actor=actor)


@transaction.atomic
def add_members(*, team: Team, individuals: Collection[Individual], actor: Actor, now: datetime) -> list[TeamMember]:
    """Take people into the team. Who belongs to it already stays; returns those who are new.

    :raises Invalid: somebody of another organization, or not active any more.
    """
    access.require(actor, Right.CONFIGURE, team.organization)
    for individual in individuals:
        _check(team, individual, field="members")
    found = [
        TeamMember.objects.get_or_create(team=team, individual=individual, defaults={"added_at": now})
        for individual in individuals
    ]
    return [member for member, made in found if made]


@transaction.atomic
def remove_member(*, team: Team, individual: Individual, actor: Actor, now: datetime) -> None:
    """Take somebody out of the team; a lead leads it no longer.

    :raises Invalid: when the person is no member.
    """
    access.require(actor, Right.CONFIGURE, team.organization)
    gone, _each = TeamMember.objects.filter(team=team, individual=individual).delete()
    if not gone:
        raise Invalid(_("%(who)s is no member of %(team)s.") % {"who": individual, "team": team}, field="individual")
    if team.lead_id == individual.pk:
        team.lead = None
        configuration.save(team, actor=actor, now=now)


@transaction.atomic
def set_members(*, team: Team, individuals: Collection[Individual], actor: Actor, now: datetime) -> None:
    """Let just these people be the team's members. Those who were before may be inactive; new ones may not.

    :raises Invalid: somebody of another organization, or the lead is not among them.
    """
    access.require(actor, Right.CONFIGURE, team.organization)
    wanted = {individual.pk: individual for individual in individuals}
    if team.lead_id and team.lead_id not in wanted:
        raise Invalid(_("%(who)s leads the team and stays a member.") % {"who": team.lead}, field="members")
    there = set(team.members.values_list("individual_id", flat=True))
    team.members.exclude(individual_id__in=list(wanted)).delete()
    new = [individual for key, individual in wanted.items() if key not in there]
    add_members(team=team, individuals=new, actor=actor, now=now)


def join_by_name(*, organization: Organization, name: str, individual: Individual, now: datetime) -> Team:
    """Put a person into the team of this name, made when there is none. For flows that have asked access themselves."""
    team = _named(organization, name).first() or Team.objects.create(organization=organization, name=name.strip())
    TeamMember.objects.get_or_create(team=team, individual=individual, defaults={"added_at": now})
    return team


def _named(organization: Any, name: str) -> Any:
    return Team.objects.filter(organization=organization, name=name.strip())


def _refuse_a_likeness(team: Team) -> None:
    """A name that differs from another one in blanks only would be taken for it."""
    there = _named(team.organization_id, team.name).exclude(pk=team.pk).first()
    if there is not None:
        raise NameTaken(_("There is a team “%(name)s” already.") % {"name": there}, field="name", id=str(there.uuid))


def _check(team: Team, individual: Individual, *, field: str) -> None:
    if individual.organization_id != team.organization_id:
        raise Invalid(_("%(who)s belongs to another organization.") % {"who": individual}, field=field)
    if not individual.is_active:
        raise Invalid(_("%(who)s is not active any more.") % {"who": individual}, field=field)
