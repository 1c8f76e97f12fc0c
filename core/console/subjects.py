"""The page of a subject, and the dialogs that every kind of subject has. An app's admin adds what differs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.attachments import flows as attachments
from core.console import live, notices, panels, rights
from core.console.addresses import page_of
from core.console.dialogs import dialog
from core.console.forms import DialogForm, LetterField, LocalDateTime, RememberingForm
from core.console.modeladmin import ModelAdmin
from core.console.operations import failed_alerts
from core.console.suggesting import SubjectField, suggest
from core.errors import FlowError, Stale
from core.filters.values import read_uuid
from core.flows import subjects
from core.models.subjects import SubjectLink
from core.timeline import Event


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a subject's life: done, now or to come, with a note of when or what it will do."""

    title: str
    state: str
    note: str = ""
    moment: datetime | None = None
    who: str = ""


class SubjectForm(RememberingForm, DialogForm):
    """A dialog on a subject: carries the version it was opened at, and how far the timeline had come."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def prepare(self) -> None:
        """Remember what the reader saw."""
        self.initial.update(version=self.target.version, seen=self.target.event_count)

    def show_refusal(self, refusal: FlowError) -> None:
        """Of a change made meanwhile, say who changed what; the next try goes by what is there now."""
        super().show_refusal(refusal)
        if not isinstance(refusal, Stale):
            return
        missed = Event.objects.of(self.target).filter(
            seq__gt=self.cleaned_data.get("seen") or 0, kind__in=(Event.Kind.FIELD, Event.Kind.ASSESSMENT)
        )
        for event in missed.order_by("seq")[:10]:
            self.add_error(None, f"{event.owner}: {event.description}")
        self.refresh(version=self.target.version, seen=self.target.event_count)


class SeveralFiles(forms.ClearableFileInput):
    """More than one file."""

    template_name = "django/forms/widgets/input.html"
    allow_multiple_selected = True


class EntryForm(DialogForm):
    """An entry on the timeline."""

    # May be empty beside files; without any, the flow asks for words.
    description = LetterField(label=_("What happened?"), required=False, widget=forms.Textarea(attrs={"rows": 4}))
    decision = forms.BooleanField(label=_("It is a decision"), required=False)
    pinned = forms.BooleanField(label=_("Pin it"), required=False)
    happened_at = forms.DateTimeField(
        label=_("When"), required=False, widget=LocalDateTime, help_text=_("Empty: now. On your clock.")
    )
    file = forms.FileField(label=_("Files"), required=False, widget=SeveralFiles)


class LinkForm(DialogForm):
    """A link to another subject, by its name."""

    kind = forms.ChoiceField(label=_("This one is"), choices=SubjectLink.Kind.choices)
    name = SubjectField(
        label=_("Name of the other one"), max_length=64,
        help_text=_("For example INC-42. Old names work; words of its title are suggested."),
    )  # fmt: skip


class DeleteForm(SubjectForm):
    """Deleting says what goes."""

    def effects(self) -> list[str]:
        """What will happen."""
        subject = self.target
        return [
            gettext(
                "Nobody sees %(name)s any more: page, timeline (%(count)s entries), people, documents, ticket, mail."
            )
            % {"name": subject.name, "count": subject.event_count},
            gettext("Nothing outside is touched."),
            gettext("Its name stays taken; an admin can restore it for 30 days, from the list's tab “Deleted”."),
        ]


class SubjectAdmin(ModelAdmin):
    """Shows a subject with its steps, failures, tabs and next moves; every change is a dialog."""

    drop_right: ClassVar[Right | None] = None
    write_right: ClassVar[Right | None] = None
    change_form_template = "console/subject.html"
    # The names of dialogs, in the order they are offered: the first offered of `next_moves` is the page's one button.
    next_moves: ClassVar[list[str]] = []
    shown_moves: ClassVar[list[str]] = []
    more_moves: ClassVar[list[str]] = []

    def target(self, obj: Any) -> Any:
        """Rights are held on the subject itself."""
        return obj

    def steps(self, subject: Any) -> list[Step]:
        """The steps of its life."""
        raise NotImplementedError

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page. Reading a restricted one is noted."""
        subject = self.get_object(request, object_id)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        tag = live.tag_of(request, subject, timezone.now())
        if live.is_known(request, tag):
            return live.unchanged(tag)
        self.note_read(request, subject)
        panel = panels.open_panel(request, subject)
        context = {
            **self.admin_site.each_context(request),
            **self.page(request, subject),
            "tabs": panels.tabs(request, subject, panel.key),
            "panel": panel,
            "tag": tag,
            "part": panel.context(request, subject),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return live.tagged(TemplateResponse(request, self.change_form_template, context), tag)

    def page(self, request: HttpRequest, subject: Any) -> dict[str, Any]:
        """What stands above the tabs."""
        moves = self.buttons(request, self.next_moves, subject)
        shown = self.buttons(request, self.shown_moves, subject)
        return {
            "title": subject.name,
            "subtitle": subject.title,
            "opts": self.opts,
            "original": subject,
            "subject": subject,
            "is_fullwidth": "1",
            "next_move": moves[0] if moves else None,
            "moves": shown,
            "more": [*moves[1:], *self.buttons(request, self.more_moves, subject)],
            "steps": self.steps(subject),
            "notices": notices.notices(request, subject),
            "alerts": failed_alerts(request, subject),
            "may": {str(right): True for right in rights.on(request, subject)},
        }

    def page_context(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:  # noqa: ARG002
        """The page brings its own."""
        return {}

    def get_urls(self) -> list[Any]:
        """And the suggestions for a name that is being typed."""
        view = self.admin_site.admin_view(self.suggest)
        name = f"{self.opts.app_label}_{self.opts.model_name}_suggest"
        return [path("suggest/", view, name=name), *super().get_urls()]

    def suggest(self, request: HttpRequest) -> HttpResponse:
        """Subjects that may be meant, as options of a list."""
        text = request.GET.get("q", "").strip()[:100]
        found = suggest(self.model, request.user, text, but=read_uuid(request.GET.get("but", "")))
        return TemplateResponse(request, "console/suggested_subjects.html", {"subjects": found})

    @dialog(title=_("Add to the timeline"), form=EntryForm, submit=_("Add"), right=Right.WRITE)
    def add_entry(self, request: Any, subject: Any, form: EntryForm) -> None:
        """Write an entry."""
        given = form.cleaned_data
        words = {
            "subject": subject, "description": given["description"], "actor": request.actor, "now": timezone.now(),
            "kind": Event.Kind.DECISION if given["decision"] else Event.Kind.CUSTOM, "pinned": given["pinned"],
            "happened_at": given["happened_at"],
        }  # fmt: skip
        attachments.add_entry(files=request.FILES.getlist("file"), **words)

    @dialog(title=_("Link to another"), form=LinkForm, submit=_("Link"), right=Right.EDIT)
    def link(self, request: Any, subject: Any, form: LinkForm) -> None:
        """Join two subjects; one that the reader cannot see is not there."""
        other = subjects.find_by_name(self.model, form.cleaned_data["name"].strip().upper())
        seen = other is not None and self.get_queryset(request).filter(pk=other.pk).exists()
        if not seen:
            raise FlowError(gettext("There is no such name."), field="name")
        subjects.link(
            source=subject, target=other, kind=form.cleaned_data["kind"], actor=request.actor, now=timezone.now()
        )

    @dialog(
        title=lambda subject: gettext("Delete %(name)s?") % {"name": subject.name}, submit=_("Delete"),
        label=_("Delete"), form=DeleteForm, right=Right.DELETE, danger=True,
    )  # fmt: skip
    def put_away(self, request: Any, subject: Any, form: DeleteForm) -> HttpResponse:
        """Delete softly, and go to the list: the page is gone."""
        version = form.cleaned_data["version"]
        subjects.delete(subject=subject, actor=request.actor, now=timezone.now(), version=version)
        return self.go_to_list(request)


class DialogsOnly(ModelAdmin):
    """Rows that have no page of their own: they are shown on their subject's page, and changed by dialogs."""

    write_right: ClassVar[Right | None] = None
    drop_right: ClassVar[Right | None] = None
    panel: ClassVar[str] = ""

    def get_urls(self) -> list[Any]:
        """The dialogs' addresses only."""
        return self.dialog_urls()

    def has_module_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Not in the sidebar."""
        return False

    def crumb(self, obj: Any) -> Any:
        """The subject they belong to."""
        return self.target(obj)

    def addresses(self, keys: list[int]) -> dict[int, str]:  # noqa: ARG002
        """They have no page."""
        return {}

    def after_dialog(self, request: HttpRequest, obj: Any) -> str:  # noqa: ARG002
        """The tab of the subject's page that shows it."""
        return f"{page_of(obj.subject)}?tab={self.panel}"
