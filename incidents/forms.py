"""The forms of incidents: the report, the facts, the moves."""

import uuid
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core import access
from core.access import Right
from core.console.forms import DialogForm, LetterField, LocalDateTime
from core.console.subjects import SubjectForm
from core.models.organizations import Project
from core.models.subjects import Visibility
from incidents.models import Incident, Priority, Severity, Type
from knowledge.models import Tag
from people.dialogs.participants import PersonField
from people.models import Participant, Task

CLASSIFICATIONS: dict[str, Any] = {"type": Type, "severity": Severity, "priority": Priority}
BY_TYPE = ("", _("As the type says"))


class TagField(forms.ModelMultipleChoiceField):
    """Tags of a project, each with its type."""

    def label_from_instance(self, tag: Any) -> str:
        """actor: insider."""
        return f"{tag.tag_type}: {tag}"


def tags_of(project: Project | None) -> Any:
    """The tags that can be chosen in a project."""
    rows = Tag.objects.filter(project=project, enabled=True) if project else Tag.objects.none()
    return rows.select_related("tag_type").order_by("tag_type__name", "name")


class ReportForm(DialogForm):
    """What happened, in as few fields as it takes; the rest has defaults."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    # The incident that the reader reported in the same words; they were asked, and mean another one.
    besides = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)
    title = LetterField(label=_("What happened, in a few words"), max_length=500)
    description = LetterField(label=_("What is known so far"), required=False, widget=forms.Textarea(attrs={"rows": 6}))
    project = forms.ModelChoiceField(label=_("Project"), queryset=Project.objects.none(), empty_label=None)
    type = forms.ModelChoiceField(label=_("Type"), queryset=Type.objects.none(), empty_label=None)
    severity = forms.ModelChoiceField(label=_("Severity"), queryset=Severity.objects.none(), empty_label=None)
    priority = forms.ModelChoiceField(label=_("Priority"), queryset=Priority.objects.none(), empty_label=None)
    visibility = forms.ChoiceField(label=_("Visibility"), required=False, choices=[BY_TYPE, *Visibility.choices])
    commander = PersonField(
        label=_("Commander"),
        required=False,
        help_text=_("Empty: whom the project's policies name, else you."),
    )
    tags = TagField(label=_("Tags"), queryset=Tag.objects.none(), required=False)

    def prepare(self) -> None:
        """Offer what the chosen project has, its defaults first chosen."""
        self.fields["title"].widget.attrs["autofocus"] = True
        reach = access.projects_where(self.request.user, Right.REPORT)
        projects = Project.objects.filter(pk__in=reach, enabled=True).order_by("-default", "name")
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]
        self.chosen_project = self._chosen(projects)
        self.initial.update(key=str(uuid.uuid4()), project=self.chosen_project)
        for name, model in CLASSIFICATIONS.items():
            rows = model.objects.filter(project=self.chosen_project).choosable().order_by("order", "name")
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
            self.initial[name] = next((row.pk for row in rows if row.default), None)
        self.fields["tags"].queryset = tags_of(self.chosen_project)  # type: ignore[attr-defined]
        # Another project has other words: the script asks for its part of the page.
        self.fields["project"].widget.attrs |= {
            "hx-get": self.request.path, "hx-target": "#by-project", "hx-select": "#by-project", "hx-swap": "outerHTML",
            "hx-select-oob": "#instructions",
        }  # fmt: skip
        self._hint()

    @property
    def types(self) -> list[Any]:
        """The types that say what they are for."""
        return [row for row in self.fields["type"].queryset if row.description]  # type: ignore[attr-defined]

    @property
    def folded_errors(self) -> bool:
        """Whether something is wrong with what is folded away."""
        return bool(set(self.errors) & {"severity", "priority", "visibility", "commander", "tags"})

    def renew(self, sentence: str, besides: str = "") -> None:
        """Refuse this time, and let the next try be a report of its own."""
        self.add_error(None, sentence)
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        data["key"] = str(uuid.uuid4())
        data["besides"] = besides
        self.data = data

    def point_at_errors(self) -> None:
        """Begin where something is wrong, and not at the top."""
        wrong = next((name for name in self.fields if name in self.errors), "title")
        for name in {"title", wrong}:
            self.fields[name].widget.attrs["autofocus"] = name == wrong

    def _chosen(self, projects: Any) -> Project | None:
        asked = str(self.data.get("project") or self.request.GET.get("project") or "")
        chosen: Project | None = projects.filter(pk=asked).first() if asked.isdecimal() and len(asked) < 18 else None
        return chosen or projects.first()

    def _hint(self) -> None:
        if self.chosen_project is None:
            return
        self.fields["title"].widget.attrs["placeholder"] = self.chosen_project.title_hint
        self.fields["description"].widget.attrs["placeholder"] = self.chosen_project.description_hint


class FactsForm(SubjectForm):
    """Everything about an incident that may be changed by hand."""

    title = LetterField(label=_("Title"), max_length=500)
    description = LetterField(label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 5}))
    resolution = LetterField(label=_("Resolution"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    type = forms.ModelChoiceField(label=_("Type"), queryset=Type.objects.none(), empty_label=None)
    severity = forms.ModelChoiceField(label=_("Severity"), queryset=Severity.objects.none(), empty_label=None)
    priority = forms.ModelChoiceField(label=_("Priority"), queryset=Priority.objects.none(), empty_label=None)
    visibility = forms.ChoiceField(label=_("Visibility"), choices=Visibility.choices)
    tags = TagField(label=_("Tags"), queryset=Tag.objects.none(), required=False)
    reported_at = forms.DateTimeField(label=_("Reported"), widget=LocalDateTime, help_text=_("On your clock."))
    together: ClassVar[list[tuple[str, ...]]] = [("type", "severity"), ("priority", "visibility")]

    def prepare(self) -> None:
        """Begin with what there is; a disabled value stays choosable where it is."""
        super().prepare()
        incident = self.target
        for name, model in CLASSIFICATIONS.items():
            here = model.objects.filter(project=incident.project)
            rows = here.choosable() | here.filter(pk=getattr(incident, f"{name}_id"))
            self.fields[name].queryset = rows.order_by("order", "name")  # type: ignore[attr-defined]
            self.initial[name] = getattr(incident, f"{name}_id")
        self.fields["tags"].queryset = (  # type: ignore[attr-defined]
            Tag.objects.filter(project=incident.project).select_related("tag_type").order_by("tag_type__name", "name")
        )
        self.initial["tags"] = list(incident.tags.values_list("pk", flat=True))
        for name in ("title", "description", "resolution", "visibility", "reported_at"):
            self.initial[name] = getattr(incident, name)
        self.remember()

    def changes(self) -> dict[str, Any]:
        """Only what differs from what the form showed."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name not in {"version", "seen"}}

    def effects(self) -> list[str]:
        """What will happen outside."""
        told = [gettext("Ticket and document follow.")]
        if self.target.is_restricted:
            return told
        return [
            *told,
            gettext("Made restricted, only participants, admins and owners see it; mail already sent stays sent."),
            *self._what_remains(),
        ]

    def _what_remains(self) -> list[str]:
        """What the reader themselves could no longer do with it once it is restricted."""
        kept = access.rights_if_restricted(self.request.user, self.target)
        if Right.EDIT in kept:
            return []
        return [
            gettext("You yourself could then read it and write on its timeline, and change nothing, not even this.")
            if Right.SEE in kept
            else gettext("You yourself would not see it any more.")
        ]


