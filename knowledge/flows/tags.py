"""Tags: keeping them, finding the ones meant, and one of an exclusive type at most."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from core.actor import Actor
from core.errors import Invalid
from core.flows import configuration
from core.models.organizations import Project
from knowledge.models import Tag, TagType


def save_tag_type(tag_type: TagType, *, actor: Actor, now: datetime, version: int | None = None) -> TagType:
    """Create or change a type of tags."""
    configuration.save(tag_type, actor=actor, now=now, version=version)
    return tag_type


def save_tag(tag: Tag, *, actor: Actor, now: datetime, version: int | None = None) -> Tag:
    """Create or change a tag.

    :raises Invalid: when its type is one of another project.
    """
    if tag.tag_type.project_id != tag.project_id:
        raise Invalid(_("The type “%(type)s” belongs to another project.") % {"type": tag.tag_type}, field="tag_type")
    configuration.save(tag, actor=actor, now=now, version=version)
    return tag


def resolve_tags(project: Project, names: Sequence[str]) -> list[Tag]:
    """The project's enabled tags that are meant by name, `Type/name` or id, in the order given and each once.

    :raises Invalid: when a name means no tag, several, or a disabled one.
    """
    rows = list(Tag.objects.filter(_meant(names), project=project).select_related("tag_type").order_by("pk"))
    found = [_the_one(name, rows) for name in names]
    return list(dict.fromkeys(found))


def check_exclusive(tags: Iterable[Tag]) -> None:
    """Stop two tags of a type that allows one.

    :raises Invalid: naming both.
    """
    seen: dict[int, Tag] = {}
    for tag in tags:
        if not tag.tag_type.exclusive:
            continue
        other = seen.setdefault(tag.tag_type_id, tag)
        if other != tag:
            names = {"one": other.name, "other": tag.name, "type": tag.tag_type.name}
            raise Invalid(_("“%(one)s” and “%(other)s” exclude each other: both are “%(type)s”.") % names, field="tags")


def _meant(names: Sequence[str]) -> Q:
    last_words = {name.split("/", 1)[1].strip() for name in names if "/" in name}
    ids = [uuid.UUID(name) for name in names if _is_id(name)]
    return Q(name__in={*names, *last_words}) | Q(uuid__in=ids)


def _the_one(name: str, rows: Sequence[Tag]) -> Tag:
    matches = [tag for tag in rows if name in {tag.name, str(tag.uuid)}] or [
        tag for tag in rows if name == f"{tag.tag_type.name}/{tag.name}"
    ]
    usable = [tag for tag in matches if tag.enabled]
    if len(usable) == 1:
        return usable[0]
    raise Invalid(_refusal(name, matches, usable), field="tags")


def _refusal(name: str, matches: Sequence[Tag], usable: Sequence[Tag]) -> str:
    if usable:
        ways = ", ".join(f"{tag.tag_type.name}/{tag.name}" for tag in usable)
        return _("Several tags are called “%(name)s”. Write one of %(ways)s.") % {"name": name, "ways": ways}
    if matches:
        return _("The tag “%(name)s” is disabled.") % {"name": name}
    return _("There is no tag “%(name)s” in this project.") % {"name": name}


def _is_id(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False
