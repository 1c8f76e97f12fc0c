"""Heartbeats, the web process that watches them and sends pages itself, and the dead man's switch."""

import threading
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone

from core import beating, deadman, health, heartbeats, watching
from core.models import Heartbeat, MembershipRole, Operation
from core.operations import queue
from core.tasks import heartbeat
from people.flows import pages
from people.models import Page
from tests.factories import actor_for, declare, make_individual, make_member, make_project, make_service

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.fixture
def watch(monkeypatch):
    """A watch of this process, that did not begin its thread."""
    made = watching.Watch(since=NOON)
    monkeypatch.setattr(watching, "watch", made)
    monkeypatch.setattr(heartbeats, "_written", {})
    return made


def ages(watch):
    return {sign.part: (sign.age_seconds, sign.is_stale) for sign in watch.seen}


def addresses(mails):
    return [parseaddr(mail.to[0])[1] for mail in mails]


def a_page():
    """Somebody on call is being paged; nobody has sent it yet."""
    project = make_project()
    person = make_individual(project, "nia@example.com", "Nia")
    service = make_service(project, person)
    by = make_member(project, MembershipRole.RESPONDER)
    incident = declare(project)
    return pages.page(subject=incident, fact="asked", service=service, actor=actor_for(by), now=timezone.now())


@pytest.mark.django_db
def test_beginning_a_task_is_a_workers_sign_of_life(watch):
    heartbeat.apply()

    assert Heartbeat.objects.get().part == "worker"


@pytest.mark.django_db
def test_beats_tick_is_its_sign_of_life(watch, monkeypatch):
    monkeypatch.setattr(beating.DatabaseScheduler, "tick", lambda _self: 300.0)

    assert beating.Scheduler.tick(object.__new__(beating.Scheduler)) <= 15
    assert Heartbeat.objects.get().part == "beat"


@pytest.mark.django_db
def test_a_process_writes_every_fifteen_seconds_at_most(watch, django_assert_num_queries):
    heartbeats.beat_now_and_then("worker")

    with django_assert_num_queries(0):
        heartbeats.beat_now_and_then("worker")


def test_a_database_that_is_away_stops_nobody(watch, monkeypatch):
    def away(part, now):
        raise DatabaseError

    monkeypatch.setattr(heartbeats, "beat", away)

    heartbeats.beat_now_and_then("worker")


@pytest.mark.django_db
def test_a_part_is_stale_after_two_minutes_and_well_again_with_its_next_beat(watch):
    heartbeats.beat("worker", NOON)
    heartbeats.beat("beat", NOON + timedelta(seconds=100))

    watch.look(NOON + timedelta(seconds=121))
    assert ages(watch) == {"worker": (121.0, True), "beat": (21.0, False)}
    assert [sign.part for sign in watching.silent()] == ["worker"]

    heartbeats.beat("worker", NOON + timedelta(seconds=122))
    watch.look(NOON + timedelta(seconds=123))
    assert watching.silent() == []


@pytest.mark.django_db
def test_a_part_that_was_never_seen_is_silent_since_the_watch_began(watch):
    watch.look(NOON + timedelta(seconds=60))
    assert watching.silent() == []

    watch.look(NOON + timedelta(seconds=130))
    assert [sign.part for sign in watching.silent()] == ["worker", "beat"]


@pytest.mark.django_db
def test_a_silent_worker_is_asked_so_that_a_dead_beat_does_not_make_it_silent(watch, monkeypatch):
    asked = []
    monkeypatch.setattr(heartbeats, "somebody_listens", lambda: True)
    monkeypatch.setattr(heartbeats.current_app, "send_task", lambda name, **_options: asked.append(name))
    heartbeats.beat("worker", NOON)

    watch.look(NOON + timedelta(seconds=40))
    assert asked == []

    watch.look(NOON + timedelta(seconds=50))
    assert asked == ["core.tasks.heartbeat"]


@pytest.mark.django_db
def test_the_console_says_on_every_page_who_is_silent_and_stops_when_it_is_not(client, watch):
    client.force_login(make_member(make_project(), MembershipRole.RESPONDER))
    heartbeats.beat("worker", NOON)
    heartbeats.beat("beat", NOON + timedelta(minutes=9))
    watch.look(NOON + timedelta(minutes=9))

    for page in ("/admin/", "/admin/incidents/incident/"):
        text = client.get(page).content.decode()
        assert "No worker has shown life for 9 min." in text
        assert 'role="alert"' in text
        assert "Beat has shown no life" not in text

    heartbeats.beat("worker", NOON + timedelta(minutes=9))
    watch.look(NOON + timedelta(minutes=9))
    assert "has shown" not in client.get("/admin/").content.decode()


