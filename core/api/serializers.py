"""Bodies and answers. A body names only what can be written; an answer can be cut down to `?fields=`."""

from typing import Any, ClassVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from core.api.errors import field_error
from core.api.fields import Choice, Flag, Moment, Text, Whole
from core.models import Project


class Answer(serializers.Serializer):
    """What is read. With `fields` in the context the outermost one keeps only those."""

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        wanted = self.context.get("fields")
        return {name: field for name, field in fields.items() if name in wanted} if wanted and self._outer() else fields

    def _outer(self) -> bool:
        parent = self.parent
        return parent is None or (isinstance(parent, serializers.ListSerializer) and parent.parent is None)


class Body(serializers.Serializer):
    """What is written. A field that it does not know is refused by name.

    :ivar scope: the project the body is about, for references into it.
    """

    scope: Project | None = None

    def to_internal_value(self, data: Any) -> Any:
        writable = {name for name, field in self.fields.items() if not field.read_only}
        strange = sorted(set(data) - writable) if isinstance(data, dict) else []
        if strange:
            raise serializers.ValidationError({name: [self._refusal(name)] for name in strange})
        self.scope = self.find_scope(data)
        return super().to_internal_value(data)

    def find_scope(self, data: Any) -> Project | None:
        """The project: named in the body, or the one the row is in."""
        if self.instance is not None:
            project: Project | None = getattr(self.instance, "project", None)
            return project
        field = self.fields.get("project")
        if field is None or data.get("project") is None:
            return None
        try:
            found: Project = field.run_validation(data["project"])
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"project": error.detail}) from None
        return found

    def _refusal(self, name: str) -> ErrorDetail:
        if name in self.fields:
            return ErrorDetail(_("This is not for writing."), "read_only")
        return ErrorDetail(_("There is no such field."), "unknown")


class Nothing(Body):
    """An empty body."""


class Reason(Body):
    """Why."""

    reason = Text(max_length=2000)


class RecordSerializer(Body, Answer, serializers.ModelSerializer):
    """A configuration row, read and written by the same fields. Rules and uniqueness are the flow's to say."""

    serializer_field_mapping: ClassVar[dict[Any, Any]] = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: Text,
        models.TextField: Text,
        models.EmailField: Text,
        models.BooleanField: Flag,
        models.IntegerField: Whole,
        models.PositiveIntegerField: Whole,
        models.PositiveSmallIntegerField: Whole,
        models.DateTimeField: Moment,
    }
    serializer_choice_field = Choice

    id = serializers.UUIDField(source="uuid", read_only=True)

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        """Without Django's own validators: `full_clean` in the flow runs them, and finds a taken name for a 409."""
        field_class, options = super().build_standard_field(field_name, model_field)
        options.pop("validators", None)
        if issubclass(field_class, Moment):
            options.pop("max_value", None)
        return field_class, options

    def get_validators(self) -> list[Any]:
        return []


def check_fields(text: str, known: Any) -> frozenset[str]:
    """The names of `?fields=`.

    :raises ValidationError: naming one that the answer does not have.
    """
    names = split_names(text)
    strange = sorted(names - set(known))
    if strange:
        words = {"name": strange[0][:80], "names": ", ".join(sorted(known))}
        raise field_error("fields", _("“%(name)s” is not one of %(names)s.") % words, "unknown")
    return names


def split_names(text: str) -> frozenset[str]:
    """The names in a list with commas."""
    return frozenset(name.strip() for name in text.split(","))


def linked(row: Any, name: str) -> Any:
    """The row at the far end of a one-to-one relation, or None."""
    try:
        return getattr(row, name)
    except ObjectDoesNotExist:
        return None
