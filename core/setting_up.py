"""What the ground needs set up: owners, working time, the address that links lead to."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.checks import is_own_address
from core.console.setting_up import Reach, Step, register
from core.models.organizations import BusinessHours, Membership, MembershipRole


def _change(rows: list[Any]) -> str:
    return reverse("admin:core_project_change", args=[rows[0].pk])


def _one_owner(reach: Reach) -> Iterable[Any]:
    owners = Membership.objects.filter(role=MembershipRole.OWNER, user__is_active=True)
    counts = dict(owners.values_list("organization").annotate(number=Count("user", distinct=True)))
    return [one for one in reach.organizations if counts.get(one.pk, 0) < 2]


def _nobody_else(reach: Reach) -> Iterable[Any]:
    rows = Membership.objects.filter(user__is_active=True).exclude(user=reach.request.user.pk)
    own = set(rows.filter(project__in=[one.pk for one in reach.projects]).values_list("project", flat=True))
    return [one for one in reach.projects if one.pk not in own]


def _no_holidays(reach: Reach) -> Iterable[Any]:
    return [one for one in reach.projects if not one.holiday_country]


register(
    Step(
        key="owner", order=10, right=Right.OWN, title=_("A second owner"), action=_("Add an owner"),
        why=_("If the only one leaves, or forgets the password, nobody can change who may do what."),
        lacking=_one_owner, url=lambda _rows: reverse("admin:core_membership_add"),
    )
)  # fmt: skip
register(
    Step(
        key="members", order=15, right=Right.ADMINISTER, title=_("Somebody besides you"), action=_("Add a member"),
        why=_("Who has no membership sees nothing and reports nothing."),
        lacking=_nobody_else, url=lambda _rows: reverse("admin:core_membership_add"),
    )
)  # fmt: skip
register(
    Step(
        key="hours", order=40, right=Right.ADMINISTER, title=_("Business hours"), action=_("Set the hours"),
        why=_("Without them no day is a working day: tasks and reminders have no time to fall due in."),
        lacking=lambda reach: reach.without(BusinessHours.objects.all()), url=_change,
    )
)  # fmt: skip
register(
    Step(
        key="holidays", order=45, right=Right.ADMINISTER, title=_("Public holidays and time zone"),
        action=_("Choose the country"),
        why=_("Reminders would go out, and tasks fall due, on days when nobody works."),
        lacking=_no_holidays, url=lambda rows: f"{_change(rows)}#id_holiday_country",
    )
)  # fmt: skip
register(
    Step(
        key="address", order=60, right=Right.OWN, title=_("The address of this installation"),
        action=_("How to set it"),
        why=_("Links in mail and documents lead to the server itself; nobody else can open them. Set BASE_URL."),
        lacking=lambda _reach: [_("this installation")] if is_own_address(settings.BASE_URL) else [],
        url=lambda _rows: reverse("admin:set-up-help"),
    )
)  # fmt: skip
