"""What tests are made of. Everything goes through the product's own flows."""

import itertools
from datetime import timedelta
from typing import Any

from django.utils import timezone

from core.actor import Actor, Face
from core.flows import memberships, organizations
from core.models import MembershipRole, Organization, Project, User
from incidents import flows as incidents
from incidents.models import Incident
from people.flows import find_individual
from people.flows.individuals import of_user
from people.models import Individual, Service, Shift

_numbers = itertools.count(1)


def system() -> Actor:
    """Dispatch itself."""
    return Actor.system()


def actor_for(user: User, face: str = Face.CONSOLE) -> Actor:
    """The user acting through a face."""
    return Actor(user=user, face=face, request_id="test")


def make_organization(name: str = "") -> Organization:
    return organizations.create_organization(
        name=name or f"Organization {next(_numbers)}", actor=system(), now=timezone.now()
    )


def make_project(organization: Organization | None = None, name: str = "", **settings: Any) -> Project:
    """A project with its seeded types, severities and priorities."""
    return organizations.create_project(
        organization=organization or make_organization(), name=name or f"Project {next(_numbers)}", actor=system(),
        now=timezone.now(), **settings,
    )  # fmt: skip


def make_user(email: str = "", name: str = "", **fields: Any) -> User:
    number = next(_numbers)
    return User.objects.create_user(
        email or f"user{number}@example.com", "correct horse battery", name=name or f"User {number}",
        email_verified_at=timezone.now(), **fields,
    )  # fmt: skip


def make_member(project: Project, role: str = MembershipRole.MEMBER, **fields: Any) -> User:
    """A user with a role in the project; `owner` owns its organization."""
    user = make_user(**fields)
    scope: dict[str, Any] = {"organization": project.organization} if role == "owner" else {"project": project}
    memberships.grant(user=user, role=role, actor=system(), now=timezone.now(), **scope)
    return user


def make_individual(project: Project, email: str = "", name: str = "") -> Individual:
    email = email or f"person{next(_numbers)}@example.com"
    return find_individual(organization=project.organization, email=email, name=name, now=timezone.now())


def individual_of(user: User, project: Project) -> Individual:
    return of_user(user, project.organization, timezone.now())


def declare(project: Project, by: User | None = None, **fields: Any) -> Incident:
    """An incident; `by` is the reporting user."""
    values = {"title": f"Something happened {next(_numbers)}", "commander": "commander@example.com", **fields}
    actor = actor_for(by) if by else system()
    return incidents.declare(project=project, actor=actor, now=timezone.now(), **values)


def make_service(project: Project, *on_call: Individual, name: str = "", **fields: Any) -> Service:
    """A service for which the people are on call one after the other, a day each from an hour ago."""
    service = Service.objects.create(project=project, name=name or f"Service {next(_numbers)}", **fields)
    since = timezone.now() - timedelta(hours=1)
    for place, person in enumerate(on_call):
        begins = since + timedelta(days=place)
        Shift.objects.create(
            service=service, individual=person, starts_at=begins, ends_at=begins + timedelta(days=1),
            source=Shift.Source.ROTATION,
        )  # fmt: skip
    return service
