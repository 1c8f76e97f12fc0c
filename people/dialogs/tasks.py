"""What every subject's page does with tasks: writing one down. And the form that a task is changed by."""

from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.console.dialogs import dialog
from core.console.forms import DialogForm, LetterField, LocalDateTime
from people.dialogs.participants import PersonField
from people.flows import find_individual
from people.flows.task_rules import LONGEST_DESCRIPTION, LONGEST_TITLE, default_due
from people.flows.tasks import create_task
from people.models import Individual, Participant, Task


class TaskForm(DialogForm):
    """A new task. Who does it is chosen among those who take part; one more may be named by address."""

    title = forms.CharField(label=_("What is to be done?"), max_length=LONGEST_TITLE)
    description = LetterField(
        label=_("Details"), required=False, max_length=LONGEST_DESCRIPTION, widget=forms.Textarea(attrs={"rows": 3})
    )
    owner = PersonField(label=_("Owner"), help_text=_("Answers for it. Name or address; known people are suggested."))
    assignees = forms.ModelMultipleChoiceField(
        label=_("Who does it"), queryset=Individual.objects.none(), required=False,
        help_text=_("Of those who take part. Nobody chosen: the owner does it."),
    )  # fmt: skip
    also = PersonField(label=_("Also"), required=False, help_text=_("Somebody who takes no part yet; they join."))
    due_at = forms.DateTimeField(
        label=_("Due"), required=False, widget=LocalDateTime, help_text=_("On your clock. Empty: by its source.")
    )
    priority = forms.ChoiceField(label=_("Priority"), choices=Task.Priority.choices)
    source = forms.ChoiceField(
        label=_("Source"), choices=Task.Source.choices,
        help_text=_("Reviews and follow-ups are due after ten working days, the response on the next."),
    )  # fmt: skip
    reminders = forms.BooleanField(label=_("Remind every working day once it is due"), required=False)
    together: ClassVar[list[tuple[str, ...]]] = [("owner", "also"), ("due_at", "priority")]
    field_order = [
        "title", "description", "owner", "also", "assignees", "due_at", "priority", "source", "reminders",
    ]  # fmt: skip

    @property
    def subject(self) -> Any:
        """What the task belongs to."""
        return self.target

    def prepare(self) -> None:
        """Begin with the reader as owner."""
        self.offer_people()
        if not self.subject.is_open:
            afterwards = [choice for choice in Task.Source.choices if choice[0] != Task.Source.INCIDENT]
            self.fields["source"].choices = afterwards  # type: ignore[attr-defined]
        source = Task.Source.INCIDENT if self.subject.is_open else Task.Source.FOLLOW_UP
        self.initial.update(owner=self._own_address(), priority=Task.Priority.MEDIUM, source=source, reminders=True)
        due = default_due(self.subject, source, timezone.now())
        self.fields["due_at"].help_text = gettext("On your clock. Empty: %(when)s, or by its source.") % {
            "when": date_format(timezone.localtime(due), "D j M, H:i")
        }

    def offer_people(self, *more: int) -> None:
        """Offer those who take part, and `more` who have it already."""
        taking_part = Participant.objects.of(self.subject).filter(left_at=None).values("individual")
        here = Individual.objects.filter(pk__in=taking_part, is_active=True) | Individual.objects.filter(pk__in=more)
        self.fields["assignees"].queryset = here.order_by("name", "pk")  # type: ignore[attr-defined]

    def _own_address(self) -> str:
        """The address by which the organization knows the reader."""
        user = self.request.user
        known = Individual.objects.filter(organization=self.subject.project.organization, user=user).first()
        return str(known.email if known else user.email)

    def person(self, name: str) -> Individual:
        """The person of an address, made on first sight."""
        organization = self.subject.project.organization
        return find_individual(organization=organization, email=self.cleaned_data[name], now=timezone.now())

    def doers(self) -> list[Individual]:
        """All who are to do it."""
        chosen = list(self.cleaned_data["assignees"])
        return [*chosen, self.person("also")] if self.cleaned_data["also"] else chosen

    def effects(self) -> list[str]:
        """What will happen."""
        told = [gettext("Whoever has it takes part from now on, and is told by mail.")]
        if self.subject.is_restricted:
            told.append(gettext("They see this restricted page, its documents and its ticket."))
        return told


class TaskDialogs:
    """Dialogs for a `SubjectAdmin`."""

    @dialog(title=_("Add a task"), form=TaskForm, submit=_("Add"), right=Right.WRITE, key="a")
    def add_task(self, request: Any, subject: Any, form: TaskForm) -> None:
        """Write it down."""
        given = form.cleaned_data
        names = ("title", "description", "due_at", "priority", "source", "reminders")
        create_task(
            subject=subject, owner=form.person("owner"), assignees=form.doers(), actor=request.actor,
            now=timezone.now(), **{name: given[name] for name in names},
        )  # fmt: skip
