"""Saving and deleting configuration rows: one way for console and API, whatever the model."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, ProtectedError, RestrictedError
from django.utils.translation import gettext as _

from core import access, search
from core.access import Right
from core.actor import Actor, acting
from core.errors import Conflict, InUse, Invalid, Stale
from core.flows.lines import check_one_line, looks_empty
from core.models.base import Versioned
from core.models.classification import Classification
from core.models.organizations import Organization, Project
from core.signals import RowRenamed, row_renamed
from core.validators import UNSTORABLE

# Boolean fields of which one row a project carries the mark; setting it moves it.
EXCLUSIVE_FLAGS = ("default", "for_stable")
# Columns that tell of a change and are none.
KEPT_BY_ITSELF = frozenset({"version", "updated_at"})
# What an earlier version let pass may stay as it is.
OF_ONE_LINE = frozenset({"name", "title"})
# Of the columns that have no length of their own.
LONGEST_TEXT = 200_000


@transaction.atomic
def save(instance: Any, *, actor: Actor, now: datetime, version: int | None = None, parts_change: bool = False) -> Any:
    """Create or update a configuration row, with its history. What equals the row as it is writes nothing.

    A mark that one row of the project carries (default) moves from the other row.

    :param parts_change: rows that are shown with it change, and its version with them.
    :raises Invalid: a field is wrong; :raises Conflict: the name is taken; :raises Stale: changed meanwhile.
    """
    _require(instance, actor)
    there = _claim(instance, version) if instance.pk and isinstance(instance, Versioned) else None
    _keep_a_default(instance, there)
    _move_marks(instance, actor)
    _validate(instance, actor, there)
    if there is not None:
        if not (parts_change or _differs(instance, there)):
            return instance
        instance.version = there.version + 1
    with acting(actor):
        instance.save()
    if there is not None and getattr(there, "name", None) != getattr(instance, "name", None):
        row_renamed.send(sender=type(instance), payload=RowRenamed(row=instance))
    return instance


def create(instance: Any, *, actor: Actor) -> None:
    """Check and store a new row. For flows that have asked access themselves.

    :raises Invalid: a field is wrong; :raises Conflict: the name is taken.
    """
    _move_marks(instance, actor)
    _validate(instance, actor)
    with acting(actor):
        instance.save()


@transaction.atomic
def delete(instance: Any, *, actor: Actor) -> None:
    """Delete a row that nothing uses.

    :raises InUse: while something refers to it; disable it instead.
    """
    _require(instance, actor)
    if isinstance(instance, Project):
        access.require(actor, Right.OWN, instance.organization)
    if isinstance(instance, Classification) and instance.default:
        raise InUse(_("“%(name)s” is the default; make another one the default first.") % {"name": instance})
    _refuse_carried(instance)
    key = instance.pk
    try:
        with acting(actor), transaction.atomic():
            instance.delete()
            search.forget(type(instance), key)
    except (ProtectedError, RestrictedError):
        raise InUse(_("“%(name)s” is used and cannot be deleted. Disable it instead.") % {"name": instance}) from None


def _refuse_carried(instance: Any) -> None:
    """A tag goes from no subject in silence: the database would just drop the rows between the two."""
    for relation in instance._meta.related_objects:
        if (
            relation.many_to_many
            and relation.through._base_manager.filter(**{relation.field.m2m_reverse_field_name(): instance}).exists()
        ):
            raise InUse(_("“%(name)s” is used and cannot be deleted. Disable it instead.") % {"name": instance})


def _require(instance: Any, actor: Actor) -> None:
    if isinstance(instance, Organization):
        access.require(actor, Right.OWN, instance)
    elif isinstance(instance, Project):
        access.require(actor, Right.ADMINISTER, instance)
    elif getattr(instance, "project_id", None):
        access.require(actor, Right.CONFIGURE, instance.project)
    elif getattr(instance, "organization_id", None):
        access.require(actor, Right.CONFIGURE, instance.organization)
    elif not actor.trusted:
        raise Invalid(_("Choose the project."), field="project")


def _claim(instance: Any, expected: int | None) -> Any:
    """The row as it is stored, locked, or a refusal because it changed."""
    there = type(instance)._base_manager.select_for_update(of=("self",)).filter(pk=instance.pk).first()
    if there is None or there.version != (instance.version if expected is None else expected):
        raise Stale(_("Somebody else changed “%(name)s” meanwhile. Look at it again.") % {"name": there or instance})
    for field in ("project_id", "organization_id"):
        if getattr(there, field, None) != getattr(instance, field, None):
            raise Invalid(_("It stays where it is; make a new one there."), field=field.removesuffix("_id"))
    return there


def _differs(instance: Any, there: Any) -> bool:
    names = [field.attname for field in instance._meta.concrete_fields if field.name not in KEPT_BY_ITSELF]
    return any(getattr(instance, name) != getattr(there, name) for name in names)


def _keep_a_default(instance: Any, there: Any) -> None:
    """The default of a classification moves to another row; it is not just taken away, and can be chosen."""
    if not isinstance(instance, Classification):
        return
    if there is not None and there.default and not instance.default:
        raise Invalid(_("Make another one the default instead."), field="default")
    if instance.default and not instance.enabled:
        raise Invalid(_("The default cannot be disabled; make another one the default first."), field="enabled")


def _move_marks(instance: Any, actor: Actor) -> None:
    scope = "organization" if isinstance(instance, Project) else "project"
    for flag in EXCLUSIVE_FLAGS:
        if not getattr(instance, flag, False):
            continue
        others = _peers(instance, scope).filter(**{flag: True}).exclude(pk=instance.pk)
        for other in others.select_for_update(of=("self",)):
            setattr(other, flag, False)
            other.version += 1
            with acting(actor):
                other.save(update_fields=[flag, "version", "updated_at"])


def _peers(instance: Any, scope: str) -> Any:
    peers = type(instance)._base_manager.filter(**{scope: getattr(instance, f"{scope}_id")})
    return peers.filter(kind=instance.kind) if hasattr(instance, "kind") else peers


def _validate(instance: Model, actor: Actor, there: Any = None) -> None:
    _texts(instance, there)
    _foreign_projects(instance)
    try:
        instance.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise invalid_from(error) from error
    _taken(instance, actor)
    try:
        instance.validate_constraints()
    except ValidationError as error:
        raise invalid_from(error) from error


def _texts(instance: Model, there: Any) -> None:
    for field in instance._meta.concrete_fields:
        value = getattr(instance, field.attname)
        if not isinstance(value, str):
            continue
        if UNSTORABLE.search(value):
            raise Invalid(_("The text holds a NUL character or half a character; remove it."), field=field.name)
        if value and looks_empty(value) and not field.blank:
            raise Invalid(_("This cannot be empty."), field=field.name)
        if field.name in OF_ONE_LINE and value != getattr(there, field.attname, None):
            check_one_line(value, field.name)
        if len(value) > LONGEST_TEXT:
            raise Invalid(_("At most %(number)s characters.") % {"number": LONGEST_TEXT}, field=field.name)


def _foreign_projects(instance: Any) -> None:
    """A reference into another project is refused, whoever may see that one."""
    if not getattr(instance, "project_id", None):
        return
    for field in instance._meta.concrete_fields:
        other = getattr(instance, field.name, None) if field.is_relation and field.name != "project" else None
        if other is not None and getattr(other, "project_id", instance.project_id) != instance.project_id:
            raise Invalid(_("“%(name)s” belongs to another project.") % {"name": other}, field=field.name)


def _taken(instance: Any, actor: Actor) -> None:
    """Refuse a natural key that exists, naming the row there."""
    for names in _natural_keys(instance):
        values = {name: getattr(instance, name) for name in names}
        if any(value is None for value in values.values()):
            continue
        there = type(instance)._base_manager.filter(**values).exclude(pk=instance.pk).first()
        if there is not None:
            message = _("“%(value)s” exists already.") % {"value": values[names[-1]]}
            raise Conflict(message, field=names[-1], **_known_as(there, actor))


def _natural_keys(instance: Any) -> Iterator[Sequence[str]]:
    """The names of the fields that are unique together, whatever the row's state."""
    for constraint in instance._meta.constraints:
        if getattr(constraint, "fields", ()) and getattr(constraint, "condition", None) is None:
            yield constraint.fields
    for field in instance._meta.concrete_fields:
        if field.unique and not field.primary_key and field.name != "uuid":
            yield (field.name,)


def _known_as(there: Any, actor: Actor) -> dict[str, str]:
    """The id of the row in the way, for those who may see it: some keys are unique across organizations."""
    seen = actor.trusted or type(there).objects.visible_to(actor.user).filter(pk=there.pk).exists()
    return {"id": str(there.uuid)} if seen else {}


def invalid_from(error: ValidationError) -> Invalid:
    """The first message of a Django validation error as a flow's refusal that names the field."""
    if hasattr(error, "error_dict"):
        field, messages = next(iter(error.message_dict.items()))
        return Invalid(messages[0], field="" if field == "__all__" else field)
    return Invalid(error.messages[0])
