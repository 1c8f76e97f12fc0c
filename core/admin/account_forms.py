"""The forms of what is done with accounts in the console."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import access
from core.access import Right
from core.console.ages import exact
from core.console.forms import DialogForm
from core.flows import signing_in
from core.models import MembershipRole, Project


class InviteForm(DialogForm):
    """A new account with a place in a project."""

    email = forms.EmailField(label=_("E-mail"))
    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    is_service = forms.BooleanField(
        label=_("Service account"), required=False, help_text=_("Signs in with tokens only.")
    )
    project = forms.ModelChoiceField(label=_("Project"), queryset=Project.objects.none())
    role = forms.ChoiceField(
        label=_("Role"), choices=[choice for choice in MembershipRole.choices if choice[0] != "owner"]
    )

    def prepare(self) -> None:
        """Projects that the reader administers."""
        self.fields["project"].queryset = administered(self.request)  # type: ignore[attr-defined]

    def effects(self) -> list[str]:
        """What will happen."""
        return [gettext("They get a mail with a link to choose a password; a service account gets none.")]


class PasswordForm(DialogForm):
    """A new password for an account."""

    password = forms.CharField(
        label=_("New password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def effects(self) -> list[str]:
        """What it means."""
        return [gettext("Tell it the person in a safe way; they change it under “Change password”.")]


class InvitationForm(DialogForm):
    """The mail to somebody who has no password yet."""

    def effects(self) -> list[str]:
        """What will happen."""
        words = {"email": self.target.email}
        return [gettext("%(email)s gets a mail with a link to choose a password. It works for seven days.") % words]


class UnlockForm(DialogForm):
    """Ending the waiting after failed log-ins."""

    def effects(self) -> list[str]:
        """What it means."""
        until = signing_in.locked_until(self.target, timezone.now())
        said = gettext("After failed log-ins the account waits until %(until)s. Ask the person whether it was them.")
        return [said % {"until": exact(until)}] if until else []


class SignOutForm(DialogForm):
    """Ending somebody's sessions."""

    def effects(self) -> list[str]:
        """What it means."""
        return [gettext("Every browser of %(name)s has to sign in again. API tokens go on.") % {"name": self.target}]


class DeactivateForm(DialogForm):
    """Ending an account."""

    def effects(self) -> list[str]:
        """What it means."""
        return [
            gettext("Signs %(name)s out everywhere.") % {"name": self.target},
            gettext("Revokes their API tokens for good."),
            gettext("Their part in incidents and their history stay."),
        ]


def administered(request: HttpRequest) -> Any:
    """The projects whose members the reader may change."""
    return Project.objects.filter(pk__in=access.projects_where(request.user, Right.ADMINISTER)).order_by("name")
