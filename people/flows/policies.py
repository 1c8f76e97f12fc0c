"""Role policies: who gets which role in a new subject, and why. Reads what is known; asks nobody outside."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.utils.translation import gettext as _

from core import filters
from core.actor import Actor
from core.errors import Invalid
from core.filters import Facts
from core.filters.expressions import All as AllOf
from core.filters.expressions import AnyOf, Expression, Not, Test
from core.flows import configuration
from core.models.organizations import Project
from people.models import EngagementRule, Individual, Role, RolePolicy, Service
from people.oncall.roster import Roster

LEADS = {"incident": Role.Name.COMMANDER, "case": Role.Name.ASSIGNEE}
# What filters call who leads.
LEAD_FIELDS = {"incident": "commander", "case": "assignee"}


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Who gets a role, and why in words.

    :ivar policy: the policy that says so, if one does; :ivar service: what the person is on call for.
    """

    role: str
    individual: Individual
    why: str
    policy: RolePolicy | None = None
    service: Service | None = None


@dataclass(frozen=True, kw_only=True)
class Fitting:
    """A policy that fits; `chosen` is None when it names nobody now, and `why` says why not."""

    policy: RolePolicy
    dimensions: int
    chosen: Chosen | None
    why: str


def roles_for(kind: str) -> tuple[Role.Name, ...]:
    """The roles that policies can give in a kind of subject, in the order they are given."""
    lead = LEADS[kind]
    others = (Role.Name.LIAISON, Role.Name.SCRIBE, Role.Name.OBSERVER)
    return (Role.Name.REPORTER, lead, *others)


def facts_at_birth(kind: str, subject: Any, tags: Any) -> Facts:
    """What policies go by: the new subject, before anybody takes part."""
    return filters.facts(kind, subject, tags=tags, participant=(), **{LEAD_FIELDS[kind]: ()})


def resolve(
    project: Project, kind: str, known: Facts, now: datetime, *, named: Mapping[str, Individual | None]
) -> list[Chosen]:
    """Who gets each role of a new subject: the named person; else by the fitting policy that names most, then has the
    lowest order, and names somebody now. The reporter leads when nobody else does.
    """
    fits = fitting(project, kind, known, now)
    found = []
    for role in roles_for(kind):
        by_policy = next((row.chosen for row in fits.get(role, []) if row.chosen), None)
        person = named.get(role)
        if person:
            why = _("reported it") if role == Role.Name.REPORTER else _("named in the report")
            found.append(Chosen(role=role, individual=person, why=why))
        elif by_policy:
            found.append(by_policy)
        elif role == LEADS[kind] and named.get(Role.Name.REPORTER):
            reporter = cast("Individual", named[Role.Name.REPORTER])
            found.append(Chosen(role=role, individual=reporter, why=_("reported it, and no policy names anybody")))
    return found


def fitting(project: Project, kind: str, known: Facts, now: datetime) -> dict[str, list[Fitting]]:
    """For each role the policies that fit, the one that counts first."""
    rows = RolePolicy.objects.filter(project=project, kind=kind).active()
    found: dict[str, list[Fitting]] = {}
    roster = Roster(project, now)
    for policy in rows.select_related("individual", "service__owner").order_by("order", "pk"):
        expression = filters.parse(kind, policy.filter or {"all": []}, field="filter")
        if expression.matches(known, now):
            found.setdefault(policy.role, []).append(_fitting(policy, expression, roster))
    for fits in found.values():
        fits.sort(key=lambda fit: (-fit.dimensions, fit.policy.order, fit.policy.pk))
    return found


def dimensions(expression: Expression) -> set[str]:
    """The fields that a filter names."""
    return {test.field.name for test in _tests(expression.root)}


def save_rule(rule: Any, *, actor: Actor, now: datetime, version: int | None = None) -> Any:
    """Create or change a role policy or an engagement rule.

    :raises Invalid: naming the part of the filter that is wrong, or whom it names too many or none of.
    """
    _check_target(rule)
    if isinstance(rule, RolePolicy) and rule.role not in roles_for(rule.kind or "incident"):
        raise Invalid(_("This role is not given by policies for this kind."), field="role")
    rule.filter = rule.filter or {}
    if rule.filter:
        filters.parse(rule.kind, rule.filter, field="filter")
    return configuration.save(rule, actor=actor, now=now, version=version)


def _check_target(rule: RolePolicy | EngagementRule) -> None:
    names = ["individual", "service"] if isinstance(rule, RolePolicy) else ["individual", "team", "service"]
    named = [name for name in names if getattr(rule, f"{name}_id")]
    if len(named) != 1:
        raise Invalid(_("Name one: %(names)s.") % {"names": ", ".join(names)}, field=(named or names)[-1])
    target = getattr(rule, named[0])
    organization = getattr(target, "organization_id", None)
    if organization not in (None, rule.project.organization_id):
        raise Invalid(_("“%(name)s” belongs to another organization.") % {"name": target}, field=named[0])
    if not target.is_active:
        raise Invalid(_("“%(name)s” is not active any more.") % {"name": target}, field=named[0])


def _fitting(policy: RolePolicy, expression: Expression, roster: Roster) -> Fitting:
    individual, service, why = _named(policy, roster)
    count = len(dimensions(expression))
    chosen = None
    if individual:
        chosen = Chosen(role=policy.role, policy=policy, individual=individual, service=service, why=why)
    return Fitting(policy=policy, dimensions=count, chosen=chosen, why=why)


def _named(policy: RolePolicy, roster: Roster) -> tuple[Individual | None, Service | None, str]:
    words = {"policy": policy.name, "who": policy.individual, "service": policy.service}
    if policy.individual:
        if policy.individual.is_active:
            return policy.individual, None, _("named by “%(policy)s”") % words
        return None, None, _("“%(policy)s” names %(who)s, who is not active any more") % words
    service = policy.service
    if service is None or not service.is_active:
        return None, None, _("“%(policy)s” names a service that is not active any more") % words
    person = roster.next_on_call(service) if policy.next_on_call else next(iter(roster.on_call(service)), None)
    if person:
        said = _("next on call") if policy.next_on_call else _("on call")
        return person, service, _("%(said)s for %(service)s, by “%(policy)s”") % {**words, "said": said}
    other = roster.instead(service)
    if other:
        return other, service, _("nobody is on call for %(service)s (“%(policy)s”); asked instead") % words
    return None, None, _("nobody is on call for %(service)s (“%(policy)s”)") % words


def _tests(node: Any) -> Iterator[Test]:
    if isinstance(node, Test):
        yield node
    elif isinstance(node, Not):
        yield from _tests(node.part)
    elif isinstance(node, AllOf | AnyOf):
        for part in node.parts:
            yield from _tests(part)
