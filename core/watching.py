"""What a web process does beside serving: it watches the workers, and sends pages itself while none lives.

One thread looks every few seconds and keeps what it saw, so that the console's banner costs no query. Pages go out from
a few threads more, which is the bound: a way that hangs holds one of them, and never a request. Gunicorn's
configuration starts it in each web process; commands, tests and workers have none.
"""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.db import connection, connections
from django.utils import timezone

from core import heartbeats
from core.heartbeats import Part, Sign
from core.operations import queue

logger = structlog.get_logger(__name__)
EVERY_SECONDS = 15.0
SENDERS = 2
# Worth asking: later than any beat of a worker that lives.
SILENT_SECONDS = 45.0


@dataclass
class Watch:
    """The watch of this process. `since` is none while it does not watch."""

    since: datetime | None = None
    seen: list[Sign] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    senders: ThreadPoolExecutor | None = None
    sending: list["Future[int]"] = field(default_factory=list)

    def look(self, now: datetime) -> None:
        """See who is silent, ask silent workers, and send pages while no worker lives."""
        self.seen = heartbeats.signs(now, self.since)
        worker = next(sign for sign in self.seen if sign.part == Part.WORKER)
        if worker.age_seconds > SILENT_SECONDS:
            heartbeats.ask_workers()
        if worker.is_stale:
            self._send_pages()

    def begin(self) -> None:
        """Watch, in a thread, until the process ends or `end` is called."""
        self.since = timezone.now()
        self.senders = ThreadPoolExecutor(SENDERS, thread_name_prefix="pages")
        threading.Thread(target=self._watch, name="watch", daemon=True).start()

    def end(self) -> None:
        """Look no more; a page that is being sent is finished, one that hangs is found by its lease."""
        self.ended.set()
        if self.senders:
            self.senders.shutdown(wait=False, cancel_futures=True)

    def _watch(self) -> None:
        while not self.ended.wait(EVERY_SECONDS):
            try:
                self.look(timezone.now())
            except Exception:
                # A database that is away comes back; a watch that ended would not.
                logger.exception("The workers could not be looked after")
            finally:
                connection.close()

    def _send_pages(self) -> None:
        self.sending = [running for running in self.sending if not running.done()]
        free = SENDERS - len(self.sending)
        if self.senders is not None:
            self.sending += [self.senders.submit(send_pages) for _sender in range(free)]


def send_pages() -> int:
    """Send what pages are due, in a thread of its own. Returns how many steps were done."""
    try:
        done = queue.run_pages()
    except Exception:
        logger.exception("Pages could not be sent from the web process")
        return 0
    finally:
        connections.close_all()
    if done:
        logger.warning("No worker lives; the web process sent pages itself", steps=done)
    return done


watch = Watch()


def silent() -> list[Sign]:
    """The parts that this process saw silent for too long, when it last looked."""
    return [sign for sign in watch.seen if sign.is_stale]
