"""Importing people: what a file would do, and doing it as a job with a result per line.

Preview and import ask the same function about each line, so what was shown is what happens. An empty cell leaves
what is there; a line that changes nothing is done at once, so a file may be imported again and again.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import access
from core.access import Right
from core.actor import Actor, Face
from core.emails import normalise
from core.errors import FlowError, Invalid
from core.flows import configuration
from core.models.organizations import Organization
from core.operations import jobs
from core.operations.models import Job
from core.operations.waking import wake_on_commit
from people import csv_people
from people.csv_people import Line
from people.flows.individuals import find_individual, save_individual
from people.flows.teams import join_by_name
from people.models import Individual, TeamMember

KIND = "people.import"
# Looked up at once.
BATCH = 500
# What its job is called while nobody has said yes.
DRAFT = Job.Status.SKIPPED
# A file about people is kept no longer for an answer that does not come.
CONFIRMED_WITHIN = timedelta(days=1)


class What(models.TextChoices):
    """What a line does."""

    NEW = "new", gettext_lazy("New")
    CHANGED = "changed", gettext_lazy("Changed")
    UNCHANGED = "unchanged", gettext_lazy("Unchanged")
    REFUSED = "refused", gettext_lazy("Refused")


class NotAnImport(FlowError):
    """It was started before, or replaced by another file."""

    code = "not_an_import"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a line of the file does: per column old and new value, or why it is refused."""

    line: int
    email: str
    what: str
    changes: dict[str, tuple[str, str]] = field(default_factory=dict)
    reason: str = ""

    @property
    def said(self) -> str:
        """In words, as the job's row keeps it."""
        shown = ", ".join(f"{name}: {old or '-'} → {new}" for name, (old, new) in self.changes.items())
        return f"{What(self.what).label}: {shown}" if shown else str(What(self.what).label)

    @property
    def label(self) -> str:
        return str(What(self.what).label)


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What the whole file does. `ignored`: columns that mean nothing here."""

    outcomes: list[Outcome]
    ignored: list[str]

    @property
    def counts(self) -> dict[str, int]:
        return {what: sum(outcome.what == what for outcome in self.outcomes) for what in What.values}


class Known:
    """The people and places in teams that some lines are about, fetched together."""

    def __init__(self, organization: Organization, lines: Iterable[Line]) -> None:
        emails = {address for line in lines if (address := _address(line))}
        rows = Individual.objects.filter(organization=organization, email__in=emails).select_related("merged_into")
        self.people = {row.email: row for row in rows}
        places = TeamMember.objects.filter(individual__in=self.people.values())
        self.teams = set(places.values_list("individual", "team__name"))


def preview(*, organization: Organization, content: bytes, actor: Actor, now: datetime) -> Preview:
    """What importing the file would do; nothing is written.

    :raises Invalid: when it is no such file.
    """
    access.require(actor, Right.CONFIGURE, organization)
    table = csv_people.read(content)
    doubles = doubled(table.lines)
    outcomes: list[Outcome] = []
    for start in range(0, len(table.lines), BATCH):
        lines = table.lines[start : start + BATCH]
        known = Known(organization, lines)
        outcomes += [outcome_of(line, known, doubles) for line in lines]
    return Preview(outcomes=outcomes, ignored=table.ignored)


@transaction.atomic
def upload(*, organization: Organization, content: bytes, actor: Actor, now: datetime) -> Job:
    """Keep the file until somebody says yes (`confirm`). One a user; it replaces the one before.

    :raises Invalid: when it is no such file.
    """
    access.require(actor, Right.CONFIGURE, organization)
    table = csv_people.read(content)
    Job.objects.filter(kind=KIND, status=DRAFT, user=actor.user).delete()
    job = _planned(organization, content, len(table.lines), actor)
    job.status = DRAFT
    job.save(update_fields=["status", "updated_at"])
    return job


def forget_unconfirmed(now: datetime) -> int:
    """Delete uploaded files that nobody said yes to within a day. Returns how many."""
    old = Job.objects.filter(kind=KIND, status=DRAFT, started_at=None, created_at__lt=now - CONFIRMED_WITHIN)
    return old.delete()[0]


@transaction.atomic
def confirm(*, job: Job, actor: Actor, now: datetime) -> Job:
    """Start the import of an uploaded file. A second yes changes nothing.

    :raises NotAnImport: when the file was replaced meanwhile.
    """
    access.require(actor, Right.CONFIGURE, job.organization)
    if not Job.objects.filter(pk=job.pk, kind=KIND).exists():
        raise NotAnImport(_("This file was replaced by another one. Upload it again."))
    waiting = Job.objects.filter(pk=job.pk, status=DRAFT)
    if waiting.update(status=Job.Status.PENDING, next_attempt_at=now, handed_at=None, updated_at=now):
        wake_on_commit()
    job.refresh_from_db()
    return job


@transaction.atomic
def start_import(*, organization: Organization, content: bytes, actor: Actor, now: datetime) -> Job:
    """Import the file without asking again.

    :raises Invalid: when it is no such file.
    """
    access.require(actor, Right.CONFIGURE, organization)
    return _planned(organization, content, len(csv_people.read(content).lines), actor)


def carry_out(run: jobs.JobRun) -> dict[str, Any]:
    """Import line by line; who is done stays done when the worker changes. Returns how many lines did what."""
    job = run.row
    if "counts" in run.arguments:
        return {"counts": run.arguments["counts"]}
    organization = job.organization
    actor = Actor(user=job.user, face=run.arguments["face"], trusted=run.arguments["trusted"])
    access.require(actor, Right.CONFIGURE, organization)
    lines = csv_people.read(run.arguments["text"].encode()).lines
    doubles = doubled(lines)
    run.each(
        lines,
        key=lambda line: str(line.number),
        do=lambda line: take(line, doubles, organization=organization, actor=actor, now=job.created_at),
    )
    counts = _counted(job)
    # The people of the file stay no longer than they are needed here.
    Job.objects.filter(pk=job.pk).update(arguments={"counts": counts})
    return {"counts": counts}


def take(line: Line, doubles: dict[str, int], *, organization: Any, actor: Actor, now: datetime) -> str:
    """Do what the line says. Returns it in words.

    :raises Invalid: when it is refused.
    """
    outcome = outcome_of(line, Known(organization, [line]), doubles)
    if outcome.what == What.REFUSED:
        raise Invalid(outcome.reason)
    if outcome.what != What.UNCHANGED:
        _write(line, outcome, organization, actor, now)
    return outcome.said


def outcome_of(line: Line, known: Known, doubles: dict[str, int]) -> Outcome:
    """What the line does, given what is known. The one rule of preview and import."""
    email = _address(line)
    shown = email or line.values.get("email", "")
    person = known.people.get(email)
    reason = line.problem or _refusal(line, email, person, doubles)
    if reason:
        return Outcome(line=line.number, email=shown, what=What.REFUSED, reason=reason)
    changes = _changes(line, person, known)
    what = What.NEW if person is None else What.CHANGED if changes else What.UNCHANGED
    return Outcome(line=line.number, email=shown, what=what, changes=changes)


def doubled(lines: Iterable[Line]) -> dict[str, int]:
    """By address, the first line that has it."""
    first: dict[str, int] = {}
    for line in lines:
        first.setdefault(_address(line), line.number)
    return first


def _refusal(line: Line, email: str, person: Individual | None, doubles: dict[str, int]) -> str:
    """Why the line cannot be taken; empty when it can."""
    if not email:
        given = line.values.get("email")
        return _("“%(text)s” is not an e-mail address.") % {"text": given[:80]} if given else _("There is no address.")
    if doubles[email] != line.number:
        return _("Line %(number)s has this address already.") % {"number": doubles[email]}
    if person is not None and person.merged_into is not None:
        return _("This address was merged into %(email)s; use that one.") % {"email": person.merged_into.email}
    if person is not None and not person.is_active:
        return _("%(who)s is not active; reactivate them first.") % {"who": person}
    return _wrong_value(line)


def _wrong_value(line: Line) -> str:
    for name, value in line.values.items():
        if name == "email":
            continue
        try:
            Individual._meta.get_field(name).clean(value, None)  # type: ignore[union-attr]
        except ValidationError as error:
            return f"{name}: {configuration.invalid_from(error).message}"
    return ""


def _changes(line: Line, person: Individual | None, known: Known) -> dict[str, tuple[str, str]]:
    given = {name: value for name, value in line.values.items() if name != "email"}
    if person is None:
        return {name: ("", value) for name, value in given.items()}
    changes = {name: (old, new) for name, new in given.items() if (old := getattr(person, name)) != new}
    team = given.get("team")
    if team and "team" not in changes and (person.pk, team) not in known.teams:
        changes["team"] = ("", team)
    return changes


def _write(line: Line, outcome: Outcome, organization: Any, actor: Actor, now: datetime) -> None:
    if outcome.what == What.NEW:
        person = find_individual(
            organization=organization, email=outcome.email, name=line.values.get("name", ""), now=now
        )
    else:
        person = Individual.objects.get(organization=organization, email=outcome.email)
    fresh = {name: new for name, (_old, new) in outcome.changes.items() if getattr(person, name) != new}
    for name, new in fresh.items():
        setattr(person, name, new)
    if fresh:
        save_individual(person, actor=actor, now=now)
    if "team" in outcome.changes:
        join_by_name(organization=organization, name=line.values["team"], individual=person, now=now)


def _address(line: Line) -> str:
    try:
        return normalise(line.values.get("email", ""))
    except ValueError:
        return ""


def _planned(organization: Organization, content: bytes, total: int, actor: Actor) -> Job:
    job = jobs.start(
        KIND, key=f"{KIND}:{uuid.uuid4()}", user=actor.user, total=total,
        arguments={"text": content.decode("utf-8-sig"), "face": Face(actor.face).value, "trusted": actor.trusted},
    )  # fmt: skip
    job.organization = organization
    job.save(update_fields=["organization", "updated_at"])
    return job


def _counted(job: Job) -> dict[str, int]:
    """Lines by what they did, from their results."""
    refused = job.rows.filter(status="refused").count()
    counts = {
        what: job.rows.filter(status="done", message__startswith=str(What(what).label)).count() for what in What.values
    }
    return {**counts, What.REFUSED.value: refused}
