"""`/metrics`: what it tells, and to whom."""

import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from core import heartbeats, version
from core.metrics import requests
from core.metrics.exposition import Family, render
from core.operations.models import Job, Operation
from tests.factories import declare, make_project

TOKEN = "let-me-count"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def fresh_counts():
    requests.counts.clear()
    yield
    requests.counts.clear()


@pytest.fixture
def token(settings):
    settings.METRICS_TOKEN = TOKEN
    return TOKEN


def asked(client):
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return answer.content.decode()


def an_operation(status, *, capability="ticket", minutes_due=1, urgency=10, number=1):
    now = timezone.now()
    return Operation.objects.create(
        action="ticket.create", capability=capability, fact_key=f"{status}{number}", lane=f"builtin:{capability}",
        delivery="ensure", urgency=urgency, status=status, next_attempt_at=now - timedelta(minutes=minutes_due),
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "let-me-count"}])
def test_without_the_token_there_is_no_such_page(client, token, header):
    assert client.get("/metrics", headers=header).status_code == 404


@pytest.mark.django_db
def test_where_neither_token_nor_addresses_are_set_nobody_may_ask(client, settings):
    settings.METRICS_TOKEN, settings.METRICS_ALLOW = "", []

    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "status"), [("10.1.2.3", 200), ("192.0.2.9", 404), ("", 404)])
def test_an_address_of_the_list_needs_no_token_and_a_header_makes_none(client, settings, address, status):
    settings.METRICS_ALLOW = ["10.0.0.0/8", "::1"]

    answer = client.get("/metrics", REMOTE_ADDR=address, headers={"X-Forwarded-For": "10.1.2.3"})

    assert answer.status_code == status


@pytest.mark.django_db
def test_requests_are_counted_by_view_method_and_status_with_their_durations(client, token):
    client.get("/api/v1/incidents/")
    client.get("/api/v1/incidents/")
    client.get("/no/such/page")

    text = asked(client)

    assert 'dispatch_requests_total{view="incidents-list",method="GET",status="401"} 2' in text
    assert 'dispatch_request_seconds_count{view="incidents-list"} 2' in text
    assert 'dispatch_request_seconds_bucket{view="incidents-list",le="+Inf"} 2' in text
    assert 'dispatch_requests_total{view="none",method="GET",status="404"} 1' in text


def test_buckets_hold_all_that_were_as_quick():
    for seconds in (0.004, 0.04, 0.04, 99):
        requests.counts.add("page", "GET", 200, seconds)

    text = render(requests.families())

    assert 'dispatch_request_seconds_bucket{view="page",le="0.01"} 1' in text
    assert 'dispatch_request_seconds_bucket{view="page",le="0.05"} 3' in text
    assert 'dispatch_request_seconds_bucket{view="page",le="30.0"} 3' in text
    assert 'dispatch_request_seconds_bucket{view="page",le="+Inf"} 4' in text
    assert 'dispatch_request_seconds_sum{view="page"} 99.084' in text


def test_the_counts_of_other_processes_of_this_server_are_added(settings, tmp_path):
    settings.METRICS_DIR = str(tmp_path)
    other = "\x1f".join(("requests", "page", "GET", "200"))
    (tmp_path / "requests-1.json").write_text(json.dumps({other: 40}))
    (tmp_path / "requests-2.json").write_text("{cut o")
    requests.counts.add("page", "GET", 200, 0.1)
    requests.counts.add("page", "GET", 200, 0.1)
    requests.counts.write()

    assert 'dispatch_requests_total{view="page",method="GET",status="200"} 42' in render(requests.families())


@pytest.mark.django_db
def test_work_is_told_by_state_and_plugin_with_the_age_of_what_waits(client, token, time_machine):
    time_machine.move_to(datetime(2026, 11, 25, 12, 0, tzinfo=UTC), tick=False)
    an_operation("pending", minutes_due=10)
    an_operation("pending", minutes_due=3, urgency=0, capability="page", number=2)
    an_operation("failed")
    an_operation("succeeded")
    Job.objects.create(kind="import", key="one", status="running")
    heartbeats.beat("worker", timezone.now() - timedelta(seconds=90))

    lines = asked(client).splitlines()

    assert 'dispatch_operations{state="pending",plugin="builtin:ticket"} 1' in lines
    assert 'dispatch_operations{state="pending",plugin="builtin:page"} 1' in lines
    assert 'dispatch_operations{state="failed",plugin="builtin:ticket"} 1' in lines
    assert not [line for line in lines if "succeeded" in line]
    assert "dispatch_queue_due 2" in lines
    assert "dispatch_queue_age_seconds 600" in lines
    assert "dispatch_pages_waiting 1" in lines
    assert "dispatch_pages_age_seconds 180" in lines
    assert 'dispatch_jobs{state="running"} 1' in lines
    assert 'dispatch_heartbeat_age_seconds{part="worker"} 90' in lines
    assert f'dispatch_info{{version="{version.VERSION}"}} 1' in lines


@pytest.mark.django_db
def test_it_asks_the_database_as_often_however_much_there_is(client, token, django_assert_num_queries):
    asked(client)
    for number in range(5):
        an_operation("pending", capability=f"kind{number}", number=number)
    declare(make_project(), title="Secret merger")

    with django_assert_num_queries(9):
        text = asked(client)

    assert "Secret" not in text


def test_labels_cannot_break_out_of_their_line():
    family = Family(name="x", kind="gauge", told="a\nb", samples=[("", {"plugin": 'a"}\n1\\'}, 0.5)])

    assert render([family]) == '# HELP x a\\nb\n# TYPE x gauge\nx{plugin="a\\"}\\n1\\\\"} 0.5\n'


def test_the_version_is_that_of_the_package():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == version.VERSION
