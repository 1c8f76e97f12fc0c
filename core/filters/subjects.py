"""The fields that every kind of subject has. An app's `filterable.py` registers them for its model."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.filters.fields import Field, Moment, Reference, Several, Text, Word
from core.models.subjects import Subject, Visibility


def subject_fields(model: type[Subject], *, lead: str, lead_label: Any) -> list[Field]:
    """The fields of a subject. `lead` is what the field of who leads it is called (commander, assignee)."""
    return [
        *(_reference(model, name) for name in ("project", "type", "severity", "priority")),
        Word(name="status", label=_("Status"), path="status", choices=[value for value, _label in _statuses(model)]),
        Word(name="visibility", label=_("Visibility"), path="visibility", choices=Visibility.values),
        Text(name="title", label=_("Title"), path="title"),
        Text(name="description", label=_("Description"), path="description"),
        Several(name="tags", label=_("Tags"), path="tag", rows=_tags(model)),
        Several(name="tag_types", label=_("Tag types"), path="tag__tag_type", rows=_tags(model)),
        Several(name="participant", label=_("Participant"), path="individual", natural="email", rows=_people(model)),
        Several(name=lead, label=lead_label, path="participant__individual", natural="email", rows=_lead(model)),
        Moment(name="reported_at", label=_("Reported"), path="reported_at"),
        Moment(name="closed_at", label=_("Closed"), path="closed_at"),
    ]


def _reference(model: type[Subject], name: str) -> Field:
    related: Any = model._meta.get_field(name)
    return Reference(name=name, label=related.verbose_name, path=name, model=related.related_model)


def _statuses(model: Any) -> list[tuple[str, Any]]:
    return list(model._meta.get_field("status").choices or [])


def _tags(model: Any) -> Any:
    def rows(key: Any) -> QuerySet[Any]:
        found: QuerySet[Any] = model.tags.through._base_manager.filter(**{f"{model.kind}_id": key})
        return found

    return rows


def _people(model: Any) -> Any:
    """Who takes part now; who left does not."""
    participants = model._meta.get_field("participants").related_model

    def rows(key: Any) -> QuerySet[Any]:
        found: QuerySet[Any] = participants._base_manager.filter(**{f"{model.kind}_id": key}, left_at=None)
        return found

    return rows


def _lead(model: Any) -> Any:
    """Who leads it now; of a closed one, who led it when it was closed."""
    roles = model._meta.get_field("roles").related_model

    def rows(key: Any) -> QuerySet[Any]:
        held = Q(renounced_at=None) | Q(ended_by__isnull=False, **{f"{model.kind}__status": "closed"})
        found: QuerySet[Any] = roles._base_manager.filter(held, role=model.lead_role, **{f"{model.kind}_id": key})
        return found

    return rows
