"""Waking workers: soon when the broker answers, by the sweep when it does not, and never at a report's cost."""

import socket
import time

import pytest
import time_machine
from celery import Celery
from django.conf import settings as django_settings
from django.utils import timezone
from kombu.transport import redis as _warm  # noqa: F401 (its import is not what a dead broker costs)

from core import tasks
from core.operations import jobs, plan, queue, waking
from core.operations.errors import Permanent, RateLimited
from core.operations.models import Operation
from incidents.models import Incident
from tests import factories as make
from tests.standins.performing import stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def on():
    with stage() as made:
        made.action("a.do")
        made.action("b.do")
        yield made


@pytest.fixture
def clock():
    with time_machine.travel("2026-11-25T03:00:00Z", tick=False) as made:
        yield made


def row(operation):
    return Operation.objects.get(pk=operation.pk)


class Broker:
    """Counts the messages and knows when the last is to come; after `lives` of them it is dead."""

    def __init__(self):
        self.messages, self.lives, self.countdown = 0, 999, None

    def wake(self, delay_seconds=0):
        if self.messages >= self.lives:
            return False
        self.messages += 1
        self.countdown = delay_seconds
        return True


@pytest.fixture
def broker(monkeypatch, settings):
    settings.WORKER_IN_PROCESS = True
    made = Broker()
    for module in (queue, jobs, tasks):
        monkeypatch.setattr(module, "wake", made.wake)
    return made


def test_while_nobody_can_be_woken_nothing_counts_as_handed_out(on, broker, clock):
    for number in range(3):
        plan("a.do", fact=number)
    clock.shift(180)
    broker.lives = 1

    assert queue.sweep(timezone.now()) == 1

    broker.lives = 999
    assert queue.sweep(timezone.now()) == 2


def test_the_sweep_hands_out_two_hundred_at_a_time_and_pages_first(on, broker, clock):
    for number in range(205):
        plan("a.do", fact=number)
    page = plan("a.do", fact="page", urgency=Operation.Urgency.PAGE)
    clock.shift(121)

    assert queue.sweep(timezone.now(), limit=1) == 1
    assert row(page).handed_at == timezone.now()
    assert queue.sweep(timezone.now()) == 200
    assert queue.sweep(timezone.now()) == 5


def test_the_sweep_leaves_alone_what_is_not_due_or_done(on, broker, clock):
    on.action("b.do", Permanent("no"))
    plan("a.do", fact="done")
    plan("b.do", fact="failed")
    queue.run_due()
    plan("a.do", fact="later", delay_seconds=3600)
    clock.shift(600)

    assert queue.sweep(timezone.now()) == 0


def test_a_short_wait_wakes_a_worker_in_time_and_a_long_one_is_left_to_the_sweep(on, broker):
    on.action("b.do", RateLimited("slow down", retry_after=60))
    plan("b.do", fact="short")
    queue.run_due()
    assert broker.messages == 1

    on.action("b.do", RateLimited("slow down", retry_after=600))
    plan("b.do", fact="long")
    queue.run_due()
    assert broker.messages == 1


def test_a_worker_does_a_slice_and_asks_for_another_message_when_more_is_due(on, broker):
    for number in range(tasks.SLICE + 1):
        plan("a.do", fact=number)

    tasks.work()
    assert Operation.objects.filter(status="succeeded").count() == 50
    assert broker.messages == 1

    tasks.work(unknown_argument_of_a_later_version=1)
    assert Operation.objects.filter(status="succeeded").count() == 51
    assert broker.messages == 1


def test_what_a_clock_ahead_of_the_workers_planned_is_done_as_soon_as_it_is_due(on, broker, clock):
    clock.shift(0.5)
    plan("a.do", fact=1)
    clock.shift(-0.5)

    tasks.work()
    assert Operation.objects.get().status == "pending"
    assert (broker.messages, broker.countdown) == (1, 0.5)

    clock.shift(0.5)
    tasks.work()
    assert Operation.objects.get().status == "succeeded"
    assert broker.messages == 1


def test_the_task_of_the_clock_sweeps_operations(on, broker, clock):
    plan("a.do", fact=1)
    clock.shift(180)

    tasks.sweep()

    assert broker.messages == 1


def test_a_command_beside_the_embedded_process_leaves_its_work_to_the_first_sweep(on, broker, settings):
    settings.WORKER_IN_PROCESS = False
    settings.CELERY_BROKER_URL = "memory://"

    operation = plan("a.do", fact="1")

    assert row(operation).handed_at is None
    assert queue.sweep(timezone.now()) == 1


@pytest.fixture(params=["refuses", "hangs"])
def dead_redis(request, monkeypatch, settings):
    """Production's broker settings, with a Redis that does not answer. Returns the seconds it may cost once."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "hangs":
            listener.listen()
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        app = Celery("dead", broker=url, set_as_current=False)
        app.conf.broker_transport_options = {**django_settings.REDIS_TRANSPORT, "socket_timeout": 0.2}
        settings.CELERY_BROKER_URL = url
        monkeypatch.setattr(waking, "current_app", app)
        monkeypatch.setattr(waking, "_silent_until", 0.0)
        yield


def test_a_report_is_neither_broken_nor_slowed_by_a_dead_broker(dead_redis, django_capture_on_commit_callbacks):
    project = make.make_project()

    with django_capture_on_commit_callbacks() as after_commit:
        incident = make.declare(project)
    began = time.perf_counter()
    for callback in after_commit:
        callback()
    took = time.perf_counter() - began

    assert len(after_commit) > 1
    assert took < 0.5
    assert Incident.objects.filter(pk=incident.pk).exists()
    assert Operation.objects.filter(status="pending").exists()

    began = time.perf_counter()
    assert waking.wake() is False
    assert time.perf_counter() - began < 0.01


def test_a_broker_that_is_back_is_asked_again_after_half_a_minute(monkeypatch, settings):
    sent, now = [], [100.0]
    settings.WORKER_IN_PROCESS = True
    monkeypatch.setattr(waking, "_silent_until", 100.0 + waking.SILENCE_SECONDS)
    monkeypatch.setattr(waking.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(waking.current_app, "send_task", lambda *_args, **_more: sent.append(1))

    assert waking.wake() is False
    now[0] += 30
    assert waking.wake() is True
    assert sent == [1]
