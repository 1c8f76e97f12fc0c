"""On-call over HTTP: services, layers, overrides, swaps, who is on call when, and the calendar feed."""

from datetime import timedelta
from urllib.parse import urlsplit

import icalendar
import pytest
from django.test import Client
from django.utils import timezone

from people.flows import oncall
from people.models import CalendarFeed, Override, RotationLayer, Service, Shift, Swap
from tests import factories as make
from tests.apiclient import Api, at_fault, problem
from tests.people.rotas import NOW, make_layer, make_service, shifts, utc

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def manager(project):
    return Api(make.make_member(project, "manager", email="max@example.com"))


@pytest.fixture
def users(project):
    """Ada, Bob and Cyd, members of the project."""
    return [
        make.make_member(project, "member", email=f"{name.lower()}@example.com", name=name)
        for name in ("Ada", "Bob", "Cyd")
    ]


@pytest.fixture
def people(users, project):
    return [make.individual_of(user, project) for user in users]


@pytest.fixture
def service(project, people):
    """Ada, Bob and Cyd take weeks from 4 January 2027."""
    service = make_service(project)
    make_layer(service, people)
    return service


# Services and layers


def test_a_rotation_is_set_up_over_http(manager, project, people):
    made = manager.post(
        "/services/",
        {"project": "Security", "name": "Network", "owner": "ada@example.com", "escalation_minutes": 10},
    )
    assert made.status_code == 201, made.content
    layer = manager.post(
        "/rotation-layers/",
        {
            "service": made.json()["id"], "name": "Nights", "cadence": "daily", "handover_at": "12:00",
            "time_zone": "Europe/Berlin", "starts_on": "2020-01-06", "members": ["ada@example.com", "bob@example.com"],
            "restrictions": [{"starts_at": "22:00", "ends_at": "06:00"}],
        },
    )  # fmt: skip

    assert layer.status_code == 201, layer.content
    body = layer.json()
    assert [each["email"] for each in body["members"]] == ["ada@example.com", "bob@example.com"]
    assert body["restrictions"] == [{"weekday": None, "starts_at": "22:00", "ends_at": "06:00"}]
    assert (body["handover_at"], body["order"], body["service"]["name"]) == ("12:00", 1, "Network")
    assert Service.objects.get(name="Network").shifts.exists()


def test_a_layer_is_changed_by_its_version_and_deleted(manager, service, people):
    url = f"/rotation-layers/{RotationLayer.objects.get().uuid}/"
    read = manager.get(url)

    changed = manager.patch(url, {"members": ["cyd@example.com"], "name": "Alone"}, If_Match=read["ETag"])
    assert ([each["name"] for each in changed.json()["members"]], changed.json()["name"]) == (["Cyd"], "Alone")
    assert changed.json()["restrictions"] == []
    assert manager.patch(url, {"members": []}, If_Match=read["ETag"]).status_code == 412
    assert manager.patch(url, {"name": "Still"}).json()["members"][0]["name"] == "Cyd"

    assert manager.delete(url).status_code == 204
    assert not Shift.objects.filter(starts_at__gt=timezone.now()).exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"members": ["nobody@example.com"]}, "members.0"),
        ({"members": ["ada@example.com", "ada@example.com"]}, "members"),
        ({"restrictions": [{"starts_at": "25:00", "ends_at": "06:00"}]}, "restrictions.0.starts_at"),
        ({"restrictions": [{"weekday": 7, "starts_at": "22:00", "ends_at": "06:00"}]}, "restrictions.0.weekday"),
        ({"cadence": "hourly"}, "cadence"),
        ({"time_zone": "Mars"}, "time_zone"),
        ({"starts_on": "soon"}, "starts_on"),
        ({"order": 0, "handover_at": "9"}, "handover_at"),
        ({"place": 1}, "place"),
    ],
)
def test_what_is_wrong_with_a_layer_is_named(manager, service, body, field):
    url = f"/rotation-layers/{RotationLayer.objects.get().uuid}/"

    response = manager.patch(url, body)

    assert response.status_code == 400
    assert field in at_fault(response)
    assert RotationLayer.objects.get().members.count() == 3


def test_a_layer_with_the_same_people_and_hours_stays_at_its_version(manager, service, people):
    url = f"/rotation-layers/{RotationLayer.objects.get().uuid}/"
    hours = [{"weekday": None, "starts_at": "08:00", "ends_at": "18:00"}]
    read = manager.patch(url, {"restrictions": hours})

    same = {"members": [each["email"] for each in read.json()["members"]], "restrictions": hours}
    assert manager.patch(url, same).json() == read.json()
    fewer = manager.patch(url, {"members": ["cyd@example.com"]}).json()
    always = manager.patch(url, {"restrictions": []}).json()

    assert (fewer["version"], always["version"]) == (read.json()["version"] + 1, read.json()["version"] + 2)


