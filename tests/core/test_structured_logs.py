"""The lines of a request and of what a worker does for it carry one request id and the operations' ids."""

import importlib.util
import io
import json
import logging

import pytest
from django.conf import settings
from structlog.stdlib import ProcessorFormatter

from core.operations import plan, queue
from core.operations.errors import Permanent, Transient
from core.operations.models import Operation
from tests import factories as make
from tests.standins.performing import stage

pytestmark = pytest.mark.django_db


class Lines:
    """What was logged since the last look, as JSON objects, the way production writes them."""

    def __init__(self):
        self.stream = io.StringIO()

    def __call__(self, event=""):
        lines = [json.loads(line) for line in self.stream.getvalue().splitlines()]
        return [line for line in lines if event in line["event"]]

    def clear(self):
        self.stream.truncate(self.stream.seek(0))


@pytest.fixture
def lines(monkeypatch, caplog):
    monkeypatch.setenv("LOG_FORMAT", "json")
    monkeypatch.setenv("LOG_LEVEL_REQUESTS", "INFO")
    configured = _configured()
    formatter = {name: value for name, value in configured["formatters"]["structured"].items() if name != "()"}
    made = Lines()
    handler = logging.StreamHandler(made.stream)
    handler.setFormatter(ProcessorFormatter(**formatter))
    logging.getLogger().addHandler(handler)
    for name in ("django_structlog", "core.operations"):
        caplog.set_level(configured["loggers"][name]["level"], logger=name)
    yield made
    logging.getLogger().removeHandler(handler)


def _configured():
    """What the settings make of the environment as it is now; the running process keeps its own."""
    spec = importlib.util.find_spec("dispatch_project.settings.logs")
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    return again.LOGGING


@pytest.fixture
def on():
    with stage() as made:
        yield made


def test_a_request_and_the_workers_lines_for_it_are_found_by_its_id(lines, client, django_capture_on_commit_callbacks):
    project = make.make_project()
    client.force_login(make.make_member(project, "responder"))
    Operation.objects.all().delete()

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(
            "/api/v1/incidents/", {"title": "Phishing", "project": project.name}, "application/json",
            headers={"X-Request-ID": "f00d" * 100, "Idempotency-Key": "k"},
        )  # fmt: skip
    assert answer.status_code == 201, answer.content

    operations = {str(uuid) for uuid in Operation.objects.values_list("uuid", flat=True)}
    planned = lines("An operation was planned")
    assert operations
    assert {line["operation_id"] for line in planned} == operations
    assert len(lines("request_")) == 2
    (request_id,) = {line["request_id"] for line in [*planned, *lines("request_")]}
    assert len(request_id) == 36, "what a client calls its request is not taken over"
    assert set(Operation.objects.values_list("request_id", flat=True)) == {request_id}

    lines.clear()
    queue.run_due()

    done = lines("An operation is done")
    assert operations <= {line["operation_id"] for line in done}
    assert {line["request_id"] for line in done} == {request_id}
    assert {"ticket.create", "document.create"} <= {line["action"] for line in done}


def test_every_line_has_a_time_a_level_and_where_it_comes_from(lines, on):
    on.action("a.do")
    plan("a.do", fact="1")

    line = lines("An operation was planned")[0]

    assert line["level"] == "info"
    assert line["logger"] == "core.operations.planning"
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    ("error", "event", "level"),
    [
        (Transient("token hunter2 was refused"), "An operation will be tried again", "info"),
        (Permanent("token hunter2 was refused"), "An operation failed for good", "warning"),
    ],
)
def test_a_failure_names_its_operation_and_not_what_the_vendor_said(lines, on, error, event, level):
    on.action("a.do", error)
    operation = plan("a.do", fact="1")

    queue.run_due()

    (line,) = lines(event)
    assert (line["operation_id"], line["action"], line["level"]) == (str(operation.uuid), "a.do", level)
    assert "hunter2" not in lines.stream.getvalue()


def test_a_performers_own_lines_carry_the_operation_and_the_next_ones_do_not(lines, on):
    def work(operation):
        logging.getLogger("integrations.vendor").warning("The vendor is slow")

    on.action("a.do", work)
    operation = plan("a.do", fact="1")

    queue.run_due()
    logging.getLogger("integrations.vendor").warning("Afterwards")

    assert lines("The vendor is slow")[0]["operation_id"] == str(operation.uuid)
    assert "operation_id" not in lines("Afterwards")[0]


def test_on_a_terminal_each_operations_lines_are_left_out_and_failures_are_not():
    if "core.operations" not in settings.LOGGING["loggers"] or settings.LOGGING["loggers"]["core.operations"] == {
        "level": "INFO"
    }:
        pytest.skip("this installation is not the embedded one")

    assert settings.LOGGING["loggers"]["core.operations"]["level"] == "WARNING"


def test_an_address_that_is_a_secret_is_not_logged(lines, client):
    secret = "Zq3-secret_of_forty_characters_or_so-Zq3"

    client.get(f"/calendar/{secret}.ics")
    client.get("/calendar/short.ics")

    assert secret not in lines.stream.getvalue()
    assert {line["request"] for line in lines("request_finished")} == {
        "GET /calendar/…", "GET /calendar/short.ics",
    }  # fmt: skip
    assert any("/calendar/…" in line["event"] for line in lines("Not Found"))
