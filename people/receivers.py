"""What the directory does when accounts and memberships end: nobody goes while something depends on them."""

from typing import Any

from django.dispatch import receiver

from core.actor import Actor
from core.models import User
from core.signals import AccountEnded, MembershipEnded, account_ended, membership_ended
from people.flows.leaving import deactivate, refuse_while_needed
from people.models import Individual


@receiver(account_ended)
def let_the_person_go(payload: AccountEnded, **_: Any) -> None:
    """Deactivate whoever the account belongs to; with open duties the whole is refused."""
    by = User.objects.filter(pk=payload.by_user_id).first() if payload.by_user_id else None
    # The account's flow has asked the rights, in every organization of the account.
    actor = Actor(user=by, face=payload.face, trusted=True)
    for person in Individual.objects.active().filter(user=payload.user_id).order_by("pk"):
        deactivate(individual=person, actor=actor, now=payload.now)


@receiver(membership_ended)
def keep_who_is_needed(payload: MembershipEnded, **_: Any) -> None:
    """Refuse to take the last membership of somebody who still has duties in the organization."""
    if not payload.left_organization:
        return
    leaving = Individual.objects.active().filter(user=payload.user_id, organization=payload.organization_id)
    for person in leaving:
        refuse_while_needed(person, actor=Actor.system(), now=payload.now)
