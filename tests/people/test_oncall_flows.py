"""Services, layers and the stored shifts: what is configured, and who is on call because of it."""

from datetime import date, time, timedelta

import pytest

from core.errors import Conflict, Forbidden, Invalid, Stale
from people.flows import oncall
from people.models import RotationLayer, Service, Shift
from people.oncall import asking
from people.oncall.rotation import Window
from tests import factories as make
from tests.people.rotas import NOW, make_layer, make_service, shifts, utc

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def people(project):
    """Ada, Bob and Cyd."""
    return [make.make_individual(project, f"{name.lower()}@example.com", name) for name in ("Ada", "Bob", "Cyd")]


@pytest.fixture
def service(project):
    return make_service(project)


@pytest.fixture
def layer(service, people):
    return make_layer(service, people)


def save(layer, now=NOW, actor=None, **values):
    return oncall.save_layer(layer, actor=actor or make.system(), now=now, **values)


def on_call(service, text):
    return [person.name for person in asking.on_call(service, utc(text))]


# Stored shifts


def test_saving_a_layer_stores_the_shifts_of_eight_weeks(service, layer):
    # Saved on Monday 4 January 10:00, an hour after the hand-over. Known until Tuesday 2 March 00:00: eight weeks are
    # Monday 1 March 10:00, and the day is filled up. Weeks begin on 4, 11, 18, 25 January, 1, 8, 15, 22 February and
    # 1 March: nine shifts.
    found = shifts(service)

    assert found[:3] == [
        ("Ada", "2027-01-04 10:00", "2027-01-11 09:00"),
        ("Bob", "2027-01-11 09:00", "2027-01-18 09:00"),
        ("Cyd", "2027-01-18 09:00", "2027-01-25 09:00"),
    ]
    assert len(found) == 9
    assert found[-1] == ("Cyd", "2027-03-01 09:00", "2027-03-02 00:00")
    service.refresh_from_db()
    assert service.refreshed_at == NOW


def test_working_it_out_again_changes_no_row(service, layer):
    before = list(Shift.objects.order_by("pk").values())

    oncall.refresh(service=service, now=NOW + timedelta(hours=2))

    assert list(Shift.objects.order_by("pk").values()) == before


def test_the_running_shift_keeps_its_start_and_the_past_stays(service, layer, people):
    later = utc("2027-01-13 12:00")

    save(layer, members=[people[1], people[0]], now=later)

    assert shifts(service)[:4] == [
        ("Ada", "2027-01-04 10:00", "2027-01-11 09:00"),
        ("Bob", "2027-01-11 09:00", "2027-01-18 09:00"),
        ("Ada", "2027-01-18 09:00", "2027-01-25 09:00"),
        ("Bob", "2027-01-25 09:00", "2027-02-01 09:00"),
    ]


def test_another_week_makes_another_week_known(service, layer):
    oncall.refresh(service=service, now=NOW + timedelta(days=7))

    assert shifts(service)[-2:] == [
        ("Cyd", "2027-03-01 09:00", "2027-03-08 09:00"),
        ("Ada", "2027-03-08 09:00", "2027-03-09 00:00"),
    ]


def test_a_service_that_is_switched_off_has_nobody_from_now_on(service, layer):
    later = utc("2027-01-13 12:00")
    service.refresh_from_db()
    service.is_active = False

    oncall.save_service(service, actor=make.system(), now=later)

    assert shifts(service) == [
        ("Ada", "2027-01-04 10:00", "2027-01-11 09:00"), ("Bob", "2027-01-11 09:00", "2027-01-13 12:00"),
    ]  # fmt: skip


def test_every_active_service_is_worked_out_by_the_clock(service, layer, project):
    off = make_service(project, "Old", is_active=False)

    assert oncall.refresh_all(now=NOW + timedelta(days=1)) == 1
    service.refresh_from_db()
    assert service.refreshed_at == NOW + timedelta(days=1)
    assert not off.shifts.exists()


# Members come and go


def test_whoever_has_the_running_turn_keeps_it_when_somebody_joins(service, layer, people, project):
    # Bob's week began on 11 January: turn 1. In a list of four Dan, Ada, Bob, Cyd turn 1 would be Ada's.
    dan = make.make_individual(project, "dan@example.com", "Dan")

    save(layer, members=[dan, *people], now=utc("2027-01-13 12:00"))

    assert [name for name, *_when in shifts(service)[1:6]] == ["Bob", "Cyd", "Dan", "Ada", "Bob"]
    assert service.shifts.order_by("starts_at")[1].starts_at == utc("2027-01-11 09:00")


