"""References: written as an id or a natural name, read as a small object."""

import uuid
from typing import Any, Final

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.plumbing import ResolvedComponent
from rest_framework import serializers

from core.emails import normalise

LONGEST_NAME: Final = 300
# What the schema calls the small objects, by what they show beside the id.
SMALL_NAMES: Final = {("name",): "NamedReference", ("name", "email"): "PersonReference"}


class Reference(serializers.Field):
    """Another row: `{"id", "name"}` when read, its id or name when written.

    Only what the caller may see is found; for the rest the answer is the same as for what does not exist.

    :ivar natural: the column of the natural name; :ivar shows: the members of the small object beside `id`.
    :ivar scoped: only rows of the project that the surrounding body is about (`body.scope`).
    """

    default_error_messages = {
        "invalid": _("Give an id or a name."),
        "unknown": _("There is no such %(kind)s that you may see."),
        "ambiguous": _("Several are called “%(name)s”. Use the id."),
    }

    def __init__(
        self,
        model: type[Model],
        *,
        natural: str = "name",
        shows: tuple[str, ...] = ("name",),
        scoped: bool = False,
        **kwargs: Any,
    ) -> None:
        self.model, self.natural, self.shows, self.scoped = model, natural, shows, scoped
        super().__init__(**kwargs)

    def to_representation(self, value: Any) -> dict[str, Any]:
        return small(value, self.shows)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or not data or len(data) > LONGEST_NAME:
            self.fail("invalid")
        found = list(self.candidates().filter(self.meant(data)).order_by("pk")[:2])
        if len(found) == 1:
            return found[0]
        words = {"kind": self.model._meta.verbose_name, "name": data}
        code = "ambiguous" if found else "unknown"
        raise serializers.ValidationError(self.error_messages[code] % words, code)

    def candidates(self) -> QuerySet[Any]:
        """What the caller may refer to."""
        rows: QuerySet[Any] = visible(self.model, self.context["request"].user)
        body: Any = self.root
        return rows.filter(project=body.scope) if self.scoped else rows

    def meant(self, text: str) -> Q:
        key = read_uuid(text)
        return Q(uuid=key) if key else Q(**{self.natural: text})


class PersonalReference(Reference):
    """A person's row: read with the e-mail, written by id or e-mail."""

    default_error_messages = {"invalid": _("Give an id or an e-mail address.")}

    def __init__(self, model: type[Model], **kwargs: Any) -> None:
        super().__init__(model, natural="email", shows=("name", "email"), **kwargs)

    def to_representation(self, value: Any) -> dict[str, Any]:
        return person(value)

    def meant(self, text: str) -> Q:
        try:
            return Q(**{self.natural: normalise(text)})
        except ValueError:
            return super().meant(text)


class Smalls(Reference):
    """Several rows as small objects, only read. The view has prefetched them."""

    def __init__(self, model: type[Model], **kwargs: Any) -> None:
        super().__init__(model, read_only=True, **kwargs)

    def to_representation(self, value: Any) -> Any:
        return [small(row, self.shows) for row in value.all()]


class Person(Reference):
    """A person or account, only read."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Model, shows=("name", "email"), read_only=True, **kwargs)

    def to_representation(self, value: Any) -> dict[str, Any]:
        return person(value)


class ReferenceSchema(OpenApiSerializerFieldExtension):
    """How references stand in the schema."""

    target_class = "core.api.references.Reference"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        if direction == "request":
            return {"type": "string", "maxLength": LONGEST_NAME, "description": self._how_to_write()}
        one = small_schema(auto_schema, self.target.shows)
        return {"type": "array", "items": one} if isinstance(self.target, Smalls) else one

    def _how_to_write(self) -> str:
        return f"An id, or the {self.target.natural.replace('_', ' ')}."


def small_schema(auto_schema: Any, shows: tuple[str, ...]) -> dict[str, Any]:
    """A pointer to the small object's schema. Each stands once and has a name, so a generated client has one class."""
    members: dict[str, Any] = {"id": {"type": "string", "format": "uuid"}}
    members.update({name: {"type": "string"} for name in shows})
    schema = {"type": "object", "properties": members, "required": list(members)}
    name = SMALL_NAMES[shows]
    component = ResolvedComponent(name=name, type=ResolvedComponent.SCHEMA, schema=schema, object=name)
    auto_schema.registry.register_on_missing(component)
    pointer: dict[str, Any] = component.ref
    return pointer


def small(row: Any, shows: tuple[str, ...] = ("name",)) -> dict[str, Any]:
    """The small object that stands for a row."""
    return {"id": str(row.uuid), **{name: getattr(row, name) for name in shows}}


def person(row: Any) -> dict[str, Any]:
    """The small object that stands for a person or account."""
    return {"id": str(row.uuid), "name": str(row), "email": row.email}


def visible(model: Any, user: Any) -> QuerySet[Any]:
    """What the user may see of a model."""
    rows: QuerySet[Any] = model.objects.visible_to(user)
    return rows


def read_uuid(text: str) -> uuid.UUID | None:
    """The id the text spells in the usual way, or None: 32 digits in a row may be somebody's name."""
    try:
        key = uuid.UUID(text)
    except ValueError:
        return None
    return key if str(key) == text.lower() else None