class MoveForm(SubjectForm):
    """A move of the status, with a reason for the timeline."""

    reason = forms.CharField(
        label=_("Why"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Optional; stands on the timeline."),
    )  # fmt: skip


class StableForm(MoveForm):
    """Marking stable may lower the severity."""

    severity = forms.ModelChoiceField(label=_("Severity"), queryset=Severity.objects.none(), empty_label=None)
    field_order = ["severity", "reason"]

    def prepare(self) -> None:
        """Severities that fit a stable incident, and the present one."""
        super().prepare()
        here = Severity.objects.filter(project=self.target.project)
        fitting = here.choosable().filter(allowed_for_stable=True) | here.filter(pk=self.target.severity_id)
        self.fields["severity"].queryset = fitting.order_by("order", "name")  # type: ignore[attr-defined]
        self.initial["severity"] = self.target.severity_id

    def effects(self) -> list[str]:
        """What will happen outside."""
        return [*stable_effects(self.target), gettext("Ticket and document follow.")]


class CloseForm(MoveForm):
    """Closing ends what runs."""

    def effects(self) -> list[str]:
        """What will happen outside."""
        count = Participant.objects.of(self.target).filter(left_at=None).count()
        ends = ngettext(
            "Ends the roles of %(count)s person; reopening gives them back.",
            "Ends the roles of %(count)s people; reopening gives them back.",
            count,
        )
        made = stable_effects(self.target) if self.target.status == Incident.Status.ACTIVE else []
        return [
            *_left_open(self.target),
            *made,
            ends % {"count": count},
            gettext("Ticket and document are brought up to date for the last time."),
        ]


class ReopenForm(MoveForm):
    """Reopening brings people back."""

    def effects(self) -> list[str]:
        """What will happen outside."""
        told = [gettext("The clock runs on; what was stamped ahead of this is cleared.")]
        if self.target.status == Incident.Status.CLOSED:
            told.append(
                gettext("Everybody gets back the roles that closing ended, unless somebody else has taken them.")
            )
        return told


def _left_open(incident: Incident) -> list[str]:
    """Tasks that closing does not end."""
    tasks, now = Task.objects.of(incident).open(), timezone.now()
    late = sum(task.is_overdue(now) for task in tasks)
    count = len(tasks)
    if not count:
        return []
    stays = ngettext("%(count)s task stays open", "%(count)s tasks stay open", count) % {"count": count}
    overdue = gettext(", %(late)s of them overdue") % {"late": late} if late else ""
    return [f"{stays}{overdue}."]


def stable_effects(incident: Incident) -> list[str]:
    """What marking stable does."""
    told = []
    if not incident.type.exclude_from_review:
        told.append(gettext("Makes the review document."))
    priority = Priority.objects.filter(project=incident.project, for_stable=True, enabled=True).first()
    if priority and priority.pk != incident.priority_id:
        told.append(gettext("Sets the priority to %(priority)s.") % {"priority": priority})
    return told
