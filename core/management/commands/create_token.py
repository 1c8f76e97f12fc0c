"""Make an API token."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from core.actor import Actor, Face
from core.emails import normalise
from core.flows import tokens
from core.management.refusing import FlowCommand
from core.models import User

MOST_DAYS = 36_500


class Command(FlowCommand):
    """Prints nothing but the secret, so that a script can take it."""

    help = "Makes an API token and prints its secret, which is shown once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument(
            "--scopes", default="read,write", help="read,write or per area: incidents:write,people:read"
        )
        parser.add_argument("--name", default="Command line")
        parser.add_argument("--days", type=int, help="expires after so many days; without it never")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        days, now = options["days"], timezone.now()
        if days is not None and not 1 <= days <= MOST_DAYS:
            raise CommandError(f"--days is a number of days from 1 to {MOST_DAYS}.")
        _token, secret = tokens.issue(
            user=_account(options["email"]),
            name=options["name"],
            scopes=[scope.strip() for scope in options["scopes"].split(",") if scope.strip()],
            actor=Actor.system(Face.COMMAND),
            now=now,
            expires_at=None if days is None else now + timedelta(days=days),
        )
        self.stdout.write(secret)


def _account(email: str) -> User:
    try:
        return User.objects.get(email=normalise(email))
    except ValueError as error:
        raise CommandError(str(error)) from None
    except User.DoesNotExist:
        raise CommandError(f"Nobody has the address {email}; make the account with create_user.") from None
