"""Forms of the console: configuration pages, dialogs, log-in, and the widgets they share."""

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    CHECKBOX_CLASSES,
    INPUT_CLASSES,
    SELECT_CLASSES,
    TEXTAREA_CLASSES,
)

from core.console.histories import changes_since
from core.errors import FlowError, Stale
from core.flows.signing_in import TooManyTries
from core.validators import storable


class LoginForm(AuthenticationForm):
    """Signing in by address, for every active account; what it sees is decided page by page."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": _("This address and password do not belong together. Look at both again."),
    }

    def clean(self) -> dict[str, Any]:
        """Look at address and password. Whoever has to wait is told how long, whether there is such an account or not.

        :raises ValidationError: when they do not belong together, or after too many tries.
        """
        try:
            cleaned: dict[str, Any] = super().clean()
        except TooManyTries as refusal:
            raise ValidationError(refusal.message, code=refusal.code) from refusal
        return cleaned


class RefusableForm:
    """A form that shows a flow's refusal where it belongs."""

    def show_refusal(self: Any, refusal: FlowError) -> None:
        """Put the refusal at its field, or above the form."""
        field = refusal.field if refusal.field in self.fields else None
        hidden = field is not None and self.fields[field].widget.is_hidden
        self.add_error(None if hidden else field, refusal.message)


class RememberingForm(RefusableForm):
    """A form that knows what its reader saw: each field carries its first value hidden beside it.

    So when somebody else wrote meanwhile, what the reader did not touch can be brought up to date, and what they did
    touch stays theirs.
    """

    def remember(self: Any) -> None:
        """Carry the first value of every visible field."""
        for field in self.fields.values():
            field.show_hidden_initial = not field.widget.is_hidden

    def refresh(self: Any, **hidden: Any) -> None:
        """Show today's values where the reader changed nothing; `hidden` are new values of hidden fields."""
        data = self.data.copy()
        untouched = [
            name for name in self.fields if name not in self.changed_data and self.fields[name].show_hidden_initial
        ]
        for name in untouched:
            values = _raw(self.fields[name], self.get_initial_for_field(self.fields[name], name))
            for key in (self.add_prefix(name), self.add_initial_prefix(name)):
                data.setlist(key, values)
        for name, value in hidden.items():
            data[self.add_prefix(name)] = value
        self.data = data


def _raw(field: forms.Field, value: Any) -> list[str]:
    """A value as the browser would send it."""
    if isinstance(field.widget, forms.CheckboxInput):
        return ["on"] if value else []
    shown: Any = field.widget.format_value(field.prepare_value(value))
    return ["" if one is None else str(one) for one in (shown if isinstance(shown, list | tuple) else [shown])]


