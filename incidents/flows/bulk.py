"""Doing one thing with many incidents: foreseen row by row, a few in one go, many as a job, each with its result."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from django.db import models, transaction
from django.utils.translation import gettext as _

from core.actor import Actor
from core.errors import FlowError, Invalid
from core.flows import subjects
from core.models import Job, JobRow, User
from core.operations import jobs
from core.operations.jobs import JobRun, Unchanged
from incidents.flows import bulk_acts
from incidents.flows.bulk_acts import Wish
from incidents.models import Incident

KIND: Final = "incidents.bulk"
# So many are done while the caller waits.
AT_ONCE: Final = 50
MOST: Final = 10_000


class Outcome(models.TextChoices):
    """What becomes, or became, of one incident."""

    DONE = JobRow.Status.DONE, "done"
    SKIPPED = JobRow.Status.SKIPPED, "skipped"
    REFUSED = JobRow.Status.REFUSED, "refused"


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What would become of one incident, and why."""

    incident: Incident
    outcome: str
    message: str


def new_key() -> str:
    """The key of a wish that comes once."""
    return uuid.uuid4().hex


def foresee(*, incidents: Sequence[Incident], wish: Wish, actor: Actor, unfinished: bool = False) -> list[Foreseen]:
    """What the wish would do to each, in a fixed number of queries. Nothing is changed.

    :param unfinished: somebody is still typing: what is not filled in yet is not missed.
    :raises Invalid: for a wish that cannot be carried out at all.
    """
    if not unfinished:
        bulk_acts.check(wish)
    _check_number(incidents)
    facts = bulk_acts.gather(incidents, wish, actor)
    return [_foresee(incident, wish, facts) for incident in incidents]


@transaction.atomic
def start(*, incidents: Sequence[Incident], wish: Wish, key: str, actor: Actor, now: datetime) -> Job:
    """Carry the wish out; what may not be, and what is so already, is told row by row in the result.

    Up to fifty are done at once, more by a worker. The same key is the same job.

    :raises Invalid: for none, too many, or a wish that cannot be carried out at all.
    """
    bulk_acts.check(wish)
    subjects.check_text(wish.reason, "reason", 2000)
    _check_number(incidents)
    name = f"{KIND}:{key}"
    there = Job.objects.filter(key=name).first()
    if there:
        return there
    arguments = {
        "incidents": [incident.pk for incident in incidents], "wish": asdict(wish), "face": actor.face,
        "request_id": actor.request_id,
    }  # fmt: skip
    if len(incidents) > AT_ONCE:
        return jobs.start(KIND, key=name, arguments=arguments, user=actor.user, total=len(incidents))
    job, is_first = Job.objects.get_or_create(
        key=name,
        defaults={
            "kind": KIND, "user": actor.user, "status": Job.Status.SUCCEEDED, "total": len(incidents),
            "done": len(incidents), "arguments": arguments, "started_at": now, "finished_at": now,
        },
    )  # fmt: skip
    if is_first:
        _do_each(job, [incident.pk for incident in incidents], wish, actor, now)
    return job


def carry_out(run: JobRun, clock: Callable[[], datetime]) -> dict[str, Any]:
    """Do the rows of a job as whoever asked for it, with the rights they have by then."""
    asked = run.arguments
    wish = Wish(**asked["wish"])
    user = User.objects.filter(pk=run.row.user_id).first()
    actor = Actor(user=user, face=asked["face"], request_id=asked["request_id"], trusted=False)
    run.each(asked["incidents"], key=str, do=lambda pk: bulk_acts.perform(pk, wish, actor, clock()))
    return counts(run.row)


def counts(job: Job) -> dict[str, int]:
    """How many rows came to what so far."""
    found = dict(job.rows.values_list("status").annotate(count=models.Count("pk")).order_by())
    return {name: found.get(name, 0) for name in Outcome.values}


def _foresee(incident: Incident, wish: Wish, facts: bulk_acts.Facts) -> Foreseen:
    try:
        message = bulk_acts.foretell(incident, wish, facts)
    except Unchanged as same:
        return Foreseen(incident=incident, outcome=Outcome.SKIPPED, message=same.message)
    except FlowError as refusal:
        return Foreseen(incident=incident, outcome=Outcome.REFUSED, message=refusal.message)
    return Foreseen(incident=incident, outcome=Outcome.DONE, message=message)


def _do_each(job: Job, keys: Sequence[int], wish: Wish, actor: Actor, now: datetime) -> None:
    """The results stand in the order of the list."""
    # All lock in one order, so that two who began with other lists do not wait for each other.
    rows = {pk: _row(job, pk, wish, actor, now) for pk in sorted(keys)}
    JobRow.objects.bulk_create(rows[pk] for pk in keys)


def _row(job: Job, pk: int, wish: Wish, actor: Actor, now: datetime) -> JobRow:
    try:
        with transaction.atomic():
            status, message = JobRow.Status.DONE, bulk_acts.perform(pk, wish, actor, now)
    except Unchanged as same:
        status, message = JobRow.Status.SKIPPED, same.message
    except FlowError as refusal:
        status, message = JobRow.Status.REFUSED, refusal.message
    return JobRow(job=job, key=str(pk), status=status, message=message)


def _check_number(incidents: Sequence[Incident]) -> None:
    if not incidents:
        raise Invalid(_("Choose at least one incident."), field="incidents")
    if len(incidents) > MOST:
        raise Invalid(_("At most %(number)s incidents at once.") % {"number": f"{MOST:,}"}, field="incidents")
