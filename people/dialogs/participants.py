"""What every subject's page does with people: assigning and handing over roles, adding, joining, leaving."""

from typing import Any

from django import forms
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.console.dialogs import dialog
from core.console.forms import DialogForm
from core.console.once import once
from core.console.suggesting import Suggested
from people.flows import add_participant, assign_role, find_individual, hand_over, join, leave
from people.flows.participants import blockers, leads, open_tasks
from people.flows.tasks import hand_over_tasks
from people.models import Individual, Participant, Role


class PersonInput(Suggested, forms.EmailInput):
    """An address, with the organization's people suggested while typing."""

    suggests = reverse_lazy("admin:people_individual_suggest")


class PersonField(forms.EmailField):
    """Somebody by address, or by the name of one who is known.

    :ivar reader: who looks; :ivar organization: whose people are meant. The form sets both.
    """

    widget = PersonInput
    reader: Any = None
    organization: Any = None

    def serve(self, request: Any, target: Any) -> None:
        """Know the form's reader and what it is about."""
        self.reader = request.user
        self.organization = self.organization or getattr(getattr(target, "project", target), "organization", None)

    def to_python(self, value: Any) -> str:
        """The address.

        :raises ValidationError: when nobody, or more than one, has the name.
        """
        text: str = super().to_python(value) or ""
        return self._address_of(text) if text and "@" not in text and self.reader else text

    def _address_of(self, name: str) -> str:
        rows = Individual.objects.active().visible_to(self.reader).filter(name__iexact=name)
        rows = rows.filter(organization=self.organization) if self.organization else rows
        found = list(rows.order_by("email").values_list("email", flat=True)[:5])
        if len(found) == 1:
            return str(found[0])
        told = (
            _("Several are called “%(name)s”: %(addresses)s.")
            if found
            else _("Nobody here is called “%(name)s”. Choose somebody who is suggested, or give an address.")
        )
        raise forms.ValidationError(told % {"name": name, "addresses": ", ".join(found)})


class PersonForm(DialogForm):
    """Somebody, by address: known people are suggested, an unknown address makes a new person."""

    individual = PersonField(label=_("Who"), help_text=_("Name or address; known people are suggested."))

    def person(self) -> Individual:
        """The person of the address, made on first sight."""
        return find_individual(
            organization=self.target.project.organization, email=self.cleaned_data["individual"], now=timezone.now()
        )


class RoleForm(PersonForm):
    """A role for somebody; of one that is held it is a hand-over, with a note."""

    role = forms.ChoiceField(label=_("Role"))
    note = forms.CharField(
        label=_("Note for the hand-over"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Stands on the timeline when somebody else held the role."),
    )  # fmt: skip
    field_order = ["role", "individual", "note"]

    def prepare(self) -> None:
        """Name who holds each role now."""
        holders = holders_of(self.target)
        other_lead = {Role.Name.COMMANDER, Role.Name.ASSIGNEE} - {self.target.lead_role}
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            (name, f"{label} ({holders[name]})" if name in holders else label)
            for name, label in Role.Name.choices
            if name not in other_lead
        ]
        self.initial["role"] = self.request.GET.get("role") or self.target.lead_role

    def effects(self) -> list[str]:
        """What will happen outside."""
        return [gettext("The person is told by mail, if new to the role.")]


class ParticipantForm(PersonForm):
    """Somebody who is to take part."""

    role = forms.ChoiceField(
        label=_("As"), choices=[(Role.Name.OBSERVER, _("Observer")), (Role.Name.PARTICIPANT, _("Participant"))]
    )
    reason = forms.CharField(label=_("Why"), required=False, max_length=300)

    def effects(self) -> list[str]:
        """What will happen outside."""
        told = [gettext("The person is told by mail.")]
        if self.target.is_restricted:
            told.append(gettext("They see this restricted page, its documents and its ticket."))
        return told


