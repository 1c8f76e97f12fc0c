"""A shifted clock for whole processes: with this folder on PYTHONPATH, DISPATCH_TEST_CLOCK names a file that holds by
how many seconds their clock is ahead. The file is looked at ten times a second, in forked children too.
"""

import os
import threading
import time
from contextlib import suppress
from pathlib import Path


def follow(file):
    # Imported here only: every Python process with this folder on its path runs this module.
    import time_machine

    seen = ahead(file)
    now = time_machine.travel(time.time() + seen, tick=True).start()
    # Knows the real time, from now on.
    real = time_machine.escape_hatch.time.time

    def watch():
        nonlocal seen
        pause = threading.Event()
        while not pause.wait(0.1):
            wanted = ahead(file)
            if wanted != seen:
                seen = wanted
                now.move_to(real() + seen, tick=True)

    def begin():
        threading.Thread(target=watch, daemon=True, name="clock").start()

    begin()
    os.register_at_fork(after_in_child=begin)


def ahead(file):
    with suppress(OSError, ValueError):
        return float(file.read_text(encoding="ascii"))
    return 0.0


if "DISPATCH_TEST_CLOCK" in os.environ:
    follow(Path(os.environ["DISPATCH_TEST_CLOCK"]))
