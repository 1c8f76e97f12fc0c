"""Who gets which role in a new incident, who else is engaged, and whom a priority wakes."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from core.actor import Actor
from core.errors import Invalid
from incidents.models import Incident
from knowledge.models import Tag
from people.flows import engagement, find_individual, pages, policies
from people.flows.individuals import of_user
from people.flows.participants import take_in
from people.models import Individual, Page, Role, Service

Named = Individual | str | None


def staff(
    incident: Incident, *, commander: Named, reporter: Named, tags: Iterable[Tag], actor: Actor, now: datetime
) -> None:
    """Give the roles, bring in whom the engagement rules name, and wake the commander where the priority says so."""
    known = policies.facts_at_birth("incident", incident, tags)
    who_reports = _person(incident, reporter, "reporter", now) or _actor_person(incident, actor, now)
    who_commands = _person(incident, commander, "commander", now)
    named: dict[str, Individual | None] = {Role.Name.REPORTER: who_reports, Role.Name.COMMANDER: who_commands}
    for chosen in policies.resolve(incident.project, "incident", known, now, named=named):
        take_in(
            incident, chosen.individual, role=chosen.role, reason=chosen.why[:300], service=chosen.service,
            actor=actor, now=now,
        )  # fmt: skip
    engagement.engage(incident, actor=actor, now=now)
    page_commander(incident, actor=actor, now=now)


def staff_past(incident: Incident, *, commander: Named, reporter: Named, actor: Actor, now: datetime) -> None:
    """Write down who reported and commanded what is over; nobody is engaged, paged or told."""
    who_reports = _person(incident, reporter, "reporter", now) or _actor_person(incident, actor, now)
    who_commands = _person(incident, commander, "commander", now) or who_reports
    if who_reports:
        take_in(incident, who_reports, role=Role.Name.REPORTER, reason=_("reported it"), actor=actor, now=now)
    if who_commands:
        take_in(incident, who_commands, role=Role.Name.COMMANDER, reason="", actor=actor, now=now)


def page_commander(incident: Incident, *, actor: Actor, now: datetime) -> Page | None:
    """Wake the commander when the priority says so, once an incident; who does this right now is awake."""
    if not incident.priority.page_commander:
        return None
    lead = Role.objects.of(incident).filter(role=incident.lead_role, renounced_at=None)
    held = lead.select_related("participant__individual", "participant__service").first()
    if held is None or (actor.user and held.participant.individual.user_id == actor.user.pk):
        return None
    participant = held.participant
    return pages.begin(
        incident, fact=f"commander:{incident.uuid}", individual=participant.individual, role=incident.lead_role,
        service=participant.service or _commanders_service(incident, now), actor=actor, now=now,
    )  # fmt: skip


def _commanders_service(incident: Incident, now: datetime) -> Service | None:
    """The service whose next on call is called when a commander chosen by name does not answer."""
    tags = incident.tags.select_related("tag_type")
    known = policies.facts_at_birth("incident", incident, tags)
    fits = policies.fitting(incident.project, "incident", known, now).get(Role.Name.COMMANDER, [])
    return next((fit.policy.service for fit in fits if fit.policy.service), None)


def _person(incident: Incident, who: Named, field: str, now: datetime) -> Individual | None:
    if isinstance(who, str):
        try:
            return find_individual(organization=incident.project.organization, email=who, now=now)
        except Invalid as error:
            raise Invalid(error.message, field=field) from None
    if who is not None and who.organization_id != incident.project.organization_id:
        raise Invalid(_("This person belongs to another organization."), field=field)
    return who


def _actor_person(incident: Incident, actor: Actor, now: datetime) -> Individual | None:
    return of_user(actor.user, incident.project.organization, now) if actor.user else None