class GoingForm(DialogForm):
    """Going names what is in the way, and offers to hand it over in the same step."""

    successor = PersonField(
        label=_("Hand it over to"), required=False, help_text=_("Needed before this person can go.")
    )

    @property
    def part(self) -> Participant | None:
        """Who goes: the reader."""
        return _part_of(self.request, self.target)

    def prepare(self) -> None:
        """Ask for a successor only where one is needed."""
        part = self.part
        self.in_the_way = blockers(part.subject, part) if part else []
        if not self.in_the_way:
            del self.fields["successor"]

    def effects(self) -> list[str]:
        """What is in the way."""
        return [f"{blocker}." for blocker in self.in_the_way]

    def hand_over(self, actor: Any) -> None:
        """Give the successor the lead and the open tasks of whoever goes."""
        part, successor, now = self.part, self.cleaned_data.get("successor"), timezone.now()
        if part is None or not successor:
            return
        subject = part.subject
        to = find_individual(organization=subject.project.organization, email=successor, now=now)
        if leads(subject, part):
            assign_role(subject=subject, individual=to, role=subject.lead_role, actor=actor, now=now)
        tasks = list(open_tasks(subject, part))
        hand_over_tasks(tasks=tasks, to=to, giver=part.individual, actor=actor, now=now)


def _part_of(request: Any, subject: Any) -> Participant | None:
    rows = Participant.objects.of(subject).filter(individual__user=request.user, left_at=None)
    part: Participant | None = rows.select_related("individual", subject.kind, f"{subject.kind}__project").first()
    return part


def takes_part(request: Any, subject: Any) -> bool:
    """Whether the reader takes part now."""
    taking = Participant.objects.of(subject).filter(individual__user=request.user, left_at=None)
    return once(subject, f"takes part {request.user.pk}", taking.exists)


def holders_of(subject: Any) -> dict[str, str]:
    """Who holds each exclusive role now."""
    held = (
        Role.objects.of(subject)
        .filter(renounced_at=None, role__in=Role.EXCLUSIVE)
        .select_related("participant__individual")
    )
    return {role.role: str(role.participant) for role in held}


class PeopleDialogs:
    """Dialogs for a `SubjectAdmin`."""

    @dialog(
        title=_("Assign role"),
        form=RoleForm,
        submit=_("Assign"),
        key="r",
        offered=lambda _request, subject: subject.is_open,
    )
    def assign_role(self, request: Any, subject: Any, form: RoleForm) -> None:
        """Give the role, or hand it over."""
        role, note, now = form.cleaned_data["role"], form.cleaned_data["note"], timezone.now()
        person = form.person()
        if note.strip() and role in holders_of(subject):
            hand_over(subject=subject, role=role, to=person, note=note, actor=request.actor, now=now)
        else:
            assign_role(subject=subject, individual=person, role=role, actor=request.actor, now=now)

    @dialog(title=_("Add somebody"), form=ParticipantForm, submit=_("Add"))
    def add_participant(self, request: Any, subject: Any, form: ParticipantForm) -> None:
        """Bring somebody in."""
        given = form.cleaned_data
        add_participant(
            subject=subject, individual=form.person(), role=given["role"], reason=given["reason"],
            actor=request.actor, now=timezone.now(),
        )  # fmt: skip

    @dialog(
        title=_("Join"), right=Right.JOIN, at_once=True,
        offered=lambda request, subject: subject.is_open and not takes_part(request, subject),
    )  # fmt: skip
    def join(self, request: Any, subject: Any, form: DialogForm) -> None:  # noqa: ARG002
        """Take part as observer."""
        join(subject=subject, actor=request.actor, now=timezone.now())

    @dialog(title=_("Leave"), form=GoingForm, right=Right.SEE, offered=takes_part)
    def leave(self, request: Any, subject: Any, form: GoingForm) -> None:
        """Hand over what is in the way, then take part no longer."""
        form.hand_over(request.actor)
        leave(subject=subject, actor=request.actor, now=timezone.now())
