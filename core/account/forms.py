"""The forms of one's own account, and of those who cannot sign in."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import mails
from core.console.forms import DialogForm
from core.errors import FlowError
from core.flows import passwords
from core.known_browsers import known_as
from core.validators import time_zones
from core.whence import whence_of


class ProfileForm(DialogForm):
    """Name, time zone, and which mails are wanted."""

    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    mails = forms.MultipleChoiceField(label=_("Mail me"), required=False, widget=forms.CheckboxSelectMultiple)

    def prepare(self) -> None:
        """Today's values."""
        user = self.target
        zones = [("", gettext("The browser's own")), *((zone, zone) for zone in sorted(time_zones()))]
        offered = mails.choices_offered()
        self.fields["time_zone"].choices = zones  # type: ignore[attr-defined]
        self.fields["mails"].choices = offered  # type: ignore[attr-defined]
        self.initial.update(
            name=user.name, time_zone=user.time_zone,
            mails=[value for value, _label in offered if value not in user.unwanted_mails],
        )  # fmt: skip

    def unwanted(self) -> list[str]:
        """What was switched off; choices that were not offered stay as they were."""
        offered = {value for value, _label in mails.choices_offered()}
        kept = set(self.target.unwanted_mails) - offered
        return sorted(kept | (offered - set(self.cleaned_data["mails"])))


class ForgottenForm(DialogForm):
    """Whose password is forgotten."""

    email = forms.EmailField(
        label=_("Your e-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )


class NewPasswordForm(DialogForm):
    """A new password, typed once: the browser shows or keeps it."""

    password = forms.CharField(
        label=_("New password"), strip=False, max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
    )  # fmt: skip
    again = forms.CharField(
        label=_("The same again"), strip=False, max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip

    def rules(self) -> list[Any]:
        """What a password must be, in sentences."""
        return list(password_validators_help_texts())

    def clean_again(self) -> str:
        """Both are the same."""
        again: str = self.cleaned_data["again"]
        if self.cleaned_data.get("password") not in (None, again):
            raise ValidationError(gettext("The two are not the same. Type the second one again."))
        return again


class ChangePasswordForm(NewPasswordForm):
    """The old password and the new one."""

    old = forms.CharField(
        label=_("Password now"), strip=False, max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )  # fmt: skip
    field_order = ["old", "password", "again"]

    def prepare(self) -> None:
        """The old one is typed first."""
        self.fields["password"].widget.attrs.pop("autofocus", None)

    def clean_old(self) -> str:
        """It is asked for like at a log-in, and counted like there."""
        old: str = self.cleaned_data["old"]
        try:
            right = passwords.check_old(
                user=self.target,
                password=old,
                whence=whence_of(self.request),
                now=timezone.now(),
                known_as=known_as(self.request),
            )
        except FlowError as refusal:
            raise ValidationError(refusal.message, code=refusal.code) from refusal
        if not right:
            raise ValidationError(gettext("This is not your password."))
        return old