def test_a_removed_member_is_followed_by_the_next_of_the_list(service, layer, people):
    ada, _bob, cyd = people

    save(layer, members=[ada, cyd], now=utc("2027-01-13 12:00"))

    assert shifts(service)[1:5] == [
        ("Bob", "2027-01-11 09:00", "2027-01-13 12:00"),
        ("Cyd", "2027-01-13 12:00", "2027-01-18 09:00"),
        ("Ada", "2027-01-18 09:00", "2027-01-25 09:00"),
        ("Cyd", "2027-01-25 09:00", "2027-02-01 09:00"),
    ]


def test_a_member_who_leaves_is_skipped_and_the_others_keep_their_weeks(service, layer, people):
    people[1].is_active = False
    people[1].save()

    oncall.refresh_of(individual=people[1], now=utc("2027-01-13 12:00"))

    assert shifts(service)[1:5] == [
        ("Bob", "2027-01-11 09:00", "2027-01-13 12:00"),
        ("Cyd", "2027-01-13 12:00", "2027-01-25 09:00"),
        ("Ada", "2027-01-25 09:00", "2027-02-01 09:00"),
        ("Cyd", "2027-02-01 09:00", "2027-02-15 09:00"),
    ]


def test_saving_the_same_members_again_turns_nothing(layer, people):
    before = list(layer.members.order_by("position").values_list("individual", "pk"))

    save(layer, members=people, now=utc("2027-01-21 12:00"))

    assert list(layer.members.order_by("position").values_list("individual", "pk")) == before


def test_an_empty_rotation_is_a_gap_and_says_whom_to_ask(service, people, project):
    make_layer(service, [])
    since, until = NOW, NOW + timedelta(days=14)

    assert on_call(service, "2027-01-05 00:00") == []
    assert [(gap.starts_at, gap.ends_at) for gap in oncall.gaps(service, since=since, until=until)] == [(since, until)]
    assert asking.instead(service) is None

    service.refresh_from_db()
    service.owner = people[2]
    service = oncall.save_service(service, actor=make.system(), now=NOW)
    assert asking.instead(service) == people[2]

    oncall.set_escalation(service=service, steps=[people[0]], actor=make.system(), now=NOW)
    assert asking.instead(service) == people[0]


# Layers


def test_the_weekend_layer_goes_before_and_deleting_it_gives_its_time_back(service, layer, people):
    # Friday 8 January 18:00 to Monday 00:00 is Cyd's.
    weekend = make_layer(
        service, [people[2]], name="Weekend", order=2,
        restrictions=[
            Window(weekday=4, starts_at=time(18), ends_at=time(0)),
            Window(weekday=5, starts_at=time(0), ends_at=time(0)),
            Window(weekday=6, starts_at=time(0), ends_at=time(0)),
        ],
    )  # fmt: skip
    assert shifts(service)[:3] == [
        ("Ada", "2027-01-04 10:00", "2027-01-08 18:00"),
        ("Cyd", "2027-01-08 18:00", "2027-01-11 00:00"),
        ("Ada", "2027-01-11 00:00", "2027-01-11 09:00"),
    ]

    oncall.delete_layer(weekend, actor=make.system(), now=utc("2027-01-09 12:00"))

    assert shifts(service)[:4] == [
        ("Ada", "2027-01-04 10:00", "2027-01-08 18:00"),
        ("Cyd", "2027-01-08 18:00", "2027-01-09 12:00"),
        ("Ada", "2027-01-09 12:00", "2027-01-11 09:00"),
        ("Bob", "2027-01-11 09:00", "2027-01-18 09:00"),
    ]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"cadence": "custom"}, "turn_hours"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"ends_on": date(2027, 1, 3)}, "ends_on"),
        ({"starts_on": date(1066, 1, 1)}, "starts_on"),
        ({"name": " "}, "name"),
        ({"handover_weekday": 7}, "handover_weekday"),
        ({"cadence": "custom", "turn_hours": 0}, "turn_hours"),
    ],
)
def test_a_layer_that_makes_no_sense_is_refused(service, people, values, field):
    with pytest.raises(Invalid) as refused:
        make_layer(service, people, **values)

    assert refused.value.field == field
    assert not RotationLayer.objects.exists()
    assert not Shift.objects.exists()


