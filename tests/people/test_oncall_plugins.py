"""Rotations that a plugin keeps: asked by an operation, kept as shifts, and never lost when it fails."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from core.errors import Invalid
from core.operations import queue
from core.operations.errors import Permanent
from core.operations.models import Operation
from integrations import flows
from integrations.capabilities import ExternalThing, OnCallShift
from integrations.registry import plugin_for
from people import tasks
from people.flows import oncall
from people.models import Individual, Service, Shift
from people.oncall import asking
from tests import factories as make
from tests.people.rotas import make_layer, make_service
from tests.standins.plugins import Roster, installed

pytestmark = pytest.mark.django_db
THIS_HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def roster(project):
    with installed(Roster):
        flows.save_instance(
            instance=None, project=project, plugin="roster", name="Our roster", configuration={},
            actor=make.actor_for(make.make_member(project, "admin")), now=timezone.now(),
        )  # fmt: skip
        yield Roster


def hour(offset):
    """The beginning of an hour, counted from the one in which the tests began."""
    return THIS_HOUR + timedelta(hours=offset)


def shift(email, begins, ends):
    return OnCallShift(email=email, name=email.split("@")[0].title(), starts_at=hour(begins), ends_at=hour(ends))


def kept_service(project, **fields):
    instance = project.plugin_instances.get()
    values = {"plugin_instance": instance, "external_id": "R1", **fields}
    return make_service(project, now=timezone.now(), **values)


def kept(service):
    rows = service.shifts.order_by("starts_at", "pk").values_list("individual__email", "ends_at", "source")
    return list(rows)


def test_what_the_plugin_says_is_kept_and_people_are_made(project, roster):
    roster.kept["R1"] = [shift("ada@example.com", -5, 2), shift("bob@example.com", 2, 8)]
    service = kept_service(project)
    assert kept(service) == []

    queue.run_due(10)

    assert kept(service) == [("ada@example.com", hour(2), "plugin"), ("bob@example.com", hour(8), "plugin")]
    assert [person.name for person in asking.on_call(service, timezone.now())] == ["Ada"]
    service.refresh_from_db()
    assert (service.refresh_error, service.refreshed_at is not None) == ("", True)
    assert roster.asked[0][0] == "R1"


def test_two_at_once_are_both_on_call(project, roster):
    roster.kept["R1"] = [shift("ada@example.com", -5, 2), shift("bob@example.com", -5, 2)]
    service = kept_service(project)
    queue.run_due(10)

    assert {person.email for person in asking.on_call(service, timezone.now())} == {
        "ada@example.com",
        "bob@example.com",
    }


def test_asking_again_replaces_what_is_to_come_and_keeps_what_runs(project, roster):
    roster.kept["R1"] = [shift("ada@example.com", -5, 2), shift("bob@example.com", 2, 8)]
    service = kept_service(project)
    queue.run_due(10)
    running = service.shifts.get(individual__email="ada@example.com")

    roster.kept["R1"] = [shift("ada@example.com", -5, 3), shift("cyd@example.com", 3, 8)]
    oncall.refresh(service=service, now=timezone.now())
    queue.run_due(10)

    assert kept(service) == [("ada@example.com", hour(3), "plugin"), ("cyd@example.com", hour(8), "plugin")]
    assert service.shifts.get(individual__email="ada@example.com").starts_at == running.starts_at


def test_a_vendors_long_or_broken_name_is_cut(project, roster):
    roster.kept["R1"] = [
        OnCallShift(email="ada@example.com", name="Ada\x00 " + "x" * 300, starts_at=hour(-5), ends_at=hour(2))
    ]
    service = kept_service(project)
    queue.run_due(10)

    (person,) = asking.on_call(service, timezone.now())
    assert person.name == ("Ada " + "x" * 300)[:200]


@pytest.mark.parametrize(
    "answer",
    [
        lambda: OnCallShift(email="a@example.com", name="A", starts_at=hour(0).replace(tzinfo=None), ends_at=hour(1)),
        lambda: ExternalThing(external_id="x" * 301, label="X"),
        lambda: ExternalThing(external_id="7", label="X", url="https://example.com/" + "x" * 1000),
        lambda: ExternalThing(external_id="7\x00", label="X"),
    ],
)
def test_what_a_plugin_answers_and_nobody_could_keep_is_the_vendors_fault(answer):
    with pytest.raises(Permanent):
        answer()


@pytest.mark.parametrize("trouble", ["down", "unknown", "address", "disabled"])
def test_when_it_fails_the_old_shifts_stay_and_the_service_says_why(project, roster, trouble):
    roster.kept["R1"] = [shift("ada@example.com", -5, 2)]
    service = kept_service(project)
    queue.run_due(10)
    before = kept(service)

    said = {
        "down": "Roster does not answer.", "unknown": "Roster knows no “R1”.",
        "address": "“nobody” is on call there, which is no address.",
        "disabled": "“Our roster”, which keeps the rotation, is disabled.",
    }  # fmt: skip
    roster.down = trouble == "down"
    roster.kept = {"unknown": {}, "address": {"R1": [shift("nobody", -1, 1)]}}.get(trouble, roster.kept)
    if trouble == "disabled":
        project.plugin_instances.update(enabled=False)
    oncall.refresh(service=service, now=timezone.now())
    queue.run_due(10)

    service.refresh_from_db()
    assert service.refresh_error == said[trouble]
    assert kept(service) == before
    assert not Individual.objects.filter(email="nobody").exists()


def test_the_clock_asks_for_each_service_once_at_a_time(project, roster):
    roster.kept["R1"] = []
    service = kept_service(project)
    people = [make.make_individual(project)]
    own = make_service(project, "Own", now=timezone.now())
    make_layer(own, people, now=timezone.now())
    Service.objects.filter(pk=own.pk).update(refreshed_at=None)

    tasks.ask_rotations()
    tasks.ask_rotations()
    tasks.refresh_rotations()

    waiting = Operation.objects.filter(action="oncall.refresh", status="pending")
    assert [row.arguments for row in waiting] == [{"service": service.pk}]
    own.refresh_from_db()
    assert own.refreshed_at is not None


def test_an_answer_that_comes_after_the_rotation_moved_home_is_dropped(project, roster):
    roster.kept["R1"] = [shift("ada@example.com", -5, 2)]
    asked = kept_service(project)
    Service.objects.filter(pk=asked.pk).update(plugin_instance=None)

    oncall.store_shifts(service=asked, found=[], now=timezone.now())
    queue.run_due(10)

    assert not Shift.objects.exists()
    assert Operation.objects.get(action="oncall.refresh").result == {"left": "no plugin keeps this rotation any more"}


def test_without_the_id_there_a_plugin_cannot_keep_it(project, roster):
    with pytest.raises(Invalid) as refused:
        kept_service(project, external_id="")

    assert refused.value.field == "external_id"


def test_a_plugin_of_another_project_is_refused(project, roster):
    with pytest.raises(Invalid) as refused:
        make_service(make.make_project(), plugin_instance=project.plugin_instances.get(), external_id="R1")

    assert refused.value.field == "plugin_instance"


def test_the_built_in_one_answers_from_the_stored_shifts(project):
    now = timezone.now()
    service = make_service(project, now=now)
    make_layer(
        service,
        [make.make_individual(project, "ada@example.com", "Ada")],
        now=now,
        cadence="daily",
        starts_on=date(2020, 1, 1),
    )
    client = plugin_for(project.pk, "on_call").client()

    told = client.shifts(external_id=str(service.uuid), since=now, until=now + timedelta(hours=1))

    assert [(each.email, each.name) for each in told] == [("ada@example.com", "Ada")]
