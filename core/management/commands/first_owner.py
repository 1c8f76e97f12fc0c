"""The first owner of a fresh installation."""

import os
import secrets
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actor import Actor, Face
from core.flows import memberships, organizations, users
from core.management.refusing import FlowCommand
from core.models import Membership, MembershipRole, Organization, User

ADDRESS = "owner@dispatch.example"


class Command(FlowCommand):
    """Prints address and password once; says nothing where an owner exists."""

    help = "Makes an organization, a project and its owner where there is no owner yet."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        if Membership.objects.filter(role=MembershipRole.OWNER).exists():
            return
        owner, password = _make(Actor.system(Face.COMMAND), timezone.now())
        self.stdout.write(f"E-mail:   {owner.email}\nPassword: {password}")
        self.stdout.write("This password is shown once and kept nowhere; change it after signing in.")


def _make(actor: Actor, now: datetime) -> tuple[User, str]:
    """The owner of the organization that is there, or of a new one with a project, and the password."""
    organization = Organization.objects.order_by("pk").first()
    if organization is None:
        organization = organizations.create_organization(name=_("My organization"), actor=actor, now=now)
        organizations.create_project(organization=organization, name=_("Security"), actor=actor, now=now)
    email = os.environ.get("DISPATCH_OWNER_EMAIL", "").strip() or ADDRESS
    owner = users.invite(email=email, name=_("Owner"), actor=actor, now=now)
    memberships.grant(user=owner, organization=organization, role=MembershipRole.OWNER, actor=actor, now=now)
    password = secrets.token_urlsafe(15)
    users.set_password(user=owner, password=password, actor=actor, now=now)
    return owner, password
