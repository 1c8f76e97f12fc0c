"""The one base of the console's pages.

The stock admin shows rows to whoever holds a model permission, redirects for those it does not find, offers every row
of every project in its fields and filters, and writes past the flows. This one starts every query at `visible_to`,
answers 404 for what it does not find there, asks `core.access` what may be done, and saves and deletes by flows.
"""

from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin as UnfoldModelAdmin
from unfold.admin import TabularInline as UnfoldTabularInline
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminTextareaWidget

from core import access
from core.access import Right
from core.console import rights
from core.console.counting import CappedPaginator
from core.console.deleting import Deleting
from core.console.dialogs import Dialogs
from core.console.filters import VisibleRelatedFilter, visible
from core.console.forms import ConfigurationForm
from core.console.histories import Histories
from core.errors import FlowError, NotVisible
from core.flows import configuration, subjects
from core.models.subjects import Subject


def adding(name: str) -> str:
    """What heads the page that adds a row."""
    words = {"name": name}
    return _("Add an %(name)s") % words if name[:1].lower() in "aeio" else _("Add a %(name)s") % words


class Bounded:
    """Relation fields offer, and accept, only what the reader may see."""

    def formfield_for_foreignkey(self: Any, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The field of a foreign key, bounded."""
        kwargs.setdefault("queryset", self.choices_of(db_field, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_manytomany(self: Any, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The field of a many-to-many relation, bounded."""
        kwargs.setdefault("queryset", self.choices_of(db_field, request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_dbfield(self: Any, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A form field without the pop-ups beside it: related rows have pages of their own."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def choices_of(self: Any, db_field: Any, request: HttpRequest) -> Any:
        """What a relation field offers: visible rows; projects only where the reader may write."""
        model = db_field.remote_field.model
        rows = visible(model, request.user)
        if db_field.name == "project":
            rows = rows.filter(pk__in=access.projects_where(request.user, self.write_right))
        if db_field.name == "organization":
            rows = rows.filter(pk__in=access.organizations_where(request.user, self.write_right))
        return rows.order_by("name" if hasattr(model, "name") else "pk")


class List(ChangeList):
    """A list named after what it lists."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = capfirst(self.opts.verbose_name_plural)


class ModelAdmin(Bounded, Dialogs, Histories, Deleting, UnfoldModelAdmin):
    """A console page under the access table.

    :cvar see_right: who finds the page at all (rows are bounded by `visible_to` besides).
    :cvar write_right: who adds and changes; :cvar drop_right: who deletes. None: nobody does it here.
    """

    see_right: ClassVar[Right] = Right.EDIT
    write_right: ClassVar[Right | None] = Right.CONFIGURE
    drop_right: ClassVar[Right | None] = Right.CONFIGURE
    # Dialogs offered in the head of the list, and of a row's page.
    list_dialogs: ClassVar[list[str]] = []
    page_dialogs: ClassVar[list[str]] = []

    form = ConfigurationForm
    formfield_overrides: ClassVar[dict[Any, Any]] = {
        models.TextField: {"widget": UnfoldAdminTextareaWidget(attrs={"rows": 4})}
    }
    actions = None
    paginator = CappedPaginator
    list_per_page = 25
    show_full_result_count = False
    show_facets = False
    change_form_before_template = "console/version.html"

    # Whose it is

    def get_queryset(self, request: HttpRequest) -> Any:
        """The rows the reader may see."""
        rows = visible(self.model, request.user)
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row, if the reader may see it.

        :raises Http404: otherwise, whether it exists or not.
        """
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404(_("There is no such page."))
        return found

    def target(self, obj: Any) -> Any:
        """What the rights are held on: the row's subject, project or organization. None asks for them anywhere."""
        for name in ("subject", "project", "organization"):
            owner = getattr(obj, name, None)
            if owner is not None:
                return owner
        return None

    # What may be done with it

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the page exists for the reader."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Rows that `get_queryset` gives may be read."""
        return self._may(request, self.see_right, None)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether the reader may add one anywhere; where, the flow decides."""
        return self._may(request, self.write_right, None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the reader may change this one, or any."""
        return self._may(request, self.write_right, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the reader may delete this one, or any."""
        return self._may(request, self.drop_right, obj)

    def _may(self, request: HttpRequest, right: Right | None, obj: Any) -> bool:
        if right is None or not access.may_use_console(request.user):
            return False
        return right in rights.on(request, self.target(obj) if obj is not None else None)

    # The list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        """Our list class."""
        return List

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """The declared filters; those by a related row offer visible ones only."""
        return [self._bounded_filter(item) for item in super().get_list_filter(request)]

    def _bounded_filter(self, item: Any) -> Any:
        if not isinstance(item, str):
            return item
        field = self.opts.get_field(item.split("__")[0])
        return (item, VisibleRelatedFilter) if field.is_relation else item

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:  # noqa: ARG002
        """Only by the filters that the page shows: any other lookup could be used to guess at fields it does not."""
        names = [item if isinstance(item, str) else item[0] for item in self.list_filter if not isinstance(item, type)]
        own = {getattr(item, "parameter_name", None) for item in self.list_filter if isinstance(item, type)}
        return lookup in own or any(lookup == name or lookup.startswith(f"{name}__") for name in names)

    def note_read(self, request: Any, obj: Any) -> None:
        """Remember that a restricted subject, or what belongs to one, was read."""
        subject = obj if isinstance(obj, Subject) else getattr(obj, "subject", None)
        if subject is not None:
            subjects.note_read(subject=subject, actor=request.actor, now=timezone.now())

    # Saving

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form of this request, told what the flow refused at the first try."""
        form = super().get_form(request, obj, change=change, **kwargs)
        told = {"request": request, "refusal": getattr(request, "refusal", None)}
        return type(form.__name__, (form,), told)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The page's fields; the version rides hidden beside them."""
        return [name for name in super().get_fields(request, obj) if name != "version"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A row stays in the project it was made in."""
        fixed = super().get_readonly_fields(request, obj)
        names = {field.name for field in self.opts.fields} & {"project", "organization"}
        return [*fixed, *sorted(names - set(fixed))] if obj else fixed

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Django's page; what the flow refuses is shown in the form, with the input kept."""
        context = {**self.page_context(request, object_id), **(extra_context or {})}
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except NotVisible as refusal:
            raise Http404(refusal.message) from refusal
        except FlowError as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, context)

    def addresses(self, keys: list[int]) -> dict[int, str]:
        """The pages of rows by primary key, for the search."""
        return {key: reverse(self._url_name("change"), args=[key]) for key in keys}

    def page_context(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        """What stands beside the form: heading, dialogs, history. Reading what a restricted subject owns is noted."""
        if object_id is None:
            return {"title": adding(str(self.opts.verbose_name))}
        obj = self.get_object(request, unquote(object_id))
        self.note_read(request, obj)
        history = reverse(self._url_name("history"), args=[quote(obj.pk)]) if hasattr(obj, "history") else ""
        buttons = self.buttons(request, self.page_dialogs, obj)
        return {"title": self.heading(obj), "subtitle": "", "page_buttons": buttons, "history_url": history}

    def heading(self, obj: Any) -> str:
        """What heads the page of a row."""
        return str(obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002
        """Save by the flow."""
        self.flow_save(request, obj, form)

    def flow_save(self, request: HttpRequest, obj: Any, form: Any) -> None:
        """The flow that saves a row of this model."""
        version = form.cleaned_data.get("version")
        configuration.save(obj, actor=request.actor, now=timezone.now(), version=version)  # type: ignore[attr-defined]

    def flow_delete(self, request: HttpRequest, obj: Any) -> None:
        """The flow that deletes a row of this model."""
        configuration.delete(obj, actor=request.actor)  # type: ignore[attr-defined]

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: ARG002
        """Save and delete the rows of an inline by the flow, one by one."""
        now, actor = timezone.now(), request.actor  # type: ignore[attr-defined]
        rows = formset.save(commit=False)
        for row in formset.deleted_objects:
            configuration.delete(row, actor=actor)
        for row in rows:
            configuration.save(row, actor=actor, now=now)

    def message_user(
        self, request: HttpRequest, message: Any, level: int = messages.INFO, *args: Any, **kwargs: Any
    ) -> None:
        """Django's messages; a success is told in one word."""
        told = _("Saved.") if level == messages.SUCCESS else message
        super().message_user(request, told, level, *args, **kwargs)

    def log_addition(self, *args: Any, **kwargs: Any) -> None:
        """The change history is written by the flows, not by the face."""

    log_change = log_addition
    log_deletions = log_addition

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with the dialogs that belong to it."""
        context = {"page_buttons": self.buttons(request, self.list_dialogs), **(extra_context or {})}
        return super().changelist_view(request, context)


class TabularInline(Bounded, UnfoldTabularInline):
    """Rows of a page's own, under the rights of the page."""

    extra = 0
    write_right: ClassVar[Right] = Right.ADMINISTER

    def get_queryset(self, request: HttpRequest) -> Any:
        """The rows the reader may see."""
        return visible(self.model, request.user)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A field says its name itself: the column's heading is no label to those who do not see it."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            field.widget.attrs.setdefault("aria-label", field.label)
        return field

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Who sees the page sees its rows."""
        return access.may_use_console(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As the page: `obj` is what the rows belong to."""
        return self.write_right in rights.on(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As changing."""
        return self.has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As changing."""
        return self.has_change_permission(request, obj)