def test_the_weekday_of_the_hand_over_is_a_number_as_documented(manager, service, people):
    url = f"/rotation-layers/{RotationLayer.objects.get().uuid}/"

    assert manager.patch(url, {"handover_weekday": 3}).json()["handover_weekday"] == 3
    for wrong in ("4", 7, True, 4.0, None, [4]):
        refused = manager.patch(url, {"handover_weekday": wrong})
        assert at_fault(refused) == {"handover_weekday"}, wrong
    assert "“7” is not one of 0, 1, 2, 3, 4, 5, 6." in problem(manager.patch(url, {"handover_weekday": 7}))["detail"]
    assert RotationLayer.objects.get().handover_weekday == 3


def test_a_layer_stays_at_its_service(manager, project, service):
    other = make_service(project, "Network")

    response = manager.patch(f"/rotation-layers/{RotationLayer.objects.get().uuid}/", {"service": str(other.uuid)})

    assert at_fault(response) == {"service"}
    assert service.layers.count() == 1


def test_members_read_and_do_not_set_up(service, users):
    api, layer = Api(users[0]), RotationLayer.objects.get()

    assert api.get(f"/services/{service.uuid}/").json()["name"] == "Security response"
    assert api.patch(f"/services/{service.uuid}/", {"name": "Mine"}).status_code == 403
    assert api.patch(f"/rotation-layers/{layer.uuid}/", {"name": "Mine"}).status_code == 403
    assert api.delete(f"/rotation-layers/{layer.uuid}/").status_code == 403
    assert api.post(f"/services/{service.uuid}/refresh/").status_code == 403
    assert api.post(f"/services/{service.uuid}/escalation/", {"steps": []}).status_code == 403


def test_strangers_find_nothing(service, people, users):
    made = oncall.add_override(
        service=service, individual=people[0], starts_at=utc("2027-01-06 00:00"), ends_at=utc("2027-01-07 00:00"),
        actor=make.actor_for(users[0]), now=NOW,
    )  # fmt: skip
    api = Api(make.make_member(make.make_project(), "owner"))
    layer = RotationLayer.objects.get()

    for path in (
        f"/services/{service.uuid}/", f"/services/{service.uuid}/on-call/", f"/services/{service.uuid}/shifts/",
        f"/rotation-layers/{layer.uuid}/", f"/overrides/{made.uuid}/",
    ):  # fmt: skip
        assert api.get(path).status_code == 404
    for path in ("/services/", "/rotation-layers/", "/overrides/", "/swaps/"):
        assert api.get(path).json()["results"] == []
    taken = api.post(
        "/overrides/",
        {
            "service": str(service.uuid), "individual": "ada@example.com", "starts_at": "2027-01-06T00:00:00Z",
            "ends_at": "2027-01-07T00:00:00Z",
        },
    )  # fmt: skip
    assert at_fault(taken) == {"service", "individual"}


def test_the_escalation_list_is_written_as_a_whole(manager, project, service, people):
    make_service(project, "Network")
    url = f"/services/{service.uuid}/escalation/"

    written = manager.post(url, {"steps": [{"service": "Network"}, {"individual": "cyd@example.com"}]})
    assert written.status_code == 200, written.content
    steps = written.json()["escalation"]
    assert [(step["service"] or step["individual"])["name"] for step in steps] == ["Network", "Cyd"]

    for step in ({}, {"service": "Network", "individual": "cyd@example.com"}):
        assert at_fault(manager.post(url, {"steps": [step]})) == {"steps.0"}
    assert service.escalation.count() == 2


def test_lists_ask_the_same_for_few_and_many(manager, project, service, people, django_assert_max_num_queries):
    oncall.set_escalation(service=service, steps=people, actor=make.system(), now=NOW)
    for path in ("/services/", "/rotation-layers/"):
        # The first request notes that the token was used.
        manager.get(path)
        with django_assert_max_num_queries(20) as few:
            manager.get(path)
        for number in range(8):
            made = make_service(project, f"{path} {number}")
            make_layer(made, people)
            oncall.set_escalation(service=made, steps=people, actor=make.system(), now=NOW)
        with django_assert_max_num_queries(20) as many:
            manager.get(path)
        assert len(many) == len(few)


# Who is on call


def test_who_is_on_call_is_asked_for_a_moment(service, users):
    api = Api(users[0])

    told = api.get(f"/services/{service.uuid}/on-call/", at="2027-01-12T00:00:00+01:00").json()

    assert [each["individual"]["name"] for each in told["on_call"]] == ["Bob"]
    assert (told["next"]["individual"]["name"], told["next"]["starts_at"]) == ("Cyd", "2027-01-18T09:00:00Z")
    assert told["ask"] is None


