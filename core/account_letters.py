"""What the mails about accounts say. They are put together when they are sent: their links are stored nowhere."""

from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.flows import passwords
from core.models.accounts import AccountEvent
from core.models.users import User

_HEADINGS: Final = {
    passwords.RESET: gettext_lazy("Choose a new password for Dispatch"),
    passwords.INVITATION: gettext_lazy("You are invited to Dispatch"),
    passwords.FIRST: gettext_lazy("Your account for Dispatch is ready"),
    passwords.CHANGED: gettext_lazy("Your password for Dispatch was set"),
}


@dataclass(frozen=True, kw_only=True)
class AccountLetter:
    """A mail about an account."""

    user: User
    heading: str
    text: str
    html: str


def letter_of(arguments: dict[str, Any]) -> AccountLetter | str:
    """The letter that an operation's arguments ask for, or why there is none."""
    kind = str(arguments["kind"])
    user = _user(arguments)
    if user is None or not user.is_active or user.is_service:
        return _("there is no such account that could sign in")
    if kind == passwords.INVITATION and not passwords.may_be_invited(user):
        return _("they have a password meanwhile")
    context = {
        "person": " ".join(user.get_full_name().split()),
        "email": user.email,
        "address": settings.BASE_URL,
        "asked_from": _asked_from(arguments),
        "link": _link(user, kind),
    }
    path = f"account/mail/{kind}"
    return AccountLetter(
        user=user,
        heading=str(_HEADINGS[kind]),
        text=render_to_string(f"{path}.txt", context),
        html=render_to_string(f"{path}.html", context),
    )


def _user(arguments: dict[str, Any]) -> User | None:
    return User.objects.filter(pk=arguments["user"]).first() if arguments["user"] else None


def _asked_from(arguments: dict[str, Any]) -> str:
    event = AccountEvent.objects.filter(pk=arguments["event"]).first()
    return event.address if event else ""


def _link(user: User, kind: str) -> str:
    if kind not in passwords.VALID_SECONDS:
        return settings.BASE_URL + reverse("admin_password_reset")
    return settings.BASE_URL + reverse("password_by_link", args=[passwords.link_for(user, kind)])
