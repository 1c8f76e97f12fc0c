"""Grows one database of incidents, a thousand at a time, with what an incident of the comparison has: four participants
with roles, one to four tags, twenty events in a whole chain, two tasks, names, moves and its part of the search.

One incident has a thousand events, a tenth is restricted, 84 of a hundred are closed, all within three years. The
member takes part in one of fifty.
"""

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from types import SimpleNamespace
from typing import Any, Final

from django.db import models

from bench import texts
from bench.copying import Rows, settle, trusted, write
from bench.world import World
from core.models import SearchDocument
from core.models.subjects import Sequence, StatusChange, SubjectName
from core.search import engine
from core.timeline import Event, EventPin, chain
from incidents.models import Incident
from people.models import Participant, Role, Task, TaskAssignee
from reporting.models import CostStatement

Status = Incident.Status
BATCH: Final = 1000
EVENTS, LONG_EVENTS = 20, 1000
LONG_ONE: Final = 7  # the number of the incident with a thousand events
SPAN = timedelta(days=3 * 365)
RESTRICTED, CLOSED, STABLE, MEMBERS = 0.10, 0.84, 0.08, 0.02
WRITTEN: Final = (
    Incident, SubjectName, StatusChange, Participant, Role, Task, TaskAssignee, Event, EventPin, CostStatement,
    SearchDocument, Incident.tags.through,
)  # fmt: skip
ROLES = (Role.Name.COMMANDER, Role.Name.REPORTER, Role.Name.PARTICIPANT, Role.Name.OBSERVER)


def grow(world: World, upto: int, now: datetime, tell: Callable[[int], None] = lambda _done: None) -> None:
    """Add incidents until there are `upto`; what is there stays."""
    there = Incident.objects.filter(project=world.project).count()
    for first in range(there + 1, upto + 1, BATCH):
        last = min(first + BATCH - 1, upto)
        with trusted():
            Batch(world, now, Random(first)).write(first, last)  # noqa: S311 (the same incidents each time)
        tell(last)
    if there < upto:
        settle(WRITTEN)