def test_when_nobody_is_on_call_it_says_whom_to_ask(project, users, people):
    service = make_service(project, "Empty", owner=people[2])

    told = Api(users[0]).get(f"/services/{service.uuid}/on-call/").json()

    assert (told["on_call"], told["next"], told["ask"]["email"]) == ([], None, "cyd@example.com")


def test_a_span_gives_its_shifts_and_gaps(service, users):
    told = Api(users[0]).get(
        f"/services/{service.uuid}/shifts/", since="2027-01-04T00:00:00Z", until="2027-01-12T00:00:00Z"
    )

    body = told.json()
    assert [(each["individual"]["name"], each["source"]) for each in body["shifts"]] == [
        ("Ada", "rotation"), ("Bob", "rotation"),
    ]  # fmt: skip
    assert body["gaps"] == [{"starts_at": "2027-01-04T00:00:00Z", "ends_at": "2027-01-04T10:00:00Z"}]


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("on-call", {"at": "now"}, "at"),
        ("on-call", {"since": "2027-01-04T00:00:00Z"}, "since"),
        ("shifts", {"since": "2027-01-04T00:00:00"}, "since"),
        ("shifts", {"since": "2027-01-04T00:00:00Z", "until": "2027-01-04T00:00:00Z"}, "until"),
        ("shifts", {"since": "2027-01-04T00:00:00Z", "until": "2028-02-04T00:00:00Z"}, "until"),
        ("shifts", {"since": "9998-12-31T00:00:00Z"}, "since"),
    ],
)
def test_a_moment_that_is_none_is_named(service, users, path, query, field):
    response = Api(users[0]).get(f"/services/{service.uuid}/{path}/", **query)

    assert response.status_code == 400
    assert at_fault(response) == {field}


# Overrides and swaps. These meet the real clock, so the rotation began long ago.


@pytest.fixture
def running(project, people):
    """Ada is on call, always."""
    service = make_service(project, "Running", now=timezone.now())
    make_layer(service, people[:1], now=timezone.now(), starts_on=NOW.date().replace(year=2020))
    return service


def span(first=24, last=28):
    now = timezone.now().replace(microsecond=0)
    return {
        "starts_at": (now + timedelta(hours=first)).isoformat(), "ends_at": (now + timedelta(hours=last)).isoformat(),
    }  # fmt: skip


def on_call(service):
    return [name for name, *_when in shifts(service)]


def test_a_member_takes_a_span_once_however_often_it_is_sent(running, users):
    api, body = Api(users[2]), {"service": "Running", "individual": "cyd@example.com", **span(), "reason": "Mine"}

    made = [api.post("/overrides/", body, Idempotency_Key="once") for _ in range(2)]

    assert [each.status_code for each in made] == [201, 201]
    assert made[0].json() == made[1].json()
    assert on_call(running) == ["Ada", "Cyd", "Ada"]
    assert Api(users[0]).post(f"/overrides/{made[0].json()['id']}/cancel/").status_code == 403
    cancelled = api.post(f"/overrides/{made[0].json()['id']}/cancel/")
    assert cancelled.json()["cancelled_at"] is not None
    assert on_call(running) == ["Ada"]


def test_a_member_puts_nobody_else_on_call(running, users):
    response = Api(users[2]).post("/overrides/", {"service": "Running", "individual": "bob@example.com", **span()})

    assert response.status_code == 403
    assert not Override.objects.exists()


def ask(users, **more):
    body = {"service": "Running", "asked_by": "ada@example.com", "asked": "bob@example.com", **span(), **more}
    return Api(users[0]).post("/swaps/", body)


def test_a_swap_is_asked_for_and_accepted_by_the_asked(running, users):
    asked = ask(users, note="Dentist")
    assert (asked.status_code, asked.json()["status"]) == (201, "asked")
    url = f"/swaps/{asked.json()['id']}"
    assert Api(users[2]).post(f"{url}/accept/").status_code == 403

    accepted = Api(users[1]).post(f"{url}/accept/")
    again = Api(users[1]).post(f"{url}/accept/")

    assert (accepted.json()["status"], on_call(running)) == ("accepted", ["Ada", "Bob", "Ada"])
    assert (again.status_code, problem(again)["type"]) == (409, "urn:dispatch:problem:swap_decided")
    assert Override.objects.get().swap is not None
    listed = Api(users[2]).get("/overrides/").json()["results"]
    assert [each["by_swap"] for each in listed] == [True]


def test_swaps_are_declined_withdrawn_and_found_by_status(running, users):
    first, second = ask(users).json(), ask(users).json()

    assert Api(users[1]).post(f"/swaps/{first['id']}/decline/").json()["status"] == "declined"
    assert Api(users[0]).post(f"/swaps/{second['id']}/withdraw/").json()["status"] == "withdrawn"

    found = Api(users[2]).get("/swaps/", status="declined").json()["results"]
    assert [each["id"] for each in found] == [first["id"]]
    assert on_call(running) == ["Ada"]


