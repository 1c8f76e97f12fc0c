"""Writing the index: the document's row and its full-text entry, in the transaction of the change."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.db import models, transaction

from core.models.subjects import Subject, SubjectRelated
from core.search import engine, words
from core.search.models import SearchDocument
from core.search.sources import Source, sources


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is found of an object. None instead of an entry: it must not be found (deleted)."""

    title: str
    body: str = ""
    project_id: int | None = None
    organization_id: int | None = None
    incident_id: int | None = None
    case_id: int | None = None
    restricted: bool = False


Describe = Callable[[Any], Entry | None]


@dataclass(frozen=True)
class Kind:
    """A registered kind of object. `prefetch` are the relations that `describe` reads."""

    name: str
    model: type[models.Model]
    describe: Describe
    prefetch: tuple[str, ...] = ()


_kinds: dict[str, Kind] = {}
WRITTEN = ["title", "body", "project", "organization", "incident", "case", "restricted", "updated_at"]


def register(name: str, model: type[models.Model], describe: Describe, *, prefetch: Iterable[str] = ()) -> None:
    """Make the model's objects findable under a kind; called in an app's `searchable.py`."""
    _kinds[name] = Kind(name, model, describe, tuple(prefetch))


def kinds() -> dict[str, Kind]:
    """The registered kinds by name."""
    return dict(_kinds)


def model_of(kind: str) -> type[models.Model] | None:
    """The model that a hit's kind stands for."""
    known = {name: each.model for name, each in _kinds.items()} | {each.name: each.model for each in sources()}
    return known.get(kind)


@transaction.atomic(savepoint=False)
def index_new(instance: Any) -> None:
    """Write what is found of an object that was made just now, so that nothing is there of it yet."""
    for kind in _kinds_of(instance):
        _write(kind, [instance], new=True)


@transaction.atomic(savepoint=False)
def index(instance: Any) -> None:
    """Write, or take out, what is found of the object; of a subject also what belongs to it, when its visibility
    changed or it went or came back.
    """
    for kind in _kinds_of(instance):
        before = _access(kind, instance)
        _write(kind, [instance])
        if isinstance(instance, Subject) and before != _access(kind, instance):
            _write_belongings(instance)


@transaction.atomic
def remove(kind: str, object_id: int) -> None:
    """Take an object out of the index."""
    _remove(kind, [object_id])


def forget(model: type[models.Model], object_id: int) -> None:
    """Take a deleted object of the model out of the index, whatever kinds it was found as."""
    for kind in _kinds.values():
        if issubclass(model, kind.model):
            remove(kind.name, object_id)


def rebuild(batch: int = 200) -> Iterator[tuple[str, int]]:
    """Write the whole index anew, batch by batch; yields kind and how many are done. People may work meanwhile.

    A table that is lost or broken is made anew first.
    """
    engine.mend()
    for kind in _kinds.values():
        yield from _rebuild_kind(kind, batch)
    for source in sources():
        yield from _rebuild_source(source, batch)


def fill(batch: int = 200) -> Iterator[tuple[str, int]]:
    """Write the kinds and sources that hold nothing of what there is, as after an upgrade; yields as `rebuild` does."""
    for kind in _kinds.values():
        if not SearchDocument.objects.filter(kind=kind.name).exists() and kind.model._base_manager.exists():
            yield from _rebuild_kind(kind, batch)
    for source in sources():
        if source.is_unfilled():
            yield from _rebuild_source(source, batch)


def rewrite(name: str, keys: list[int], batch: int = 200) -> Iterator[tuple[str, int]]:
    """Write objects of a kind anew, batch by batch; yields kind and how many are done. People may work meanwhile."""
    kind = _kinds[name]
    for start in range(0, len(keys), batch):
        wanted = keys[start : start + batch]
        # What somebody is changing is passed over, then waited for one by one: so nobody waits for us in a circle.
        done = _rewrite(kind, wanted, skip_locked=True)
        for key in set(wanted) - done:
            _rewrite(kind, [key])
        yield kind.name, start + len(wanted)


def _rebuild_kind(kind: Kind, batch: int) -> Iterator[tuple[str, int]]:
    _drop_orphans(kind)
    yield from rewrite(kind.name, list(kind.model._base_manager.order_by("pk").values_list("pk", flat=True)), batch)


def _rebuild_source(source: Source, batch: int) -> Iterator[tuple[str, int]]:
    for count in source.rebuild(batch):
        yield source.name, count


@transaction.atomic
def _rewrite(kind: Kind, keys: list[int], **locking: bool) -> set[int]:
    """Index rows anew while nobody can change them. Returns which."""
    rows = kind.model._base_manager.select_for_update(of=("self",), no_key=True, **locking)
    found = list(rows.filter(pk__in=keys).order_by("pk").prefetch_related(*kind.prefetch))
    _write(kind, found)
    return {instance.pk for instance in found}


def _kinds_of(instance: Any) -> list[Kind]:
    return [kind for kind in _kinds.values() if isinstance(instance, kind.model)]


def _write(kind: Kind, instances: list[Any], *, new: bool = False) -> None:
    described = [(instance.pk, kind.describe(instance)) for instance in instances]
    _remove(kind.name, [key for key, entry in described if entry is None])
    documents = [
        SearchDocument(kind=kind.name, object_id=key, **_values(entry)) for key, entry in described if entry is not None
    ]
    if not documents:
        return
    SearchDocument.objects.bulk_create(
        documents, update_conflicts=True, unique_fields=["kind", "object_id"], update_fields=WRITTEN
    )
    write = engine.add if new else engine.put
    write([(document.pk, document.title, document.body) for document in documents])


def _write_belongings(subject: Subject) -> None:
    """Index anew what belongs to a subject: it is as visible as the subject."""
    for kind in _kinds.values():
        if issubclass(kind.model, SubjectRelated):
            rows = kind.model._base_manager.filter(**subject.as_owner)
            _write(kind, list(rows.prefetch_related(*kind.prefetch)))


def _values(entry: Entry) -> dict[str, Any]:
    return {**asdict(entry), "body": entry.body[: words.LONGEST_TEXT]}


def _access(kind: Kind, instance: Any) -> bool | None:
    """Whether what the index holds of an object is restricted; None when it holds nothing."""
    rows = SearchDocument.objects.filter(kind=kind.name, object_id=instance.pk)
    return rows.values_list("restricted", flat=True).first()


def _remove(kind: str, object_ids: list[int]) -> None:
    if object_ids:
        _forget(SearchDocument.objects.filter(kind=kind, object_id__in=object_ids))


@transaction.atomic
def _drop_orphans(kind: Kind) -> None:
    rows = SearchDocument.objects.filter(kind=kind.name)
    _forget(rows.exclude(object_id__in=kind.model._base_manager.values("pk")))


def _forget(documents: Any) -> None:
    engine.drop(list(documents.values_list("pk", flat=True)))
    documents.delete()
