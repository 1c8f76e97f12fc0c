"""Offering a role, or a whole shift, from a subject's page."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.console.dialogs import dialog
from core.console.forms import DialogForm, LetterField
from people.dialogs.participants import PersonField, holders_of
from people.flows import find_individual, handovers
from people.flows.individuals import who_is
from people.flows.summaries import summary_of
from people.models import Individual, Role

OFFERABLE = tuple(role for role in Role.EXCLUSIVE if role != Role.Name.REPORTER)


class TakerForm(DialogForm):
    """To whom."""

    to = PersonField(label=_("To"), help_text=_("Name or address; known people are suggested."))

    def taker(self) -> Individual:
        """The person of the address, made on first sight."""
        organization = self.target.project.organization
        return find_individual(organization=organization, email=self.cleaned_data["to"], now=timezone.now())


class OfferForm(TakerForm):
    """Which role to whom, and what they must know."""

    role = forms.ChoiceField(label=_("Role"))
    summary = LetterField(
        label=_("What they must know"), required=False, max_length=handovers.LONGEST_SUMMARY,
        widget=forms.Textarea(attrs={"rows": 10}), help_text=_("Made by rule; write in it what the rule cannot know."),
    )  # fmt: skip
    field_order = ["role", "to", "summary"]

    def prepare(self) -> None:
        """The held roles, and the summary made by rule."""
        holders = holders_of(self.target)
        held = [role for role in OFFERABLE if role in holders]
        self.fields["role"].choices = [(role, f"{role.label} ({holders[role]})") for role in held]  # type: ignore[attr-defined]
        self.initial["summary"] = summary_of(self.target, timezone.now())

    def effects(self) -> list[str]:
        """What will happen."""
        return [gettext("They get a mail with a link. Until they accept, the present holder stays responsible.")]


class ShiftForm(TakerForm):
    """One's whole shift: every role one holds in open incidents."""

    def prepare(self) -> None:
        """Count what goes."""
        organization = self.target.project.organization
        self.giver = who_is(self.request.user, organization)
        self.held = handovers.roles_of(self.giver, organization) if self.giver.pk else []

    def effects(self) -> list[str]:
        """What will be offered."""
        told = [f"{role.subject.name}: {role.get_role_display()}" for role in self.held]
        return [*told, gettext("Each comes with a summary made by rule, and is accepted one by one.")]


def holds_something(request: Any, subject: Any) -> bool:
    """Whether the reader holds a role here that can be offered."""
    held = Role.objects.of(subject).filter(renounced_at=None, role__in=OFFERABLE)
    return bool(held.filter(participant__individual__user=request.user).exists())


class HandOverDialogs:
    """Dialogs for a `SubjectAdmin`."""

    @dialog(
        title=_("Hand a role over"), form=OfferForm, submit=_("Offer"), label=_("Hand over"), key="h",
        offered=lambda _request, subject: subject.is_open,
    )  # fmt: skip
    def offer_role(self, request: Any, subject: Any, form: OfferForm) -> None:
        """Offer it; the receiver accepts."""
        handovers.offer(
            subject=subject, role=form.cleaned_data["role"], to=form.taker(), summary=form.cleaned_data["summary"],
            actor=request.actor, now=timezone.now(),
        )  # fmt: skip

    @dialog(
        title=_("Hand your whole shift over"), form=ShiftForm, submit=_("Offer all"), right=Right.SEE,
        offered=lambda request, subject: subject.is_open and holds_something(request, subject),
    )  # fmt: skip
    def offer_shift(self, request: Any, subject: Any, form: ShiftForm) -> None:
        """Offer every role one holds."""
        handovers.offer_shift(
            organization=subject.project.organization, giver=form.giver, to=form.taker(), actor=request.actor,
            now=timezone.now(),
        )  # fmt: skip
