"""Overrides, swaps and calendar addresses: who may take what from whom."""

from datetime import timedelta

import pytest

from core.errors import Forbidden, Invalid
from people.flows import oncall
from people.models import CalendarFeed, Override, Swap
from tests import factories as make
from tests.people.rotas import NOW, make_layer, make_service, shifts, utc

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make.make_project(name="Security")


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
    """Ada has the week of 4 January, Bob that of the 11th, Cyd that of the 18th."""
    service = make_service(project)
    make_layer(service, people)
    return service


def override(service, individual, user, starts="2027-01-06 00:00", ends="2027-01-07 00:00", now=NOW):
    return oncall.add_override(
        service=service, individual=individual, starts_at=utc(starts), ends_at=utc(ends), actor=make.actor_for(user),
        now=now,
    )  # fmt: skip


def ask(service, people, user, now=NOW, **values):
    """Ada asks Bob to take 6 January."""
    given = {
        "asked_by": people[0], "asked": people[1], "starts_at": utc("2027-01-06 00:00"),
        "ends_at": utc("2027-01-07 00:00"), **values,
    }  # fmt: skip
    return oncall.ask_swap(service=service, actor=make.actor_for(user), now=now, **given)


# Overrides


def test_a_member_takes_a_span_upon_themselves_and_gives_it_back(service, people, users):
    made = override(service, people[2], users[2])
    assert shifts(service)[:3] == [
        ("Ada", "2027-01-04 10:00", "2027-01-06 00:00"),
        ("Cyd", "2027-01-06 00:00", "2027-01-07 00:00"),
        ("Ada", "2027-01-07 00:00", "2027-01-11 09:00"),
    ]

    for _twice in range(2):
        oncall.cancel_override(override=made, actor=make.actor_for(users[2]), now=utc("2027-01-06 12:00"))

    assert shifts(service)[:3] == [
        ("Ada", "2027-01-04 10:00", "2027-01-06 00:00"),
        ("Cyd", "2027-01-06 00:00", "2027-01-06 12:00"),
        ("Ada", "2027-01-06 12:00", "2027-01-11 09:00"),
    ]


def test_nobody_but_a_manager_puts_others_on_call(service, people, users, project):
    outsider = make.make_member(make.make_project(), "owner")
    for user in (users[0], outsider, make.make_member(project, "responder")):
        with pytest.raises(Forbidden):
            override(service, people[2], user)
    assert not Override.objects.exists()

    override(service, people[2], make.make_member(project, "manager"))

    assert shifts(service)[1][0] == "Cyd"


def test_what_a_manager_made_its_person_does_not_cancel(service, people, users, project):
    made = override(service, people[2], make.make_member(project, "manager"))

    with pytest.raises(Forbidden):
        oncall.cancel_override(override=made, actor=make.actor_for(users[2]), now=NOW)

    assert shifts(service)[1][0] == "Cyd"


@pytest.mark.parametrize(
    ("starts", "ends"),
    [
        ("2027-01-06 00:00", "2027-01-06 00:00"),
        ("2027-01-03 00:00", "2027-01-04 10:00"),
        ("2027-01-06 00:00", "2028-02-06 00:00"),
    ],
)
def test_a_span_that_makes_no_sense_is_refused_at_its_end(service, people, users, starts, ends):
    with pytest.raises(Invalid) as refused:
        override(service, people[2], users[2], starts, ends)

    assert refused.value.field == "ends_at"
    assert not Override.objects.exists()


def test_an_override_that_is_over_stays(service, people, users):
    made = override(service, people[2], users[2])

    with pytest.raises(oncall.OverrideOver):
        oncall.cancel_override(override=made, actor=make.actor_for(users[2]), now=utc("2027-01-07 00:00"))


# Swaps


def test_an_accepted_swap_changes_both_spans_and_nothing_else(service, people, users):
    swap = ask(
        service, people, users[0], return_starts_at=utc("2027-01-13 00:00"), return_ends_at=utc("2027-01-14 00:00")
    )
    assert [name for name, *_when in shifts(service)[:3]] == ["Ada", "Bob", "Cyd"]

    oncall.accept_swap(swap=swap, actor=make.actor_for(users[1]), now=NOW + timedelta(hours=1))

    assert shifts(service)[:6] == [
        ("Ada", "2027-01-04 10:00", "2027-01-06 00:00"),
        ("Bob", "2027-01-06 00:00", "2027-01-07 00:00"),
        ("Ada", "2027-01-07 00:00", "2027-01-11 09:00"),
        ("Bob", "2027-01-11 09:00", "2027-01-13 00:00"),
        ("Ada", "2027-01-13 00:00", "2027-01-14 00:00"),
        ("Bob", "2027-01-14 00:00", "2027-01-18 09:00"),
    ]
    assert list(service.shifts.filter(source="swap").values_list("individual__name", flat=True)) == ["Bob", "Ada"]
    swap.refresh_from_db()
    assert (swap.status, swap.decided_at) == ("accepted", NOW + timedelta(hours=1))


