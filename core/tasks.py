"""The ground's thin tasks."""

from datetime import datetime

from celery import shared_task
from celery.signals import worker_ready
from django.utils import timezone

from core import cleaning, deadman, heartbeats, idempotency
from core.attachments import flows as attachments
from core.flows import account_events, sessions, signing_in
from core.operations import jobs, queue, skew
from core.operations.waking import wake

# How much one message does before it lets others have the worker.
SLICE = 50


@shared_task(acks_late=True, name="core.tasks.work")
def work(**_later: object) -> None:
    """Carry out what is due: a slice of operations and one job, then a new message for the rest."""
    while True:
        begun = timezone.now()
        performed, ran = queue.run_due(SLICE), jobs.run_due(1)
        if not _more_to_do(performed, ran, timezone.now()):
            wait = skew.seconds_until_due(begun)
            if wait is not None:
                wake(wait)
            return
        if wake():
            return
        # The broker takes no message, so nobody else will.


def _more_to_do(performed: int, ran: int, now: datetime) -> bool:
    # A job takes long: what was planned meanwhile may have met no free worker.
    return (performed >= SLICE or ran > 0) and (queue.anything_due(now) or (ran > 0 and jobs.anything_due(now)))


@worker_ready.connect
def begin(**_: object) -> None:
    """A worker that starts looks for what was left."""
    wake()


@shared_task(acks_late=True, name="core.tasks.sweep")
def sweep(**_later: object) -> None:
    """Wake workers for what nobody was woken for."""
    now = timezone.now()
    queue.sweep(now)
    jobs.sweep(now)


@shared_task(acks_late=True, name="core.tasks.clean")
def clean(**_later: object) -> None:
    """Forget what has had its time: idempotency keys, lapsed sessions, counts of failed log-ins, old account events,
    and what apps registered.
    """
    now = timezone.now()
    idempotency.clean(now)
    for room in (sessions, signing_in, account_events):
        room.forget_old(now)
    cleaning.forget_all(now)


@shared_task(acks_late=True, name=heartbeats.HEARTBEAT)
def heartbeat(**_later: object) -> None:
    """Show that a worker takes tasks: beginning this one wrote it already."""
    heartbeats.beat_now_and_then(heartbeats.Part.WORKER)


@shared_task(acks_late=True, name="core.tasks.tell_outside")
def tell_outside(**_later: object) -> None:
    """Tell the dead man's switch that Dispatch lives and sends its pages."""
    deadman.tell(now=timezone.now())


@shared_task(acks_late=True, name="core.tasks.sweep_files")
def sweep_files(**_later: object) -> None:
    """Delete stored files that belong to no entry."""
    attachments.sweep(now=timezone.now())
