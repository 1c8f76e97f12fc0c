"""Importing past incidents from VERIS records, in batches, once each."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction

from core.actor import Actor
from core.errors import FlowError
from core.flows import configuration, subjects
from core.models.organizations import Project
from core.models.subjects import ExternalKey, SubjectLink
from incidents import veris
from incidents.flows.declaring import record_past
from incidents.models import Incident, Severity, Type
from knowledge.models import Tag, TagType

SYSTEM = "veris"
BATCH = 200


@dataclass
class Report:
    """What an import did: counts, repeated identifiers with how often they came, and what it could not map or read."""

    created: int = 0
    there: int = 0
    repeated: Counter[str] = field(default_factory=Counter)
    unmapped: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)


class Importer:
    """Imports one project's records. Committed batch by batch, so that stopping loses at most one batch's work.

    An identifier that comes again in a file is a record of its own under `ID#2`, linked to the first one.
    """

    def __init__(self, *, project: Project, actor: Actor, now: datetime) -> None:
        self.project, self.actor, self.now = project, actor, now
        self.report = Report()
        self._types: dict[str, Type] = {}
        self._severities = {row.name: row for row in Severity.objects.filter(project=project)}
        self._tags: dict[tuple[str, str], Tag] = {}

    def run(self, records: Iterable[dict[str, Any]]) -> Iterator[Report]:
        """Import the records of one file; yields the running report after each batch."""
        seen: Counter[str] = Counter()
        first: dict[str, str] = {}
        rows = iter(records)
        while batch := list(islice(rows, BATCH)):
            keyed = [self._keyed(record, seen) for record in batch]
            with transaction.atomic():
                there = self._there(key for key, _ in keyed)
                for key, record in keyed:
                    self._take(key, record, there, first)
            yield self.report

    def _keyed(self, record: dict[str, Any], seen: Counter[str]) -> tuple[str, dict[str, Any]]:
        identifier = str(record.get("incident_id", ""))
        seen[identifier] += 1
        if seen[identifier] > 1:
            self.report.repeated[identifier] = seen[identifier]
        return (identifier if seen[identifier] == 1 else f"{identifier}#{seen[identifier]}"), record

    def _there(self, keys: Iterable[str]) -> set[str]:
        return set(ExternalKey.objects.filter(system=SYSTEM, key__in=list(keys)).values_list("key", flat=True))

    def _take(self, key: str, record: dict[str, Any], there: set[str], first: dict[str, str]) -> None:
        try:
            past = veris.mapped(record, self.now)
            self.report.unmapped.update(past.unmapped)
            earlier = first.setdefault(past.key, past.digest)
            if key in there:
                self.report.there += 1
                return
            # Outside the savepoint: a refused record must not take back what later ones use.
            words = {"type": self._type(past.type), "tags": [self._tag(*pair) for pair in past.tags]}
            with transaction.atomic():
                incident = self._record(key, past, words)
                if key != past.key:
                    self._link(incident, past, same=earlier == past.digest)
        except (veris.Unreadable, FlowError) as error:
            self.report.refused.append(f"{key or '(no identifier)'}: {error}")
            return
        self.report.created += 1

    def _record(self, key: str, past: veris.PastIncident, words: dict[str, Any]) -> Incident:
        return record_past(
            actor=self.actor,
            now=self.now,
            project=self.project,
            title=past.title,
            description=past.description,
            severity=self._severities.get(past.severity),
            reported_at=past.reported_at,
            stable_at=past.closed_at,
            closed_at=past.closed_at,
            external_key=(SYSTEM, key),
            events=past.events,
            **words,
        )

    def _link(self, incident: Incident, past: veris.PastIncident, *, same: bool) -> None:
        """Join a repeated identifier to the first record of it: a duplicate when every field is the same."""
        original = ExternalKey.objects.get(system=SYSTEM, key=past.key).incident
        kind = SubjectLink.Kind.DUPLICATE_OF if same else SubjectLink.Kind.RELATED
        subjects.link(source=incident, target=original, kind=kind, actor=self.actor, now=self.now)

    def _type(self, name: str) -> Type:
        if name not in self._types:
            there = Type.objects.filter(project=self.project, name=name).first()
            self._types[name] = there or configuration.save(
                Type(project=self.project, name=name, description=f"VERIS action: {name.lower()}"),
                actor=self.actor, now=self.now,
            )  # fmt: skip
        return self._types[name]

    def _tag(self, group: str, name: str) -> Tag:
        if (group, name) not in self._tags:
            tag_type = TagType.objects.filter(project=self.project, name=group).first() or configuration.save(
                TagType(project=self.project, name=group, exclusive=group in veris.EXCLUSIVE),
                actor=self.actor,
                now=self.now,
            )
            there = Tag.objects.filter(tag_type=tag_type, name=name).first()
            self._tags[group, name] = there or configuration.save(
                Tag(project=self.project, tag_type=tag_type, name=name), actor=self.actor, now=self.now
            )
        return self._tags[group, name]
