"""Who and what is there before the first incident: made by the product's own flows, once a database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.actor import Actor, Face
from core.flows import memberships, organizations
from core.flows.users import set_password
from core.models import MembershipRole, Organization, Project, User
from incidents.models import Priority, Severity, Type
from knowledge.models import Tag, TagType
from people.flows import find_individual
from people.flows.individuals import of_user
from people.models import Individual

PEOPLE = 200
TAGS = 40
TYPES = ("Malware", "Phishing", "Data loss", "Outage", "Denial of service")
PASSWORD = "bench: correct horse battery"  # noqa: S105 (of a database that is made for this and dropped)
ADMIN, MEMBER = "admin@bench.example", "member@bench.example"
NAME = "Bench"
FIRST = ("Ada", "Ben", "Chi", "Dora", "Emil", "Femi", "Gita", "Hugo", "Ines", "Jun")
LAST = ("Abel", "Brandt", "Costa", "Diaz", "Evans", "Fischer", "Green", "Haddad", "Ito", "Jansen")


@dataclass(frozen=True, kw_only=True)
class World:
    """The project, who works in it and its words.

    :ivar member: sees open incidents, and of the restricted ones those in which they take part.
    """

    project: Project
    admin: User
    member: User
    people: list[Individual]
    member_individual: Individual
    tags: list[Tag]
    types: list[Type]
    severities: list[Severity]
    priorities: list[Priority]


def world(now: datetime) -> World:
    """The world of this database, made when it is missing."""
    if not Organization.objects.filter(name=NAME).exists():
        _make(now)
    project = Project.objects.get(name=NAME)
    people = Individual.objects.filter(organization=project.organization, user=None).order_by("pk")
    member = User.objects.get(email=MEMBER)

    def words(model: Any) -> list[Any]:
        return list(model.objects.filter(project=project).order_by("pk"))

    return World(
        project=project, admin=User.objects.get(email=ADMIN), member=member, people=list(people),
        member_individual=Individual.objects.get(user=member), tags=words(Tag), types=words(Type),
        severities=words(Severity), priorities=words(Priority),
    )  # fmt: skip


def _make(now: datetime) -> None:
    actor = Actor.system(Face.COMMAND)
    organization = organizations.create_organization(name=NAME, actor=actor, now=now)
    project = organizations.create_project(organization=organization, name=NAME, actor=actor, now=now)
    for order, name in enumerate(TYPES, 2):
        Type.objects.create(project=project, name=name, order=order)
    kind = TagType.objects.create(project=project, name="System")
    for number in range(TAGS):
        Tag.objects.create(project=project, tag_type=kind, name=f"system-{number:02}")
    for number in range(PEOPLE):
        name = f"{FIRST[number % len(FIRST)]} {LAST[number // len(FIRST) % len(LAST)]}"
        email = f"person{number}@bench.example"
        find_individual(organization=organization, email=email, name=name, now=now)
    _account(ADMIN, MembershipRole.ADMIN, project, actor, now)
    # The least that opens the console; the rule about what they see is the member's.
    _account(MEMBER, MembershipRole.RESPONDER, project, actor, now)


def _account(email: str, role: str, project: Project, actor: Actor, now: datetime) -> None:
    user = User.objects.create_user(email, name=email.split("@")[0].title(), email_verified_at=now)
    set_password(user=user, password=PASSWORD, actor=actor, now=now)
    memberships.grant(user=user, project=project, role=role, actor=actor, now=now)
    of_user(user, project.organization, now)
