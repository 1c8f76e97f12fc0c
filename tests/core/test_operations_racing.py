"""A worker at a row that somebody else holds. (Other races are in `tests/journeys`, the thousands in `tests/soak`.)"""

import threading
import time

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core.operations import plan, queue
from tests.standins.performing import stage

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_row_that_a_planner_holds_is_passed_over_and_not_waited_for():
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time anyway")
    held, let_go = threading.Event(), threading.Event()

    def plan_again():
        with transaction.atomic():
            plan("a.do", fact="2", coalesce="thing")
            held.set()
            let_go.wait(30)
        connection.close()

    with stage() as on:
        on.action("a.do")
        on.action("b.do")
        waiting = plan("a.do", fact="1", coalesce="thing")
        other = plan("b.do", fact="1")
        planner = threading.Thread(target=plan_again)
        planner.start()
        held.wait(30)

        began = time.monotonic()
        claimed = [queue.claim(timezone.now()), queue.claim(timezone.now())]
        took = time.monotonic() - began
        let_go.set()
        planner.join()

        assert claimed == [other, None]
        assert took < 10
        assert queue.claim(timezone.now()) == waiting