class ConfigurationForm(RememberingForm, forms.ModelForm):
    """A configuration row as it was read: carries the version, leaves constraints to the flow.

    :cvar request: the running request; :cvar refusal: what the flow said to the first try.
    """

    request: HttpRequest
    refusal: FlowError | None = None

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["version"] = getattr(self.instance, "version", None)
        _choose_within_project(self)
        for field in self.fields.values():
            put_on_looks(field.widget)
        if self.instance.pk:
            self.remember()

    def clean(self) -> dict[str, Any]:
        """Show what the flow refused at the first try."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.refusal is not None:
            self.show_refusal(self.refusal)
        if isinstance(self.refusal, Stale):
            self._show_changes(cleaned.get("version"))
        return cleaned

    def _show_changes(self, version: int | None) -> None:
        """Say who changed what, and let the next try go by the version that is there now."""
        for sentence in changes_since(self.instance, version):
            self.add_error(None, sentence)
        self.refresh(version=self.initial["version"])

    def validate_unique(self) -> None:
        """The flow names the row that is in the way."""

    def _post_clean(self) -> None:
        """Leave constraints to the flow: it moves the marks that one row carries (default), and has words for them."""
        row: Any = self.instance
        # Django's form asks the row for them, whatever else it is told to leave out.
        row.validate_constraints = _nothing
        try:
            super()._post_clean()  # type: ignore[misc]
        finally:
            del row.validate_constraints


def _nothing(exclude: object = None) -> None:
    """In the place of a check that is made elsewhere."""


class DialogForm(RefusableForm, forms.Form):
    """The form of a dialog: `request`, and `target`, what it is about (None for a dialog of a list). A field that has
    a method `serve` is told both.

    :cvar together: names of fields that share a line.
    """

    together: ClassVar[list[tuple[str, ...]]] = []

    def __init__(self, *args: Any, request: Any, target: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.target = target
        self.prepare()
        for field in self.fields.values():
            dress(field)
            if hasattr(field, "serve"):
                field.serve(request, target)

    def prepare(self) -> None:
        """Fill choices and initial values for the target."""

    def effects(self) -> list[str]:
        """What will happen, in sentences."""
        return []

    def lines(self) -> list[list[forms.BoundField]]:
        """The fields, those that share a line together."""
        beside = {name: group for group in self.together for name in group}
        found, done = [], set()
        for bound in self.visible_fields():
            if bound.name not in done:
                group = [name for name in beside.get(bound.name, (bound.name,)) if name in self.fields]
                found.append([self[name] for name in group])
                done.update(group)
        return found


def dress(field: forms.Field) -> None:
    """Give a plain widget the theme's looks, and refuse what no database keeps."""
    if isinstance(field, forms.CharField):
        field.validators.append(storable_text)
    put_on_looks(field.widget)


def put_on_looks(widget: forms.Widget) -> None:
    """The theme's looks, where a widget has none of its own: the theme sees to the fields of models only."""
    if not widget.is_hidden and "class" not in widget.attrs:
        widget.attrs["class"] = " ".join(_classes(widget))


def storable_text(value: Any) -> None:
    """`storable` for fields that may clean to something else than text (lists, JSON).

    :raises ValidationError:
    """
    if isinstance(value, str):
        storable(value)


def _classes(widget: forms.Widget) -> list[str]:
    if isinstance(widget, forms.CheckboxInput):
        return CHECKBOX_CLASSES
    if isinstance(widget, forms.CheckboxSelectMultiple | forms.RadioSelect):
        return ["console-choices"]
    if isinstance(widget, forms.SelectMultiple):
        return [*INPUT_CLASSES, "console-picker"]
    if isinstance(widget, forms.Select):
        return SELECT_CLASSES
    return TEXTAREA_CLASSES if isinstance(widget, forms.Textarea) else INPUT_CLASSES


def _choose_within_project(form: forms.ModelForm) -> None:
    """Offer only rows of the instance's project; of a new one, name the project beside each."""
    project = getattr(form.instance, "project_id", None)
    for name, field in form.fields.items():
        queryset = getattr(field, "queryset", None)
        if queryset is None or name == "project" or not hasattr(queryset.model, "project_id"):
            continue
        if project:
            field.queryset = queryset.filter(project_id=project)  # type: ignore[attr-defined]
        else:
            field.queryset = queryset.select_related("project")  # type: ignore[attr-defined]
            field.label_from_instance = lambda row: f"{row} · {row.project}"  # type: ignore[attr-defined]


class LetterField(forms.CharField):
    """Text to the letter: nothing is stripped. Browsers send CRLF for a line's end whatever was there."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)

    def to_python(self, value: Any) -> Any:
        """The text with the line ends people type."""
        text = super().to_python(value)
        return text.replace("\r\n", "\n") if isinstance(text, str) else text

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether anything but the line ends differs."""
        return bool((initial or "").replace("\r\n", "\n") != (data or "").replace("\r\n", "\n"))


class LocalDateTime(forms.DateTimeInput):
    """The browser's own picker, in the reader's zone."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"step": "1", **(attrs or {})}, format="%Y-%m-%dT%H:%M:%S")
