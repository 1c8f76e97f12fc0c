"""Saved views of lists: one's own, and those shared in one's projects."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api import etags
from core.api.configuration import ConfigurationViewSet
from core.api.fields import Moment, Text, Whole
from core.api.filters import RecordFilters, ReferenceFilter, TextsFilter
from core.api.references import PersonalReference, Reference
from core.api.serializers import Answer, Body
from core.flows import views
from core.models import Project, SavedView, User

MOST_VALUES = 100


@extend_schema_field({
    "type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}},
    "example": {"tab": ["stable"], "severity": ["High"]},
})  # fmt: skip
class QuestionField(serializers.Field):
    """What a list is asked: its parameters, each with its values."""

    def to_internal_value(self, data: Any) -> dict[str, list[str]]:
        fits = isinstance(data, dict) and all(map(_is_values, data.values()))
        if not fits or sum(map(len, data.values())) > MOST_VALUES:
            raise serializers.ValidationError(_("Give an object of lists of texts."))
        return dict(data)

    def to_representation(self, value: Any) -> Any:
        return value


class SavedViewSerializer(Answer):
    """A list as somebody keeps it. It holds a question and no answer: whoever opens it finds what they may see."""

    id = serializers.UUIDField(source="uuid")
    version = Whole()
    list = Text(source="listing")
    name = Text()
    query = QuestionField()
    columns = serializers.ListField(child=Text(), help_text="Empty: the reader's own.")
    project = Reference(Project, allow_null=True, help_text="Where it is shared; null for oneself.")
    user = PersonalReference(User, help_text="Who made it.")
    is_own = serializers.SerializerMethodField()
    created_at = Moment()
    updated_at = Moment()

    def get_is_own(self, view: SavedView) -> bool:
        """Whether the caller made it."""
        return views.is_own(self.context["request"].user, view)


class SavedViewBody(Body):
    """A new name, question, columns or readers."""

    name = Text(max_length=views.LONGEST_NAME)
    query = QuestionField()
    columns = serializers.ListField(child=Text(max_length=32), max_length=50, required=False)
    project = Reference(Project, allow_null=True, required=False, help_text="Share it here; null takes it back.")


class NewSavedViewBody(SavedViewBody):
    """What is kept of which list."""

    list = Text(max_length=32)


class SavedViewFilters(RecordFilters):
    """Views by list and by where they are shared."""

    list = TextsFilter("listing")
    project = ReferenceFilter(Project)


class SavedViewViewSet(ConfigurationViewSet):
    """Saved views: the caller's own, and those shared in their projects. Each changes their own; managers delete
    shared ones.
    """

    area = "configuration"
    model = SavedView
    related = ("project", "user")
    serializer_class = SavedViewSerializer
    filterset_class = SavedViewFilters
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {
        "create": NewSavedViewBody, "partial_update": SavedViewBody,
    }  # fmt: skip

    def partial_update(self, request: Any, *_args: Any, **_kwargs: Any) -> Any:
        view = self.get_object()
        version = etags.expected_version(request, view)
        views.change_view(view=view, actor=self.actor, now=self.now, version=version, **self.body(view))
        return self.answer(self.get_queryset().get(pk=view.pk))

    def delete_row(self, row: Any) -> None:
        views.delete_view(view=row, actor=self.actor, now=self.now)

    def _create(self) -> SavedView:
        body = self.body()
        listing = body.pop("list")
        return views.save_view(listing=listing, actor=self.actor, now=self.now, replaces=False, **body)


def _is_values(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)
