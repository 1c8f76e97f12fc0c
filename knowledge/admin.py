"""Tags, templates and documents."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.console.dialogs import dialog
from core.console.forms import ConfigurationForm, DialogForm, LetterField
from core.console.modeladmin import ModelAdmin
from knowledge.flows import save_tag, save_tag_type, save_template, write_document
from knowledge.models import Document, Tag, TagType, Template
from knowledge.rendering import LISTS, SUBJECT_FIELDS, render_html


@admin.register(TagType)
class TagTypeAdmin(ModelAdmin):
    """Groups of tags."""

    list_display = ["name", "project", "exclusive", "description"]
    list_select_related = ["project"]
    list_filter = ["project", "exclusive"]
    search_fields = ["name"]
    ordering = ["project__name", "name"]
    fields = ["project", "name", "description", "exclusive", "colour"]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The browser's own picker for the colour."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "colour":
            field.widget.attrs |= {"type": "color", "class": "console-colour"}
        return field

    def flow_save(self, request: HttpRequest, obj: TagType, form: Any) -> None:
        """Save by the flow."""
        version = form.cleaned_data.get("version")
        save_tag_type(obj, actor=request.actor, now=timezone.now(), version=version)  # type: ignore[attr-defined]


@admin.register(Tag)
class TagAdmin(ModelAdmin):
    """Words that describe subjects."""

    list_display = ["name", "tag_type", "project", "enabled"]
    list_select_related = ["project", "tag_type"]
    list_filter = ["project", "tag_type", "enabled"]
    search_fields = ["name"]
    ordering = ["project__name", "tag_type__name", "name"]
    fields = ["project", "tag_type", "name", "description", "enabled"]

    def flow_save(self, request: HttpRequest, obj: Tag, form: Any) -> None:
        """Save by the flow."""
        version = form.cleaned_data.get("version")
        save_tag(obj, actor=request.actor, now=timezone.now(), version=version)  # type: ignore[attr-defined]


class TemplateForm(ConfigurationForm):
    """A template says which placeholders there are."""

    body = LetterField(
        label=_("Text"), widget=forms.Textarea(attrs={"rows": 24, "class": "console-text", "spellcheck": "true"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "body" in self.fields:
            words = {"subject_fields": sorted(SUBJECT_FIELDS), "lists": LISTS}
            self.fields["body"].help_text = render_to_string("knowledge/placeholders.html", words)


@admin.register(Template)
class TemplateAdmin(ModelAdmin):
    """Markdown with placeholders."""

    form = TemplateForm
    list_display = ["name", "kind", "project", "default", "enabled"]
    list_select_related = ["project"]
    list_filter = ["project", "kind", "enabled"]
    search_fields = ["name"]
    ordering = ["project__name", "kind", "name"]
    fields = ["project", "kind", "name", "default", "enabled", "body"]

    def flow_save(self, request: HttpRequest, obj: Template, form: Any) -> None:
        """Save by the flow, which checks the text."""
        version = form.cleaned_data.get("version")
        save_template(obj, actor=request.actor, now=timezone.now(), version=version)  # type: ignore[attr-defined]


class WriteForm(DialogForm):
    """A new version of a document."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    body = LetterField(label=_("Text (Markdown)"), widget=forms.Textarea(attrs={"rows": 18}))

    def prepare(self) -> None:
        """Begin with the newest."""
        newest = self.target.versions.order_by("-number").first()
        self.initial.update(version=self.target.version, body=newest.body if newest else "")

    def effects(self) -> list[str]:
        """What will happen."""
        return [gettext("From now on Dispatch leaves this text alone; older versions stay readable.")]


@admin.register(Document)
class DocumentAdmin(ModelAdmin):
    """Documents kept by Dispatch, in versions."""

    write_right: ClassVar[Right | None] = None
    drop_right: ClassVar[Right | None] = None
    list_display = ["title", "kind", "project", "updated_at"]
    list_filter = ["kind", "project"]
    list_select_related = ["project", "incident", "case"]
    search_fields = ["title"]
    ordering = ["-updated_at", "-pk"]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The text of a version, rendered. Reading a restricted subject's is noted."""
        document = self.get_object(request, object_id)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        self.note_read(request, document)
        versions = list(document.versions.select_related("user").defer("body").order_by("-number")[:50])
        wanted = request.GET.get("version", "")
        number = int(wanted) if wanted.isdecimal() and len(wanted) < 9 else versions[0].number if versions else 0
        shown = document.versions.select_related("user").filter(number=number).first()
        context = {
            **self.admin_site.each_context(request),
            "title": document.title,
            "opts": self.opts,
            "original": document,
            "versions": versions,
            "shown": shown,
            "html": render_html(shown.body) if shown else "",
            "page_buttons": self.buttons(request, ["write"], document),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "knowledge/document.html", context)

    @dialog(title=_("Write a new version"), label=_("Write"), form=WriteForm, submit=_("Save"), key="e")
    def write(self, request: Any, document: Document, form: WriteForm) -> None:
        """Write it."""
        given = form.cleaned_data
        write_document(
            document=document, body=given["body"], version=given["version"], actor=request.actor, now=timezone.now()
        )