def test_two_layers_of_one_order_are_refused(service, layer, people):
    with pytest.raises(Conflict):
        make_layer(service, people, name="More")


@pytest.mark.parametrize("who", ["twice", "foreign", "inactive"])
def test_members_who_cannot_take_turns_are_refused(service, people, who):
    foreign = make.make_individual(make.make_project(), "x@example.com")
    people[2].is_active = False
    people[2].save()
    members = {"twice": [people[0], people[0]], "foreign": [foreign], "inactive": [people[2]]}[who]

    with pytest.raises(Invalid) as refused:
        make_layer(service, members)

    assert refused.value.field == "members"
    assert not RotationLayer.objects.exists()


def test_a_restriction_twice_is_refused(service, people):
    nights = Window(starts_at=time(22), ends_at=time(6))

    with pytest.raises(Invalid) as refused:
        make_layer(service, people, restrictions=[nights, nights])

    assert refused.value.field == "restrictions"


def test_a_layer_changed_meanwhile_is_refused(layer, people):
    read = RotationLayer.objects.get(pk=layer.pk)
    save(layer, members=people[::-1])

    with pytest.raises(Stale):
        save(read, members=people[:1], version=1)

    assert layer.members.count() == 3


# Services, escalation, rights


def test_only_managers_configure(project, service, layer, people):
    responder = make.actor_for(make.make_member(project, "responder"))
    attempts = [
        lambda: oncall.save_service(Service(project=project, name="Mine"), actor=responder, now=NOW),
        lambda: save(layer, actor=responder, members=[]),
        lambda: oncall.delete_layer(layer, actor=responder, now=NOW),
        lambda: oncall.set_escalation(service=service, steps=[], actor=responder, now=NOW),
    ]

    for attempt in attempts:
        with pytest.raises(Forbidden):
            attempt()

    assert layer.members.count() == 3
    manager = make.actor_for(make.make_member(project, "manager"))
    assert oncall.save_service(Service(project=project, name="Mine"), actor=manager, now=NOW).pk


def test_an_owner_of_another_organization_is_refused(project):
    foreign = make.make_individual(make.make_project(), "x@example.com")

    with pytest.raises(Invalid) as refused:
        make_service(project, "Mine", owner=foreign)

    assert refused.value.field == "owner"


def test_the_escalation_list_is_replaced_as_a_whole(project, service, people):
    other = make_service(project, "Network")
    oncall.set_escalation(service=service, steps=[people[0], other], actor=make.system(), now=NOW)

    oncall.set_escalation(service=service, steps=[other, people[1]], actor=make.system(), now=NOW)

    assert [str(step) for step in service.escalation.order_by("position")] == ["Network", "Bob"]


def test_wrong_escalation_steps_are_refused(project, service, people):
    abroad = make_service(make.make_project(), "Abroad")
    stranger = make.make_individual(make.make_project(), "x@example.com")

    for steps in ([service], [abroad], [stranger], [people[0], people[0]]):
        with pytest.raises(Invalid) as refused:
            oncall.set_escalation(service=service, steps=steps, actor=make.system(), now=NOW)
        assert refused.value.field == "steps"

    with pytest.raises(Stale):
        oncall.set_escalation(service=service, steps=[people[0]], actor=make.system(), now=NOW, version=7)
    assert not service.escalation.exists()


def test_somebody_on_two_services_at_once_is_found(project, service, layer, people):
    # Ada has the week from 4 January here, and 6 January 09:00 to 7 January 09:00 of Network's days: Bob 4th, Cyd 5th.
    network = make_service(project, "Network")
    make_layer(network, [people[1], people[2], people[0]], cadence="daily")
    services = Service.objects.filter(project=project)

    found = oncall.double_duty(services, since=NOW, until=utc("2027-01-08 00:00"))

    assert [(str(one.individual), one.starts_at, one.ends_at) for one in found] == [
        ("Ada", utc("2027-01-06 09:00"), utc("2027-01-07 09:00"))
    ]
    assert {str(each) for each in found[0].services} == {"Security response", "Network"}
    assert oncall.double_duty(services.filter(pk=network.pk), since=NOW, until=utc("2027-01-08 00:00")) == []
