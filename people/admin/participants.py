"""What is done with one participant of a subject; shown on the subject's page."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.console.dialogs import dialog
from core.console.forms import DialogForm
from core.console.subjects import DialogsOnly
from people.console import PersonInput
from people.flows import assign_role, find_individual, remove_participant, renounce_role
from people.flows.participants import blockers
from people.models import Participant


class RemoveForm(DialogForm):
    """Removing names what is in the way, and offers to hand it over at once."""

    successor = forms.EmailField(
        label=_("Hand the lead over to"),
        widget=PersonInput,
        required=False,
        help_text=_("Needed before this person can go."),
    )

    def prepare(self) -> None:
        """Ask for a successor only where one is needed."""
        self.in_the_way = blockers(self.target.subject, self.target)
        if not self.in_the_way:
            del self.fields["successor"]

    def effects(self) -> list[str]:
        """What will happen."""
        subject = self.target.subject
        told = [f"{blocker}." for blocker in self.in_the_way]
        told.append(gettext("Their roles end; that they took part stays in the history."))
        if subject.project.past_participants_may_read:
            told.append(gettext("They keep reading this page, as the project allows."))
        return told


class RenounceForm(DialogForm):
    """Which role ends."""

    role = forms.ChoiceField(label=_("Role"))

    def prepare(self) -> None:
        """The roles the person holds."""
        held = self.target.roles.filter(renounced_at=None).order_by("assumed_at")
        self.fields["role"].choices = [(role.role, role.get_role_display()) for role in held]  # type: ignore[attr-defined]


def _takes_part(_request: HttpRequest, participant: Participant) -> bool:
    return participant.left_at is None


@admin.register(Participant)
class ParticipantAdmin(DialogsOnly):
    """One person's part."""

    panel = "people"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Participant]:
        """Participants of subjects the reader sees."""
        rows = super().get_queryset(request)
        return rows.select_related("individual", "incident__project", "case__project")

    @dialog(
        title=lambda participant: gettext("Remove %(who)s?") % {"who": participant}, submit=_("Remove"),
        label=_("Remove"), form=RemoveForm, right=Right.EDIT, danger=True, offered=_takes_part,
    )  # fmt: skip
    def remove(self, request: Any, participant: Participant, form: RemoveForm) -> None:
        """Hand over what is in the way, then remove."""
        subject, now = participant.subject, timezone.now()
        successor = form.cleaned_data.get("successor")
        if successor:
            person = find_individual(organization=subject.project.organization, email=successor, now=now)
            assign_role(subject=subject, individual=person, role=subject.lead_role, actor=request.actor, now=now)
        remove_participant(subject=subject, individual=participant.individual, actor=request.actor, now=now)

    @dialog(
        title=lambda participant: gettext("End a role of %(who)s") % {"who": participant}, submit=_("End it"),
        label=_("End a role"), form=RenounceForm, right=Right.EDIT, offered=_takes_part,
    )  # fmt: skip
    def renounce(self, request: Any, participant: Participant, form: RenounceForm) -> None:
        """End the role."""
        renounce_role(
            subject=participant.subject, individual=participant.individual, role=form.cleaned_data["role"],
            actor=request.actor, now=timezone.now(),
        )  # fmt: skip