@pytest.mark.django_db
def test_readiness_tells_who_is_silent_and_stays_ready(client, settings, monkeypatch):
    settings.CELERY_BROKER_URL, settings.WORKER_IN_PROCESS = "memory://", True
    silent = heartbeats.Sign(part="worker", beat_at=NOON, age_seconds=300)
    never = heartbeats.Sign(part="beat", beat_at=None, age_seconds=0)
    monkeypatch.setattr(health.heartbeats, "signs", lambda _now: [silent, never])

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["parts"] == {"worker": "silent for 300 s", "beat": "never seen"}


@pytest.mark.django_db
def test_without_workers_pages_and_nothing_else_go_out(watch, mailoutbox):
    page = a_page()
    others = Operation.objects.exclude(urgency=Operation.Urgency.PAGE)
    waiting = others.filter(status="pending").count()
    assert waiting

    assert watching.queue.run_pages() == 1

    assert addresses(mailoutbox) == ["nia@example.com"]
    assert page.calls.get().deliveries.get().status == "sent"
    assert others.filter(status="pending").count() == waiting
    assert watching.queue.run_pages() == 0


@pytest.mark.django_db
def test_without_workers_the_next_person_is_called_when_the_first_does_not_answer(watch, mailoutbox):
    project = make_project()
    first, second = make_individual(project, "nia@example.com"), make_individual(project, "ola@example.com")
    service = make_service(project, first, escalation_minutes=5, owner=second)
    by = make_member(project, MembershipRole.RESPONDER)
    pages.page(subject=declare(project), fact="asked", service=service, actor=actor_for(by), now=timezone.now())
    queue.run_pages()

    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        queue.run_pages()

    assert addresses(mailoutbox) == ["nia@example.com", "ola@example.com"]
    assert Page.objects.get().calls.count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_watch_sends_in_threads_of_its_own_only_while_no_worker_lives(watch, mailoutbox):
    a_page()
    watch.senders = watching.ThreadPoolExecutor(2)
    heartbeats.beat("worker", NOON)

    watch.look(NOON + timedelta(seconds=100))
    assert watch.sending == []

    watch.look(NOON + timedelta(seconds=121))
    watch.senders.shutdown(wait=True)

    assert sum(sender.result() for sender in watch.sending) == 1
    assert addresses(mailoutbox) == ["nia@example.com"]


@pytest.mark.django_db(transaction=True)
def test_a_worker_and_two_web_processes_send_a_page_once(mailoutbox):
    a_page()
    start = threading.Barrier(3)

    def sender():
        start.wait(10)
        watching.send_pages()

    threads = [threading.Thread(target=sender) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(mailoutbox) == 1


def test_a_way_that_hangs_never_takes_more_than_two_threads(watch, monkeypatch):
    let_go, begun = threading.Event(), []

    def hangs():
        begun.append(1)
        let_go.wait(10)
        return 0

    monkeypatch.setattr(watching, "send_pages", hangs)
    watch.senders = watching.ThreadPoolExecutor(2)
    for _look in range(5):
        watch._send_pages()
    let_go.set()
    watch.senders.shutdown(wait=True)

    assert len(begun) == 2


@pytest.fixture
def switch(httpserver, settings):
    httpserver.expect_request("/ping/secret").respond_with_data("OK")
    settings.DEADMAN_URL = httpserver.url_for("/ping/secret")
    return httpserver


@pytest.mark.django_db
def test_the_dead_mans_switch_hears_that_all_is_well(switch):
    assert deadman.tell(now=timezone.now())
    assert len(switch.log) == 1


@pytest.mark.django_db
def test_it_hears_nothing_while_a_page_waits_for_more_than_five_minutes(switch):
    a_page()

    assert deadman.tell(now=timezone.now() + timedelta(minutes=4))
    assert not deadman.tell(now=timezone.now() + timedelta(minutes=6))
    assert len(switch.log) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["", "http://127.0.0.1:1/ping/secret", "no address"])
def test_a_switch_that_is_not_there_harms_nothing_and_its_address_is_not_logged(settings, address, caplog):
    settings.DEADMAN_URL = address

    assert not deadman.tell(now=timezone.now())
    assert "secret" not in caplog.text


@pytest.mark.django_db
def test_a_health_check_hears_whether_a_part_lives(capsys):
    with pytest.raises(CommandError, match="worker has never shown life"):
        call_command("heartbeat", "worker")

    heartbeats.beat("worker", timezone.now() - timedelta(seconds=30))
    call_command("heartbeat", "worker")
    assert capsys.readouterr().out == "worker showed life 30 s ago.\n"

    heartbeats.beat("worker", timezone.now() - timedelta(seconds=130))
    with pytest.raises(CommandError, match="worker showed life 130 s ago"):
        call_command("heartbeat", "worker")
