"""What a list can be narrowed by: declared parameters, each read strictly, and words to search for."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from django_filters import Filter
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from drf_spectacular.utils import extend_schema_field
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from core import search
from core.api.errors import field_error
from core.api.fields import read_moment
from core.api.references import read_uuid, visible
from core.emails import normalise

LONGEST_SEARCH: Final = 200
MOST_VALUES: Final = 50


class Given(forms.Field):
    """A parameter that may be left out, and is checked when it is there, empty included."""

    several: ClassVar[bool] = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.SelectMultiple if self.several else None, label="")
        self.options = kwargs

    def clean(self, value: Any) -> Any:
        # The widget for several answers with an empty list when the parameter is not there.
        return None if value is None or value == [] else self.read(value)

    def read(self, value: Any) -> Any:
        """The value meant.

        :raises django.core.exceptions.ValidationError: when it is none.
        """
        raise NotImplementedError


class MomentField(Given):
    def read(self, value: str) -> datetime:
        moment = read_moment(value)
        if moment is None or not 1900 <= moment.year <= 9998:
            raise ValidationError(_("Give a date and time with its zone, for example 2026-11-24T09:41:00Z."))
        return moment


class FlagField(Given):
    def read(self, value: str) -> bool:
        if value not in {"true", "false"}:
            raise ValidationError(_("true or false."))
        return value == "true"


class WordsField(Given):
    several = True

    def read(self, value: list[str]) -> list[str]:
        words = self.options["words"]
        strange = [word for word in value if word not in words]
        if strange:
            message = _("“%(word)s” is not one of %(words)s.")
            raise ValidationError(message, params={"word": strange[0][:80], "words": ", ".join(words)})
        return value


class NamesField(Given):
    several = True

    def read(self, value: list[str]) -> list[str]:
        if len(value) > MOST_VALUES or not all(value):
            raise ValidationError(_("Give ids or names, at most %(most)d."), params={"most": MOST_VALUES})
        return value


class ParameterFilter(Filter):
    """A filter whose field says what is wrong. An untold value filters nothing."""

    def __init__(self, field_name: str | None = None, lookup_expr: str = "exact", **kwargs: Any) -> None:
        super().__init__(field_name, lookup_expr, label="", **kwargs)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs if value is None else self.narrow(qs, value)

    def narrow(self, rows: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return rows.filter(**{f"{self.field_name}__{self.lookup_expr}": value})


@extend_schema_field({"type": "string", "format": "date-time"})
class MomentFilter(ParameterFilter):
    """Before or after a moment (`lookup_expr` lt or gt)."""

    field_class = MomentField


@extend_schema_field({"type": "boolean"})
class FlagFilter(ParameterFilter):
    """true or false."""

    field_class = FlagField


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class TextsFilter(ParameterFilter):
    """Exactly this text, or one of several."""

    field_class = NamesField

    def __init__(self, field_name: str) -> None:
        super().__init__(field_name, "in")


class WordsFilter(ParameterFilter):
    """One of a few words, or several of them: `status=active&status=stable`."""

    field_class = WordsField

    def __init__(self, words: Iterable[str], field_name: str | None = None) -> None:
        words = list(words)
        super().__init__(field_name, "in", words=words)
        extend_schema_field({"type": "array", "items": {"type": "string", "enum": words}})(self)


@extend_schema_field({"type": "array", "items": {"type": "string"}, "description": "Ids or names."})
class ReferenceFilter(ParameterFilter):
    """Rows that point at what is named by id or natural name. A name may mean several; one that means none is refused.

    With `several` given, any of them will do.
    """

    field_class = NamesField

    def __init__(self, model: type[Model], field_name: str | None = None, *, natural: str = "name") -> None:
        self.model_meant, self.natural = model, natural
        super().__init__(field_name, "in")

    def narrow(self, rows: QuerySet[Any], value: list[str]) -> QuerySet[Any]:
        return self.pointing_at(rows, self.resolve(value))

    def pointing_at(self, rows: QuerySet[Any], keys: list[int]) -> QuerySet[Any]:
        return super().narrow(rows, keys)

    def resolve(self, names: list[str]) -> list[int]:
        """Primary keys of what is meant, among what the caller may see."""
        spelled = {self._spelled(name): name for name in names}
        ids = [key for name in spelled if (key := read_uuid(name))]
        meant = visible(self.model_meant, self.parent.request.user).filter(
            Q(uuid__in=ids) | Q(**{f"{self.natural}__in": list(spelled)})
        )
        found = list(meant.values_list("pk", "uuid", self.natural))
        known = {str(key) for _pk, key, _name in found} | {name for _pk, _key, name in found}
        for spelling, name in spelled.items():
            if spelling not in known:
                words = {"kind": self.model_meant._meta.verbose_name, "name": name[:80]}
                message = _("There is no %(kind)s “%(name)s” that you may see.") % words
                raise field_error(self._parameter(), message, "unknown")
        return [pk for pk, _key, _name in found]

    def _spelled(self, name: str) -> str:
        """The name as we keep it: ids in small letters, addresses normalised."""
        if read_uuid(name):
            return name.lower()
        try:
            return normalise(name) if self.natural == "email" else name
        except ValueError:
            return name

    def _parameter(self) -> str:
        return next(name for name, each in self.parent.filters.items() if each is self)


class RecordFilters(FilterSet):
    """What every record can be narrowed by."""

    updated_at_after = MomentFilter("updated_at", "gt")
    updated_at_before = MomentFilter("updated_at", "lt")


class DeclaredFilters(DjangoFilterBackend):
    """The view's `filterset_class`."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        asked = self.get_filterset_class(view, queryset)
        # Most calls ask for none, and a form of two dozen fields takes a twentieth of their time.
        if asked is None or asked.base_filters.keys().isdisjoint(request.query_params):
            return queryset
        found: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return found


class WordSearch(BaseFilterBackend):
    """`?search=` over what the view's `search_kind` has in the index."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        text = request.query_params.get("search", "").strip()
        if not text:
            return queryset
        if len(text) > LONGEST_SEARCH:
            raise field_error("search", _("At most %(most)d characters.") % {"most": LONGEST_SEARCH})
        return queryset.filter(pk__in=search.matching_ids(request.user, view.search_kind, text))

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        if not view.search_kind:
            return []
        schema = {"type": "string", "maxLength": LONGEST_SEARCH}
        words = "Words to find; the newest 1,000 matches are looked through."
        return [{"name": "search", "in": "query", "required": False, "description": words, "schema": schema}]