def test_what_is_not_ones_own_cannot_be_given(running, users):
    response = ask(users, asked_by="cyd@example.com")
    assert response.status_code == 403

    response = ask(users, return_starts_at=span(48)["starts_at"], return_ends_at=span(48, 52)["ends_at"])
    assert at_fault(response) == {"return_starts_at"}
    assert not Swap.objects.exists()


def test_working_it_out_again_is_for_managers(manager, running):
    Service.objects.filter(pk=running.pk).update(refreshed_at=None)

    answer = manager.post(f"/services/{running.uuid}/refresh/")

    assert answer.json()["refreshed_at"] is not None


# The calendar feed


def feed_of(user, project, service=None):
    return oncall.make_feed(
        organization=project.organization, service=service, actor=make.actor_for(user), now=timezone.now()
    )


def events(response):
    return list(icalendar.Calendar.from_ical(response.content).walk("VEVENT"))


def test_the_feed_gives_shifts_without_signing_in(running, users, project):
    _feed, secret = feed_of(users[0], project, running)

    answer = Client().get(f"/calendar/{secret}.ics")

    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert answer["Cache-Control"].startswith("private")
    (event,) = events(answer)
    shift = running.shifts.get()
    assert str(event["summary"]) == "Ada · Running"
    assert (event["dtstart"].dt, event["dtend"].dt) == (shift.starts_at, shift.ends_at)


def test_ones_own_feed_names_the_service_only(running, users, project):
    _feed, secret = feed_of(users[0], project)
    _other, of_another = feed_of(users[1], project)

    assert [str(event["summary"]) for event in events(Client().get(f"/calendar/{secret}.ics"))] == ["Running"]
    assert events(Client().get(f"/calendar/{of_another}.ics")) == []


def test_unknown_ended_and_orphaned_addresses_answer_alike(running, users, project):
    feed, ended = feed_of(users[0], project, running)
    oncall.revoke_feed(feed=feed, actor=make.actor_for(users[0]), now=timezone.now())
    _left, orphaned = feed_of(users[1], project, running)
    users[1].memberships.all().delete()

    answers = [Client().get(f"/calendar/{secret}.ics") for secret in ("unknown", "x" * 500, ended, orphaned)]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert CalendarFeed.objects.filter(last_read_at__isnull=False).count() == 0
    assert Client().post(f"/calendar/{ended}.ics").status_code == 405


def test_an_address_is_made_shown_once_and_ended(running, users, project):
    api = Api(users[0])
    body = {"organization": str(project.organization.uuid), "service": "Running"}

    made = [api.post("/calendar-feeds/", body, Idempotency_Key="once") for _ in range(2)]
    row = made[0].json()

    assert [each.status_code for each in made] == [201, 201]
    assert events(Client().get(urlsplit(row["url"]).path))
    assert made[1].json() == {**row, "url": ""}
    assert "url" not in api.get(f"/calendar-feeds/{row['id']}/").json()
    assert Api(users[1]).get("/calendar-feeds/").json()["results"] == []
    assert Api(users[1]).post(f"/calendar-feeds/{row['id']}/revoke/").status_code == 404
    for _twice in range(2):
        assert api.post(f"/calendar-feeds/{row['id']}/revoke/").json()["revoked_at"] is not None
    assert Client().get(urlsplit(row["url"]).path).status_code == 404


def test_ones_own_address_needs_no_service_and_a_foreign_organization_is_refused(running, users, project):
    api = Api(users[0])
    foreign = make.make_project().organization

    own = api.post("/calendar-feeds/", {"organization": str(project.organization.uuid)}).json()

    assert (own["service"], len(events(Client().get(urlsplit(own["url"]).path)))) == (None, 1)
    assert at_fault(api.post("/calendar-feeds/", {"organization": str(foreign.uuid)})) == {"organization"}
    assert [each["id"] for each in api.get("/calendar-feeds/").json()["results"]] == [own["id"]]


def test_neither_rota_nor_feed_shows_a_restricted_incident(running, users, project):
    secret_word = "zyxquark"
    make.declare(project, title=f"{secret_word} title", visibility="restricted", commander="ada@example.com")
    _feed, secret = feed_of(users[1], project, running)
    api = Api(users[1])

    shown = [
        Client().get(f"/calendar/{secret}.ics"), api.get(f"/services/{running.uuid}/"),
        api.get(f"/services/{running.uuid}/on-call/"), api.get(f"/services/{running.uuid}/shifts/"),
        api.get("/swaps/"), api.get("/overrides/"),
    ]  # fmt: skip

    assert [secret_word in answer.content.decode() for answer in shown] == [False] * 6
    assert [answer.status_code for answer in shown] == [200] * 6
