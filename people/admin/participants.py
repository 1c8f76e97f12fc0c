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
from people.dialogs.participants import GoingForm
from people.flows import remove_participant, renounce_role
from people.models import Participant


class RemoveForm(GoingForm):
    """Removing names what is in the way, and offers to hand it over at once."""

    @property
    def part(self) -> Participant:
        """Whose."""
        found: Participant = self.target
        return found

    def effects(self) -> list[str]:
        """What will happen."""
        told = super().effects()
        told.append(gettext("Their roles end; that they took part stays in the history."))
        if self.part.subject.project.past_participants_may_read:
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
        form.hand_over(request.actor)
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