class Batch:
    """Rows of some incidents, kept until all are there."""

    def __init__(self, world: World, now: datetime, random: Random) -> None:
        self.world, self.now, self.random = world, now, random
        self.rows = {model: Rows(model) for model in WRITTEN}
        self.prefix = Sequence.objects.get(project=world.project, kind="incident").prefix
        self.documents: list[tuple[int, str, str]] = []
        self.entries: list[tuple[int, str, str]] = []

    def write(self, first: int, last: int) -> None:
        """Make the incidents of these numbers."""
        for number in range(first, last + 1):
            self._incident(number)
        for rows in self.rows.values():
            rows.flush()
        columns, spelled = engine.spelled(self.documents)
        write(engine.DOCUMENTS.name, columns, spelled)
        marks = dict.fromkeys((key for key, _title, _body in self.entries), self.world.project.pk)
        columns, spelled = engine.spelled(self.entries, table=engine.EVENTS, marks=marks)
        write(engine.EVENTS.name, columns, spelled)
        Sequence.objects.filter(project=self.world.project, kind="incident").update(last_number=last)

    def _add(self, model: type[models.Model], **values: Any) -> int:
        return self.rows[model].add(**values)

    def _incident(self, number: int) -> None:
        one = self._facts(number)
        # The rows below need its key, and it needs the head of its chain: its row is the last to be added.
        one.key = self.rows[Incident].next_key
        closing = self._moves(one)
        self._people(one, closing)
        self._tasks(one)
        self._labels(one)
        head, count = self._timeline(one)
        self._add(
            Incident, uuid=_uuid(self.random), project_id=self.world.project.pk, name=one.name, title=one.title,
            description=one.description, status=one.status, visibility=one.visibility, type_id=one.type.pk,
            severity_id=one.severity.pk, priority_id=one.priority.pk, reported_at=one.reported_at,
            stable_at=one.stable_at, closed_at=one.closed_at, created_at=one.reported_at,
            updated_at=one.closed_at or one.stable_at or one.reported_at, event_count=count, event_head=head,
        )  # fmt: skip

    def _facts(self, number: int) -> SimpleNamespace:
        random, world = self.random, self.world
        chance = random.random()
        # The long one stays open and in sight: it is the one whose page is measured.
        status = Status.ACTIVE if number == LONG_ONE else _status(chance)
        reported_at = self.now - SPAN * random.random() - timedelta(hours=1)
        stable_at = reported_at + (self.now - reported_at) * random.random() / 4 if status != Status.ACTIVE else None
        restricted = number != LONG_ONE and random.random() < RESTRICTED
        return SimpleNamespace(
            number=number, name=f"{self.prefix}-{number}", title=texts.title(number, random),
            description=texts.description(random), status=status, reported_at=reported_at, stable_at=stable_at,
            closed_at=stable_at + timedelta(minutes=random.randint(5, 50)) if status == Status.CLOSED else None,
            visibility="restricted" if restricted else "open", type=random.choice(world.types),
            severity=random.choice(world.severities), priority=random.choice(world.priorities),
            tags=random.sample(world.tags, random.randint(1, 4)), people=self._chosen(),
        )  # fmt: skip

    def _chosen(self) -> list[Any]:
        people = self.random.sample(self.world.people, 4)
        if self.random.random() < MEMBERS:
            people[2] = self.world.member_individual
        return people

    def _moves(self, one: SimpleNamespace) -> int | None:
        """Its moves; the key of the closing."""
        steps = [(Status.ACTIVE, one.reported_at), (Status.STABLE, one.stable_at), (Status.CLOSED, one.closed_at)]
        key, before = None, ""
        for status, moment in steps:
            if moment:
                key = self._add(
                    StatusChange, incident_id=one.key, from_status=before, to_status=status, changed_at=moment
                )
                before = status
        return key if one.closed_at else None

    def _people(self, one: SimpleNamespace, closing: int | None) -> None:
        for person, role in zip(one.people, ROLES, strict=True):
            part = self._add(
                Participant, incident_id=one.key, individual_id=person.pk, joined_at=one.reported_at,
                created_at=one.reported_at, updated_at=one.reported_at,
            )  # fmt: skip
            self._add(
                Role, incident_id=one.key, participant_id=part, role=role, assumed_at=one.reported_at,
                renounced_at=one.closed_at, ended_by_id=closing,
            )  # fmt: skip

    def _tasks(self, one: SimpleNamespace) -> None:
        for place in range(2):
            title, done = self.random.choice(texts.TASKS), one.closed_at is not None or place == 0
            made_at = one.reported_at + timedelta(minutes=30)
            key = self._add(
                Task, incident_id=one.key, title=title, status="resolved" if done else "open",
                owner_id=one.people[0].pk, due_at=made_at + timedelta(days=7), created_at=made_at, updated_at=made_at,
                resolved_at=made_at + timedelta(hours=5) if done else None,
            )  # fmt: skip
            self._add(TaskAssignee, task_id=key, individual_id=one.people[place + 1].pk, assigned_at=made_at)
            self._findable(one, "task", key, f"{one.name} {title}", "")

    def _labels(self, one: SimpleNamespace) -> None:
        """Name, tags, cost, and what the search finds."""
        self._add(SubjectName, incident_id=one.key, name=one.name, given_at=one.reported_at)
        for tag in one.tags:
            self._add(Incident.tags.through, incident_id=one.key, tag_id=tag.pk)
        effort = Decimal(self.random.randint(100, 90_000))
        self._add(
            CostStatement, incident_id=one.key, currency=self.world.project.currency, hourly_rate=Decimal(25),
            effort=effort, total=effort, final=one.closed_at is not None, due_at=None,
        )  # fmt: skip
        self._findable(one, "incident", one.key, f"{one.name} {one.title}", one.description)

    def _findable(self, one: SimpleNamespace, kind: str, key: int, title: str, body: str) -> None:
        document = self._add(
            SearchDocument, kind=kind, object_id=key, title=title, body=body, project_id=self.world.project.pk,
            incident_id=one.key, restricted=one.visibility == "restricted", updated_at=self.now,
        )  # fmt: skip
        self.documents.append((document, title, body))

    def _timeline(self, one: SimpleNamespace) -> tuple[str, int]:
        """Its events, hashed as the product does. Returns the last hash and their number."""
        head, seq = "", 0
        for seq, told in enumerate(self._told(one), 1):
            moment = one.reported_at + timedelta(minutes=2 * seq)
            event = SimpleNamespace(
                seq=seq, happened_at=moment, recorded_at=moment, source="Dispatch", owner=one.people[0].name,
                salt=f"{self.random.getrandbits(128):032x}", uuid=_uuid(self.random), **told,
            )  # fmt: skip
            event.content_digest = chain.content_digest(event)  # type: ignore[arg-type]
            event.hash = head = chain.link(event, head)  # type: ignore[arg-type]
            key = self._add(Event, incident_id=one.key, **vars(event))
            if seq == 1:
                self._add(EventPin, event_id=key, pinned_at=moment)
            if event.kind in {Event.Kind.CUSTOM, Event.Kind.DECISION}:
                self.entries.append((key, "", event.description))
        return head, seq

    def _told(self, one: SimpleNamespace) -> Iterator[dict[str, Any]]:
        yield {"kind": Event.Kind.OTHER, "description": "Incident created", "details": {"title": one.title}}
        for person, role in zip(one.people, ROLES, strict=True):
            sentence = f"{person.name} was given the role {role.label}"
            yield {"kind": Event.Kind.PARTICIPANT, "description": sentence, "details": {"role": role.value}}
        for _task in range(2):
            yield {"kind": Event.Kind.TASK, "description": "A task was written", "details": {}}
        for status, moment in ((Status.STABLE, one.stable_at), (Status.CLOSED, one.closed_at)):
            if moment:
                details = {"field": "status", "new": status.value}
                sentence = f"{one.people[0].name} marked {one.name} as {status.label.lower()}"
                yield {"kind": Event.Kind.ASSESSMENT, "description": sentence, "details": details}
        wanted = LONG_EVENTS if one.number == LONG_ONE else EVENTS
        for _entry in range(wanted - 7 - bool(one.stable_at) - bool(one.closed_at)):
            kind = Event.Kind.DECISION if self.random.random() < 1 / 10 else Event.Kind.CUSTOM
            yield {"kind": kind, "description": texts.entry(self.random), "details": {}}


def _status(chance: float) -> Any:
    if chance < CLOSED:
        return Status.CLOSED
    return Status.STABLE if chance < CLOSED + STABLE else Status.ACTIVE


def _uuid(random: Random) -> Any:
    return uuid.UUID(int=random.getrandbits(128), version=4)
