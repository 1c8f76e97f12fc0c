"""Who is on call in the demo organization, by which rules people are chosen, and the teams."""

from datetime import datetime, time, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _

from incidents.demo.cast import BERLIN, LEGAL, NEW_YORK, PLATFORM, RESPONSE, SINGAPORE
from incidents.demo.setting import Setting
from people.flows import oncall, policies
from people.flows.contacts import save_contact_method
from people.flows.teams import save_team
from people.models import EngagementRule, Individual, Role, RolePolicy, RotationLayer, Service, Team
from people.oncall.rotation import Window

SECURITY_DUTY, PLATFORM_DUTY = "Security on-call", "Platform on-call"
# Each place has the hours in which the others sleep; together they cover the day.
HOURS: Final = {SINGAPORE: (time(9), time(17)), BERLIN: (time(9), time(17)), NEW_YORK: (time(9), time(18))}
# Stored shifts reach eight weeks ahead.
STEP: Final = timedelta(weeks=8)


def build_duty(setting: Setting, *, until: datetime) -> None:
    """Make teams, services with their rotations, policies and rules, and the shifts of the whole year."""
    teams = _teams(setting)
    security = _service(setting, "Security", SECURITY_DUTY, minutes=5)
    platform = _service(setting, "Payments", PLATFORM_DUTY, minutes=10)
    for service, crew, name in ((security, RESPONSE, "Security"), (platform, PLATFORM, "Payments")):
        _rotation(setting, service, crew)
        _rules(setting, name, service, teams)
    _ways(setting)
    moment = setting.now
    while moment < until:
        for service in (security, platform):
            oncall.refresh(service=service, now=moment)
        moment += STEP


def trade_a_day(setting: Setting, now: datetime) -> None:
    """Next week somebody takes a colleague's day, so that the calendar shows it."""
    begins = (now + timedelta(days=6)).replace(hour=7, minute=0, second=0, microsecond=0)
    for service in Service.objects.filter(project__organization=setting.organization):
        oncall.refresh(service=service, now=now)
    security = Service.objects.get(name=SECURITY_DUTY)
    oncall.add_override(
        service=security, individual=setting.people["Elif Aydin"].individual, starts_at=begins,
        ends_at=begins + timedelta(hours=24), reason=_("Jonas is at his sister's wedding"), **_by(setting, now),
    )  # fmt: skip


def _by(setting: Setting, now: datetime | None = None) -> dict[str, Any]:
    return {"actor": setting.actor, "now": now or setting.now}


def _crew(setting: Setting, team: str, zone: str = "") -> list[Individual]:
    people = [person for person in setting.people.values() if person.character.team == team]
    return [person.individual for person in people if not zone or person.character.time_zone == zone]


def _teams(setting: Setting) -> dict[str, Team]:
    names = dict.fromkeys(person.character.team for person in setting.people.values() if person.character.team)
    return {
        name: save_team(
            Team(organization=setting.organization, name=name, lead=_crew(setting, name)[0]),
            members=_crew(setting, name), **_by(setting),
        )
        for name in names
    }  # fmt: skip


def _service(setting: Setting, project: str, name: str, *, minutes: int) -> Service:
    owner = setting.people["Maya Brandt"].individual
    service = oncall.save_service(
        Service(
            project=setting.projects[project], name=name, owner=owner, escalation_minutes=minutes,
            description=_("Around the clock: whoever has day somewhere has it."),
        ),
        **_by(setting),
    )  # fmt: skip
    steps = [setting.people["Jonas Keller"].individual, setting.people["Daniel Ortiz"].individual]
    return oncall.set_escalation(service=service, steps=steps, **_by(setting))


def _rotation(setting: Setting, service: Service, team: str) -> None:
    """A weekly turn of everybody for nights and weekends, and above it the hours of each place on weekdays."""
    begins = setting.now.date() - timedelta(days=setting.now.weekday() + 7)
    base: dict[str, Any] = {"service": service, "cadence": "weekly", "handover_at": time(8), "starts_on": begins}
    everybody = RotationLayer(name=_("Nights and weekends"), order=1, time_zone="UTC", **base)
    oncall.save_layer(everybody, members=_crew(setting, team), **_by(setting))
    for order, (zone, (opens, closes)) in enumerate(HOURS.items(), 2):
        crew = _crew(setting, team, zone)
        if crew:
            layer = RotationLayer(name=zone.split("/")[1].replace("_", " "), order=order, time_zone=zone, **base)
            windows = [Window(weekday=day, starts_at=opens, ends_at=closes) for day in range(5)]
            oncall.save_layer(layer, members=crew, restrictions=windows, **_by(setting))


def _rules(setting: Setting, name: str, service: Service, teams: dict[str, Team]) -> None:
    project = setting.projects[name]
    critical = {"all": [{"field": "severity", "op": "in", "value": ["Critical"]}]}
    _save(setting, RolePolicy(project=project, name="Whoever is on call commands", role=Role.Name.COMMANDER,
                              service=service))  # fmt: skip
    _save(setting, RolePolicy(project=project, name="The next one writes when it is critical", role=Role.Name.SCRIBE,
                              service=service, next_on_call=True, filter=critical))  # fmt: skip
    _save(setting, EngagementRule(project=project, name="Counsel hears of the worst", team=teams[LEGAL],
                                  filter=critical))  # fmt: skip
    if (name, "asset", "Customer data") in setting.tags:
        about = {"all": [{"field": "tags", "op": "any", "value": ["Customer data"]}]}
        _save(setting, EngagementRule(project=project, name="Privacy is at the table", filter=about,
                                      individual=setting.people["Ken Sato"].individual))  # fmt: skip


def _save(setting: Setting, rule: Any) -> None:
    policies.save_rule(rule, **_by(setting))


def _ways(setting: Setting) -> None:
    """Some have a second address for when the first one fails."""
    for person in setting.responders(RESPONSE):
        address = person.character.email.replace("@example.com", "@phone.example.com")
        save_contact_method(individual=person.individual, kind="email", address=address, **_by(setting))
