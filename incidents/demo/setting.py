"""Where the stories take place: projects, words, people."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from core.actor import Actor
from core.flows import configuration, memberships, organizations, users
from core.models import Membership, Organization, Project, User
from incidents.demo.cast import CAST, PLACES, Character
from incidents.demo.scripts import SCRIPTS
from incidents.models import Priority, Severity, Type
from knowledge.flows import save_tag, save_tag_type
from knowledge.models import Tag, TagType
from people.flows.individuals import find_individual, of_user, save_individual
from people.models import Individual

COMPANY: Final = "Harbour Trading"
RED: Final = "#e53935"


@dataclass(kw_only=True)
class Person:
    """A character as they are stored. Those without an account act through Dispatch itself."""

    character: Character
    individual: Individual
    user: User | None


@dataclass(kw_only=True)
class Setting:
    """What the stories are told with, each by its name."""

    organization: Organization
    actor: Actor
    now: datetime
    projects: dict[str, Project] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    types: dict[tuple[str, str], Type] = field(default_factory=dict)
    severities: dict[tuple[str, str], Severity] = field(default_factory=dict)
    priorities: dict[tuple[str, str], Priority] = field(default_factory=dict)
    tags: dict[tuple[str, str, str], Tag] = field(default_factory=dict)

    def responders(self, team: str = "") -> list[Person]:
        """Who works on incidents, of a team where one is named."""
        roles = {"responder", "manager", "admin"}
        return [
            person
            for person in self.people.values()
            if person.character.role in roles and person.character.team == (team or person.character.team)
        ]

    def others(self) -> list[Person]:
        """Who reports and helps."""
        return [person for person in self.people.values() if person.character.role == "member"]


def build(*, organization: Organization, actor: Actor, now: datetime, password: str) -> Setting:
    """Make projects, words and people in an organization that has nothing yet."""
    setting = Setting(organization=organization, actor=actor, now=now)
    _projects(setting)
    for name, project in setting.projects.items():
        _words(setting, name, project)
    for character in CAST:
        setting.people[character.name] = _person(setting, character, password)
    return setting


def _projects(setting: Setting) -> None:
    saved: dict[str, Any] = {"actor": setting.actor, "now": setting.now}
    first = setting.organization.projects.order_by("pk").first()
    if first is None:
        first = organizations.create_project(organization=setting.organization, name="Security", **saved)
    first.report_instructions = "Danger to people first: call 112. Then report here; you can change everything later."
    first.title_hint = "Log-ins from an unknown place on …"
    organizations.save_project(first, **saved)
    second = organizations.create_project(
        organization=setting.organization, name="Payments", name_prefix="PAY", currency="EUR",
        annual_employee_cost=78000, business_year_hours=1720, time_zone="Europe/Berlin", **saved,
    )  # fmt: skip
    setting.projects = {"Security": first, "Payments": second}


def _words(setting: Setting, name: str, project: Project) -> None:
    scripts = [script for script in SCRIPTS if script.project == name]
    for script in scripts:
        if (name, script.type) not in setting.types:
            visibility = "restricted" if script.restricted else "open"
            setting.types[name, script.type] = configuration.save(
                Type(project=project, name=script.type, visibility=visibility), actor=setting.actor, now=setting.now
            )
        for group, word in script.tags:
            if (name, group, word) not in setting.tags:
                setting.tags[name, group, word] = _tag(setting, project, group, word)
    high = Priority.objects.get(project=project, name="High")
    high.page_commander = True
    configuration.save(high, actor=setting.actor, now=setting.now)
    for model, words in ((Severity, setting.severities), (Priority, setting.priorities)):
        rows: Any = model
        words.update({(name, row.name): row for row in rows.objects.filter(project=project)})


def _tag(setting: Setting, project: Project, group: str, word: str) -> Tag:
    kind = TagType.objects.filter(project=project, name=group).first() or save_tag_type(
        TagType(project=project, name=group, exclusive=group == "cause"), actor=setting.actor, now=setting.now
    )
    tag: Tag = save_tag(Tag(project=project, tag_type=kind, name=word), actor=setting.actor, now=setting.now)
    return tag


def _person(setting: Setting, character: Character, password: str) -> Person:
    user = _account(setting, character, password) if character.role else None
    if user is None:
        individual = find_individual(
            organization=setting.organization, email=character.email, name=character.name, now=setting.now
        )
    else:
        individual = of_user(user, setting.organization, setting.now)
    individual.title, individual.team, individual.time_zone = character.title, character.team, character.time_zone
    individual.location = PLACES[character.time_zone]
    individual.company = COMPANY if character.role else "Lantern Forensics"
    individual.is_external = not character.role
    saved = save_individual(individual, actor=setting.actor, now=setting.now)
    return Person(character=character, individual=saved, user=user)


def _account(setting: Setting, character: Character, password: str) -> User:
    saved: dict[str, Any] = {"actor": setting.actor, "now": setting.now}
    user = users.invite(email=character.email, name=character.name, **saved)
    for project in setting.projects.values():
        memberships.grant(user=user, project=project, role=character.role, **saved)
    users.edit_profile(user=user, time_zone=character.time_zone, **saved)
    if character.signs_in:
        users.set_password(user=user, password=password, **saved)
    return user


def owners_of(organization: Organization) -> list[User]:
    """Who owns the organization."""
    rows = Membership.objects.filter(organization=organization, role="owner").select_related("user").order_by("pk")
    return [row.user for row in rows]
