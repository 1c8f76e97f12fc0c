"""Granting and revoking what people may do."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core import access
from core.access import PROJECT_RIGHTS, Right
from core.actor import Actor, acting
from core.errors import FlowError, Forbidden, Invalid, Stale
from core.models.organizations import Membership, MembershipRole, Organization, Project
from core.models.users import User
from core.signals import MembershipEnded, membership_ended


class LastOwner(FlowError):
    """An organization keeps at least one owner."""

    code = "last_owner"


@transaction.atomic
def grant(
    *,
    user: User,
    role: str,
    actor: Actor,
    now: datetime,
    project: Project | None = None,
    organization: Organization | None = None,
    version: int | None = None,
) -> Membership:
    """Give a user a role in a project, or make them owner of the organization. A second grant changes the role.

    :raises Forbidden: nobody gives more than they have; owners are made by owners.
    :raises Invalid: for a role that does not fit (owner of a project, member of an organization).
    """
    check_fit(role, project, organization)
    if project is not None:
        access.require(actor, Right.ADMINISTER, project)
        organization = project.organization
    else:
        access.require(actor, Right.OWN, organization)
    membership = Membership.objects.select_for_update(of=("self",)).filter(
        user=user, organization=organization, project=project
    ).first()  # fmt: skip
    if membership is None:
        membership = Membership(user=user, organization=organization, project=project)
    elif version is not None and membership.version != version:
        raise Stale(_("Somebody else changed this membership meanwhile. Look at it again."))
    else:
        membership.version += 1
    membership.role = role
    with acting(actor):
        membership.save()
    refresh_console_access(user)
    return membership


@transaction.atomic
def revoke(*, membership: Membership, actor: Actor, now: datetime) -> None:
    """Take a membership away.

    :raises LastOwner: when nobody else owns the organization. :raises FlowError: while an app needs the person there.
    """
    target: Any = membership.project or membership.organization
    access.require(actor, Right.ADMINISTER if membership.project_id else Right.OWN, target)
    if membership.role == MembershipRole.OWNER:
        keep_an_owner(membership.organization, without=membership.user)
    with acting(actor):
        membership.delete()
    refresh_console_access(membership.user)
    others = Membership.objects.filter(user=membership.user, organization=membership.organization_id)
    payload = MembershipEnded(
        user_id=membership.user_id, organization_id=membership.organization_id,
        by_user_id=actor.user.pk if actor.user else None, left_organization=not others.exists(), now=now,
    )  # fmt: skip
    membership_ended.send(sender=Membership, payload=payload)


def keep_an_owner(organization: Organization, *, without: User) -> None:
    """Refuse what would leave the organization without an active owner.

    :raises LastOwner:
    """
    Organization.objects.select_for_update().get(pk=organization.pk)
    others = Membership.objects.filter(
        organization=organization, role=MembershipRole.OWNER, user__is_active=True, user__is_service=False
    )
    if not others.exclude(user=without).exists():
        raise LastOwner(_("%(name)s is the last owner; make somebody else owner first.") % {"name": without})


def refresh_console_access(user: User) -> None:
    """Set `is_staff` from the memberships: responders and above use the console."""
    roles = Membership.objects.filter(user=user).values_list("role", flat=True)
    may = any(Right.EDIT in PROJECT_RIGHTS[role] for role in roles) and not user.is_service
    User.objects.filter(pk=user.pk).exclude(is_staff=may).update(is_staff=may)
    user.is_staff = may


def check_fit(role: str, project: Project | None, organization: Organization | None) -> None:
    """Refuse a role that does not fit where it is given.

    :raises Invalid: for a role that does not fit. :raises Forbidden: when neither place is named.
    """
    if role not in MembershipRole.values:
        raise Invalid(_("A role is one of %(roles)s.") % {"roles": ", ".join(MembershipRole.values)}, field="role")
    if role != MembershipRole.OWNER and project is None:
        raise Invalid(_("Choose a project; only owners belong to the whole organization."), field="project")
    if role == MembershipRole.OWNER and project is not None:
        raise Invalid(_("Owners belong to the whole organization: leave the project empty."), field="role")
    if project is None and organization is None:
        raise Forbidden(_("Choose the organization that they are to own."), field="organization")
