"""A vendor that always fails and one that hangs, among a thousand operations."""

import threading
import time

import pytest
from django.db import connection

from core.operations import plan, queue
from core.operations.errors import Transient
from core.operations.models import Operation
from tests.standins.performing import stage

pytestmark = [pytest.mark.soak, pytest.mark.django_db(transaction=True)]


def work_until(ended):
    try:
        while not ended.is_set():
            if not queue.run_due(20):
                ended.wait(0.05)
    finally:
        connection.close()


def all_succeed(action, within_seconds):
    """Wait until every operation of the action is done."""
    deadline = time.monotonic() + within_seconds
    while Operation.objects.filter(action=action).exclude(status="succeeded").exists():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_neither_delays_anybody_elses(settings):
    settings.OPERATIONS_PER_LANE = 2
    let_go, ended = threading.Event(), threading.Event()

    with stage() as on:
        on.action("good.do")
        on.action("bad.do", Transient("down"))
        on.action("hanging.do", lambda _operation: let_go.wait(120) and None)
        for number in range(1000):
            plan(("bad.do", "hanging.do")[number % 2] if number % 10 < 2 else "good.do", fact=number)
        workers = [threading.Thread(target=work_until, args=[ended], daemon=True) for _ in range(4)]
        for worker in workers:
            worker.start()

        all_succeed("good.do", 120)
        assert Operation.objects.filter(action="hanging.do", status="running").count() == 2
        assert not Operation.objects.filter(action="bad.do", status="succeeded").exists()

        let_go.set()
        all_succeed("hanging.do", 60)
        ended.set()
        for worker in workers:
            worker.join(timeout=30)
    assert set(Operation.objects.filter(action="good.do").values_list("attempts", flat=True)) == {1}
