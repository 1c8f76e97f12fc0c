"""Whether the process lives, and whether it can work."""

import os
import socket
import threading

import pytest
from django.db import OperationalError

from core import health
from core.api.throttling import PerCaller
from core.models import Operation
from core.operations import waking
from tests.apiclient import Api
from tests.factories import make_member, make_project


@pytest.fixture
def embedded(settings):
    """As the one embedded process is: its workers inside."""
    settings.CELERY_BROKER_URL = "memory://"
    settings.WORKER_IN_PROCESS = True


@pytest.fixture(params=["does not answer", "does not answer in time"])
def dead_broker(request, monkeypatch):
    """A broker's address from which no answer comes, or only silence; and what is said of it."""
    with socket.socket() as broker:
        broker.bind(("127.0.0.1", 0))
        if request.param == "does not answer in time":
            broker.listen()
            monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.2)
        broker_at(monkeypatch, f"redis://:hunter2@127.0.0.1:{broker.getsockname()[1]}/0")
        yield request.param


def broker_at(monkeypatch, url):
    monkeypatch.setattr(health.settings, "CELERY_BROKER_URL", url)
    monkeypatch.setattr(health.current_app.conf, "broker_read_url", url)


def refuse(*_args, **_more):
    raise OSError("refused")


class DeadDatabase:
    """Stands where the connection does."""

    def cursor(self):
        raise OperationalError('connection to "db.internal" failed: password hunter2')

    def close(self):
        pass


def test_a_living_process_says_so_without_asking_the_database(client):
    answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_ready_is_whose_database_migrations_and_broker_work(client, embedded):
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["ready"] is True
    assert answer.json()["checks"] == {"database": "ok", "migrations": "ok", "broker": "ok"}


@pytest.mark.django_db
def test_a_database_that_does_not_answer_is_named_without_its_address(client, embedded, monkeypatch):
    monkeypatch.setattr(health, "connection", DeadDatabase())

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert answer.json()["checks"] == {
        "database": "does not answer", "migrations": "does not answer", "broker": "ok",
    }  # fmt: skip
    assert b"hunter2" not in answer.content
    assert b"db.internal" not in answer.content


@pytest.mark.django_db
def test_a_database_that_hangs_is_not_waited_for_and_hides_nothing_else(client, embedded, monkeypatch):
    let_go = threading.Event()
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setitem(health.CHECKS, "database", lambda: let_go.wait(30) and "")

    # More often than there are threads to ask.
    answers = [client.get("/readyz") for _ in range(4)]
    let_go.set()

    assert {answer.status_code for answer in answers} == {503}
    assert {answer.json()["checks"]["database"] for answer in answers} == {"does not answer in time"}
    assert {answer.json()["checks"]["broker"] for answer in answers} == {"ok"}


def test_it_waits_two_seconds_at_most():
    assert health.PATIENCE_SECONDS == 2


@pytest.mark.django_db
def test_a_database_older_than_the_code_is_not_ready(client, embedded, monkeypatch):
    needed = health._last_migrations() | {("core", "9999_of_the_next_version")}
    monkeypatch.setattr(health, "_last_migrations", lambda: needed)

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "ok", "migrations": "not all are applied", "broker": "ok"}


@pytest.mark.django_db
def test_a_broker_that_does_not_answer_is_told_without_its_password_and_sends_nobody_away(client, dead_broker):
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["ready"] is True
    assert answer.json()["checks"] == {
        "database": "ok", "migrations": "ok", "broker": f"{dead_broker}; work waits until it is back",
    }  # fmt: skip
    assert b"hunter2" not in answer.content


@pytest.mark.django_db
def test_a_database_and_a_broker_that_are_away_are_not_ready(client, dead_broker, monkeypatch):
    monkeypatch.setattr(health, "connection", DeadDatabase())

    assert client.get("/readyz").status_code == 503


@pytest.mark.django_db(transaction=True)
def test_people_report_and_read_while_redis_is_away(client, dead_broker, settings, monkeypatch):
    options = {"socket_connect_timeout": 0.2, "socket_timeout": 0.2}
    redis = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": settings.CELERY_BROKER_URL}
    settings.CACHES = {**settings.CACHES, "default": {**redis, "OPTIONS": options}}
    settings.API_REQUESTS_PER_MINUTE = 100
    monkeypatch.setattr(PerCaller, "paused_until", 0)
    monkeypatch.setattr(waking, "_silent_until", 0)
    monkeypatch.setattr(waking.current_app, "send_task", refuse)
    owner = make_member(make_project(name="Security"), "owner")
    client.force_login(owner)

    assert Api(owner).post("/incidents/", {"title": "Laptop lost"}).status_code == 201

    assert "Laptop lost" in client.get("/admin/").content.decode()
    assert [client.get(page).status_code for page in ("/admin/set-up/next/", "/admin/incidents/incident/")] == [200] * 2
    assert Operation.objects.filter(status="pending").exists()


@pytest.mark.django_db
def test_a_broker_that_answers_is_ready(client, monkeypatch):
    url = os.environ.get("REDIS_URL")
    if not url:
        pytest.skip("there is no Redis (REDIS_URL names it)")
    broker_at(monkeypatch, url)

    assert client.get("/readyz").json()["checks"]["broker"] == "ok"


@pytest.mark.django_db
def test_a_broker_in_memory_with_no_worker_beside_it_is_not_ready(client, settings):
    settings.CELERY_BROKER_URL = "memory://"
    settings.WORKER_IN_PROCESS = False

    assert client.get("/readyz").status_code == 503


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_they_are_only_read(client, path, embedded):
    assert client.post(path).status_code == 405
    assert client.head(path).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.django_db
def test_a_probe_inside_is_not_sent_to_https(client, path, embedded, settings):
    settings.SECURE_SSL_REDIRECT = True

    assert client.get(path).status_code == 200
    assert client.get("/admin/login/").status_code == 301
