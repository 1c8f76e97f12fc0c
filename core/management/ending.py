"""SIGTERM, which supervisors and `kill` send, ends a command as Ctrl-C does: what it began is tidied up."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# As the shell tells it of a process that ended so.
TERMINATED = 128 + signal.SIGTERM


class Terminated(KeyboardInterrupt):
    """As Ctrl-C: drivers and subprocesses know it and let go."""


@contextmanager
def tidily() -> Iterator[None]:
    """Let SIGTERM end what is inside by an exception. A second one does not disturb the tidying."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    except Terminated:
        sys.exit(TERMINATED)
    finally:
        signal.signal(signal.SIGTERM, former)


def _end(*_: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Terminated
