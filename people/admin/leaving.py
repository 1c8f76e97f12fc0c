"""The dialogs of leaving, coming back and merging, on the page of a person."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.console import rights
from core.console.dialogs import dialog
from core.console.forms import DialogForm
from people.admin.known import KnownPersonField
from people.flows.duties import open_duties
from people.flows.leaving import deactivate, reactivate
from people.flows.merging import merge
from people.models import Individual

# Duties that get a field of their own; whoever takes over the rest takes over all of them.
MOST_FIELDS = 30
SHOWN_ENDING = 15


class LeaveForm(DialogForm):
    """Everything the person answers for, with who takes it over."""

    successor = KnownPersonField(
        label=_("Who takes over"), required=False,
        help_text=_("Everything below that names nobody else. Name or address; people are suggested."),
    )  # fmt: skip

    def prepare(self) -> None:
        """One field a duty, named after what it is."""
        self.duties = open_duties(self.target, actor=self.request.actor, now=timezone.now())
        self.names = {f"duty-{n}": duty for n, duty in enumerate(self.duties.to_hand_over[:MOST_FIELDS])}
        for name, duty in self.names.items():
            self.fields[name] = KnownPersonField(label=duty.text, required=False)
        for field in self.fields.values():
            field.organization = self.target.organization  # type: ignore[attr-defined]
        if not self.duties.to_hand_over:
            del self.fields["successor"]

    def choices(self) -> dict[str, Individual]:
        """Who was chosen for single duties, by their keys."""
        given = {duty.key: self.cleaned_data.get(name) for name, duty in self.names.items()}
        return {key: person for key, person in given.items() if person}

    def effects(self) -> list[str]:
        """What will happen besides."""
        ending = [f"{duty.text}." for duty in self.duties.ending]
        more = len(self.duties.to_hand_over) - len(self.names)
        told = [gettext("And %(count)s more duties pass to who takes over.") % {"count": more}] if more > 0 else []
        told += ending[:SHOWN_ENDING]
        if len(ending) > SHOWN_ENDING:
            told.append(gettext("And %(count)s more such places end.") % {"count": len(ending) - SHOWN_ENDING})
        told.append(gettext("They leave every open incident and case, and are not chosen again."))
        if self.target.user_id:
            told.append(gettext("Signs them out everywhere; their API tokens and calendar feeds end for good."))
            if Right.OWN not in rights.on(self.request, self.target.organization):
                told.append(gettext("They have an account: an owner has to do this."))
        told.append(gettext("Timelines keep their name and address."))
        if self.duties.hidden:
            told.append(gettext("They have a part in something that you may not see: an owner has to do this."))
        return told


class ReturnForm(DialogForm):
    """Coming back."""

    def effects(self) -> list[str]:
        """What it means."""
        told = [gettext("They can be chosen again. What was handed over stays with who has it.")]
        if self.target.user_id and not self.target.user.is_active:
            told.append(gettext("They can sign in again; API tokens stay revoked."))
        return told


class MergeForm(DialogForm):
    """Who is the same person."""

    gone = KnownPersonField(
        label=_("Who is the same person"),
        help_text=_("That row goes; this one is kept with its name and address."),
    )  # fmt: skip

    def prepare(self) -> None:
        """Among the people of the organization."""
        self.fields["gone"].organization = self.target.organization  # type: ignore[attr-defined]

    def effects(self) -> list[str]:
        """What will happen."""
        return [
            gettext("Roles, tasks, teams, rotations, policies, pages and everything else go over to %(who)s.")
            % {"who": self.target},
            gettext("What is empty here is filled from the other row; their old address finds %(who)s.")
            % {"who": self.target},
            gettext("It can be undone for 30 days, under People, Merges."),
        ]


class LeavingDialogs:
    """Dialogs of a person."""

    @dialog(
        title=lambda person: gettext("Deactivate %(who)s?") % {"who": person}, label=_("Deactivate…"),
        submit=_("Deactivate"), form=LeaveForm, right=Right.CONFIGURE, danger=True,
        offered=lambda _request, person: person.is_active,
    )  # fmt: skip
    def let_go(self, request: Any, person: Individual, form: LeaveForm) -> None:
        """Hand everything over and end the account."""
        deactivate(
            individual=person, successor=form.cleaned_data.get("successor"), choices=form.choices(),
            actor=request.actor, now=timezone.now(),
        )  # fmt: skip

    @dialog(
        title=lambda person: gettext("Reactivate %(who)s?") % {"who": person}, label=_("Reactivate"), form=ReturnForm,
        submit=_("Reactivate"), right=Right.CONFIGURE,
        offered=lambda _request, person: not person.is_active and not person.merged_into_id,
    )  # fmt: skip
    def let_return(self, request: Any, person: Individual, form: DialogForm) -> None:  # noqa: ARG002
        """Let them be chosen again."""
        reactivate(individual=person, actor=request.actor, now=timezone.now())

    @dialog(
        title=lambda person: gettext("Merge somebody into %(who)s") % {"who": person}, label=_("Merge…"),
        submit=_("Merge"), form=MergeForm, right=Right.CONFIGURE, danger=True,
        offered=lambda _request, person: person.is_active,
    )  # fmt: skip
    def merge(self, request: Any, person: Individual, form: MergeForm) -> None:
        """Make one of two."""
        merge(kept=person, gone=form.cleaned_data["gone"], actor=request.actor, now=timezone.now())
