"""Paging somebody from a subject's page."""

import uuid
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.console.dialogs import dialog
from core.console.forms import DialogForm
from people.dialogs.participants import PersonField
from people.flows import find_individual, pages
from people.models import Service
from people.oncall.asking import on_call


class PageForm(DialogForm):
    """Whom to wake: a service, or somebody by name."""

    # Sent twice, it pages once.
    key = forms.CharField(widget=forms.HiddenInput, max_length=36)
    service = forms.ModelChoiceField(
        label=_("Whoever is on call for"), queryset=Service.objects.none(), required=False, empty_label=_("Nobody")
    )
    individual = PersonField(
        label=_("Or somebody by name"), required=False,
        help_text=_("Name or address; known people are suggested."),
    )  # fmt: skip
    message = forms.CharField(
        label=_("What is needed"), required=False, max_length=pages.LONGEST_MESSAGE,
        widget=forms.Textarea(attrs={"rows": 2}), help_text=_("Goes out with the page."),
    )  # fmt: skip

    def prepare(self) -> None:
        """Offer the project's services, each with who is on call now."""
        rows = Service.objects.filter(project=self.target.project).active().order_by("name")
        field: Any = self.fields["service"]
        field.queryset = rows
        now = timezone.now()
        field.label_from_instance = lambda service: _told(service, now)
        self.initial["key"] = str(uuid.uuid4())

    def effects(self) -> list[str]:
        """What will happen outside."""
        told = [
            gettext("They are called at once, whatever the hour, until somebody acknowledges."),
            gettext("Without an answer the next on call is called, then the escalation list, then the owner."),
        ]
        if self.target.is_restricted:
            told.append(gettext("Whoever acknowledges takes part, and sees this restricted page."))
        return told


def _told(service: Service, now: Any) -> str:
    people = ", ".join(str(person) for person in on_call(service, now))
    return f"{service} ({people or gettext('nobody is on call')})"


class PagingDialogs:
    """Dialogs for a `SubjectAdmin`."""

    @dialog(
        title=_("Page somebody"), form=PageForm, submit=_("Page now"), key="p",
        offered=lambda _request, subject: subject.is_open,
    )  # fmt: skip
    def page_somebody(self, request: Any, subject: Any, form: PageForm) -> None:
        """Call until somebody answers."""
        given, now, person = form.cleaned_data, timezone.now(), None
        if given["individual"]:
            person = find_individual(organization=subject.project.organization, email=given["individual"], now=now)
        pages.page(
            subject=subject, fact=f"asked:{given['key']}", service=given["service"], individual=person,
            message=given["message"], actor=request.actor, now=now,
        )  # fmt: skip
