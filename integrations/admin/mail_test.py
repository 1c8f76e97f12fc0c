"""Sending a mail to oneself, from the list of integrations and from the set-up page."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import access
from core.access import Right
from core.console.dialogs import dialog
from core.console.forms import DialogForm
from core.models import Project
from integrations.flows.mail_test import send_test_mail


class MailTestForm(DialogForm):
    """By which project's mail."""

    project = forms.ModelChoiceField(label=_("Project"), queryset=Project.objects.none(), empty_label=None)

    def prepare(self) -> None:
        """Offer the projects whose settings the reader keeps."""
        reach = access.projects_where(self.request.user, Right.ADMINISTER)
        rows = Project.objects.filter(pk__in=reach, enabled=True).order_by("name", "pk")
        self.fields["project"].queryset = rows  # type: ignore[attr-defined]
        asked = str(self.request.GET.get("project") or "")
        self.initial["project"] = asked if asked.isdecimal() and len(asked) < 18 else None

    def effects(self) -> list[str]:
        """What will happen."""
        return [gettext("A mail goes to %(address)s.") % {"address": self.request.user.email}]


class MailTestDialog:
    """A dialog for the list of plugin instances."""

    @dialog(
        title=_("Send a mail to yourself"), form=MailTestForm, submit=_("Send"), right=Right.ADMINISTER, on_list=True
    )
    def mail_test(self: Any, request: Any, form: MailTestForm) -> None:
        """Plan it."""
        send_test_mail(project=form.cleaned_data["project"], actor=request.actor, now=timezone.now())
        self.message_user(request, gettext("The mail is on its way; the list of mails shows when it left."))
