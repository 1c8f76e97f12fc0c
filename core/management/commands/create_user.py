"""Make an account."""

import sys
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone

from core.actor import Actor, Face
from core.flows import memberships, users
from core.management.refusing import FlowCommand
from core.models import MembershipRole, Organization, Project, User


class Command(FlowCommand):
    """All or nothing. Without a password the account cannot sign in to the console, and can hold tokens."""

    help = "Makes an account, and gives it a role in a project or the ownership of the organization."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--name", default="")
        parser.add_argument("--owner", action="store_true", help="owner of the organization")
        parser.add_argument("--organization", help="its name, where there are several")
        parser.add_argument("--role", choices=[role for role in MembershipRole.values if role != MembershipRole.OWNER])
        parser.add_argument("--project", help="the project of the role, by name")
        parser.add_argument("--service", action="store_true", help="a service account, that signs in with tokens only")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        if bool(options["role"]) != bool(options["project"]):
            raise CommandError("Give --role and --project together.")
        if options["service"] and options["password_stdin"]:
            raise CommandError("A service account has no password; make a token for it with create_token.")
        actor, now = Actor.system(Face.COMMAND), timezone.now()
        user = users.invite(
            email=options["email"], name=options["name"], is_service=options["service"], actor=actor, now=now
        )
        if options["password_stdin"]:
            users.set_password(user=user, password=sys.stdin.readline().rstrip("\r\n"), actor=actor, now=now)
        _give_roles(user, options, actor, now)
        self.stdout.write(f"{user.email} was made.")


def _give_roles(user: User, options: dict[str, Any], actor: Actor, now: datetime) -> None:
    of = options["organization"]
    if options["owner"]:
        organization = _one(Organization, of, **({"name": of} if of else {}))
        memberships.grant(user=user, organization=organization, role=MembershipRole.OWNER, actor=actor, now=now)
    if options["role"]:
        within = {"organization__name": of} if of else {}
        project = _one(Project, options["project"], name=options["project"], **within)
        memberships.grant(user=user, project=project, role=options["role"], actor=actor, now=now)


def _one(model: Any, named: str | None, **meant: str) -> Any:
    found = list(model.objects.filter(**meant).order_by("pk")[:2])
    if len(found) == 1:
        return found[0]
    what = model._meta.verbose_name
    if not found:
        raise CommandError(f"There is no {what} “{named}”." if named else f"There is no {what} yet.")
    raise CommandError(f"There are several; name the organization with --organization ({what}).")
