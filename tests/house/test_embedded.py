"""The one process that hosts web, worker and beat."""

import signal

import pytest

from dispatch_project import embedded


@pytest.fixture
def ended(monkeypatch):
    """Notes the signals that the process would have sent itself."""
    sent = []
    monkeypatch.setattr(embedded, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(embedded.os, "kill", lambda _pid, sign: sent.append(sign))
    embedded._ending.clear()
    yield sent
    embedded._ending.clear()


def test_ctrl_c_that_arrives_twice_ends_the_web_gracefully(monkeypatch):
    exits = []
    monkeypatch.setattr(embedded.Web, "handle_exit", lambda _worker, sign, _frame: exits.append(sign))
    web = embedded.Web.__new__(embedded.Web)

    for sign in (signal.SIGINT, signal.SIGQUIT):
        web.handle_quit(sign, None)

    assert exits == [signal.SIGINT, signal.SIGQUIT]


def test_a_part_that_fails_ends_the_process_so_that_gunicorn_starts_a_whole_one(ended):
    def beat():
        raise RuntimeError("database is locked")

    embedded._live("beat", beat)

    assert ended == [signal.SIGTERM]


def test_a_part_that_is_told_to_end_just_ends(ended):
    embedded._live("worker", embedded._ending.set)

    assert ended == []


def test_each_queue_has_a_worker(settings):
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}

    assert {settings.CELERY_TASK_DEFAULT_QUEUE, *routed} <= set(embedded.QUEUES)
