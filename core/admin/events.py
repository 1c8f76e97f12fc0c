"""What people do with one event of a timeline, and with a link. Both are shown on the subject's page."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.console.addresses import page_of
from core.console.dialogs import dialog
from core.console.forms import DialogForm, LetterField
from core.console.subjects import DialogsOnly
from core.flows import subjects
from core.models.subjects import KINDS, SubjectLink
from core.timeline import Event
from core.timeline import flows as timeline


class CorrectionForm(DialogForm):
    """The right words, and why."""

    description = LetterField(label=_("What happened"), widget=forms.Textarea(attrs={"rows": 4}))
    reason = forms.CharField(label=_("Why it is corrected"), max_length=500)

    def prepare(self) -> None:
        """Begin with the words there are."""
        self.initial["description"] = self.target.description

    def effects(self) -> list[str]:
        """What will happen."""
        return [gettext("The old entry stays readable, struck through.")]


class EraseForm(DialogForm):
    """Why a text is erased."""

    reason = forms.CharField(label=_("Why"), max_length=500)

    def effects(self) -> list[str]:
        """What will happen."""
        return [
            gettext("The text is gone for good, here, in the search and in documents."),
            gettext("That something stood here, when, stays; the chain of the timeline stays whole."),
        ]


def _is_open_entry(_request: HttpRequest, event: Event) -> bool:
    return event.is_entry and event.erased_at is None and getattr(event, "superseded", None) is None


@admin.register(Event)
class EventAdmin(DialogsOnly):
    """One event."""

    panel = "timeline"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """Events of subjects the reader sees."""
        return super().get_queryset(request).select_related("pin", "superseded", "incident__project", "case__project")

    def addresses(self, keys: list[int]) -> dict[int, str]:
        """An event is shown on its subject's timeline, on the page of it where it stands."""
        rows = Event.objects.filter(pk__in=keys).select_related("incident", "case")
        return {row.pk: f"{page_of(row.subject)}?tab=timeline&event={row.seq}#event-{row.seq}" for row in rows}

    @dialog(title=_("Correct"), form=CorrectionForm, right=Right.WRITE, offered=_is_open_entry)
    def correct(self, request: Any, event: Event, form: CorrectionForm) -> None:
        """Put the right words in its place."""
        timeline.supersede(event=event, **form.cleaned_data, actor=request.actor, now=timezone.now())

    @dialog(
        title=_("Pin"),
        right=Right.WRITE,
        at_once=True,
        offered=lambda _request, event: getattr(event, "pin", None) is None,
    )
    def pin(self, request: Any, event: Event, form: DialogForm) -> None:  # noqa: ARG002
        """Show it first."""
        timeline.pin(event=event, actor=request.actor, now=timezone.now())

    @dialog(
        title=_("Unpin"),
        right=Right.WRITE,
        at_once=True,
        offered=lambda _request, event: getattr(event, "pin", None) is not None,
    )
    def unpin(self, request: Any, event: Event, form: DialogForm) -> None:  # noqa: ARG002
        """Take the pin away."""
        timeline.unpin(event=event, actor=request.actor, now=timezone.now())

    @dialog(
        title=_("Erase the text"), form=EraseForm, right=Right.DELETE, danger=True,
        offered=lambda _request, event: event.erased_at is None,
    )  # fmt: skip
    def erase(self, request: Any, event: Event, form: EraseForm) -> None:
        """Erase personal text."""
        timeline.erase(event=event, reason=form.cleaned_data["reason"], actor=request.actor, now=timezone.now())


@admin.register(SubjectLink)
class SubjectLinkAdmin(DialogsOnly):
    """One link between two subjects."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[SubjectLink]:
        """Links of which the reader sees both ends."""
        return SubjectLink.objects.filter(_visible_end("source", request.user), _visible_end("target", request.user))

    def target(self, obj: SubjectLink) -> Any:
        """A link is its source's."""
        return obj.source

    def after_dialog(self, request: HttpRequest, obj: SubjectLink) -> str:  # noqa: ARG002
        """Back to the source."""
        return page_of(obj.source)

    @dialog(title=_("Unlink"), right=Right.EDIT)
    def unlink(self, request: Any, link: SubjectLink, form: DialogForm) -> None:  # noqa: ARG002
        """Take it away."""
        subjects.unlink(link=link, actor=request.actor, now=timezone.now())


def _visible_end(end: str, user: Any) -> Q:
    condition = Q()
    for kind in KINDS:
        model: Any = SubjectLink._meta.get_field(f"{end}_{kind}").related_model
        condition |= Q(**{f"{end}_{kind}__in": model.objects.visible_to(user)})
    return condition