def test_only_the_asked_person_or_an_admin_decides(service, people, users, project):
    swap = ask(service, people, users[0])
    for user in (users[0], users[2], make.make_member(project, "manager")):
        for decide in (oncall.accept_swap, oncall.decline_swap):
            with pytest.raises(Forbidden):
                decide(swap=swap, actor=make.actor_for(user), now=NOW)
    assert not Override.objects.exists()

    oncall.accept_swap(swap=swap, actor=make.actor_for(make.make_member(project, "admin")), now=NOW)

    assert shifts(service)[1][0] == "Bob"


def test_a_decided_swap_is_decided(service, people, users):
    declined, withdrawn = ask(service, people, users[0]), ask(service, people, users[0])
    oncall.decline_swap(swap=declined, actor=make.actor_for(users[1]), now=NOW)
    with pytest.raises(Forbidden):
        oncall.withdraw_swap(swap=withdrawn, actor=make.actor_for(users[1]), now=NOW)
    oncall.withdraw_swap(swap=withdrawn, actor=make.actor_for(users[0]), now=NOW)

    for swap in (declined, withdrawn):
        with pytest.raises(oncall.SwapDecided):
            oncall.accept_swap(swap=swap, actor=make.actor_for(users[1]), now=NOW)

    assert list(Swap.objects.order_by("pk").values_list("status", flat=True)) == ["declined", "withdrawn"]
    assert not Override.objects.exists()


def test_what_is_not_ones_own_shift_cannot_be_given(service, people, users):
    wrong = [
        ({"starts_at": utc("2027-01-11 00:00"), "ends_at": utc("2027-01-12 00:00")}, "starts_at"),
        (
            {"return_starts_at": utc("2027-01-19 00:00"), "return_ends_at": utc("2027-01-20 00:00")},
            "return_starts_at",
        ),
        ({"return_starts_at": utc("2027-01-13 00:00")}, "return_ends_at"),
        ({"asked": people[0]}, "asked"),
    ]
    for values, field in wrong:
        with pytest.raises(Invalid) as refused:
            ask(service, people, users[0], **values)
        assert refused.value.field == field

    with pytest.raises(Forbidden):
        ask(service, people, users[1])
    assert not Swap.objects.exists()


def test_a_swap_whose_shift_went_to_somebody_else_is_not_accepted(service, people, users, project):
    swap = ask(service, people, users[0])
    override(service, people[2], make.make_member(project, "manager"), "2027-01-06 12:00", "2027-01-06 13:00")

    with pytest.raises(oncall.CannotSwap):
        oncall.accept_swap(swap=swap, actor=make.actor_for(users[1]), now=NOW)
    with pytest.raises(oncall.CannotSwap):
        oncall.accept_swap(swap=swap, actor=make.actor_for(users[1]), now=utc("2027-01-07 00:00"))

    swap.refresh_from_db()
    assert swap.status == "asked"


def test_what_came_of_a_swap_only_managers_cancel(service, people, users, project):
    swap = ask(service, people, users[0])
    oncall.accept_swap(swap=swap, actor=make.actor_for(users[1]), now=NOW)
    made = Override.objects.get()

    with pytest.raises(Forbidden):
        oncall.cancel_override(override=made, actor=make.actor_for(users[1]), now=NOW)
    oncall.cancel_override(override=made, actor=make.actor_for(make.make_member(project, "manager")), now=NOW)

    assert shifts(service)[0] == ("Ada", "2027-01-04 10:00", "2027-01-11 09:00")


# Calendar addresses


def feed_of(user, project, service=None):
    return oncall.make_feed(organization=project.organization, service=service, actor=make.actor_for(user), now=NOW)


def test_only_the_hash_of_an_address_is_kept(service, users, project):
    feed, secret = feed_of(users[0], project, service)

    assert len(secret) > 40
    assert secret not in str(list(CalendarFeed.objects.values()))
    assert oncall.find_feed(secret, now=NOW) == feed
    feed.refresh_from_db()
    assert feed.last_read_at == NOW


def test_a_personal_address_gives_ones_own_shifts_only(service, users, project):
    feed, _secret = feed_of(users[1], project)

    assert {str(shift.individual) for shift in oncall.shifts_of(feed, now=NOW)} == {"Bob"}


def test_an_ended_address_gives_nothing(service, users, project):
    feed, secret = feed_of(users[0], project, service)
    with pytest.raises(Forbidden):
        oncall.revoke_feed(feed=feed, actor=make.actor_for(users[1]), now=NOW)

    oncall.revoke_feed(feed=feed, actor=make.actor_for(users[0]), now=NOW)

    assert oncall.find_feed(secret, now=NOW) is None


def test_an_address_ends_with_its_owners_membership(service, users, project):
    _feed, of_service = feed_of(users[0], project, service)
    _feed, own = feed_of(users[0], project)

    users[0].memberships.all().delete()

    assert oncall.find_feed(of_service, now=NOW) is None
    assert oncall.find_feed(own, now=NOW) is None


def test_strangers_get_no_address(service, project):
    outsider = make.make_member(make.make_project(), "owner")

    with pytest.raises(Forbidden):
        feed_of(outsider, project, service)
    with pytest.raises(Forbidden):
        feed_of(outsider, project)
