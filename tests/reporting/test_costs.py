"""The cost model as a pure function: examples by hand, and what must hold for any facts."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.costs import Breakdown, Facts, Held, Period, Rules, hourly_rate, work_out
from reporting.explaining import explain

START = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
ROLES = {
    "incident_commander": Decimal(1), "scribe": Decimal("0.75"), "liaison": Decimal("0.75"),
    "participant": Decimal("0.5"), "reporter": Decimal("0.5"), "observer": Decimal(0),
}  # fmt: skip
RULES = Rules(hourly_rate=Decimal("24.04"), paid_hours_per_day=8, multipliers=ROLES, lead="incident_commander")


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def held(person: int, role: str, since: float, until: float | None = None, active: bool = True) -> Held:
    return Held(
        person=person, role=role, assumed_at=at(since), renounced_at=None if until is None else at(until), active=active
    )


def cost(roles, periods=((0, None),), now=1000.0, reviewers=None, rules=RULES) -> Breakdown:
    spans = [Period(started_at=at(start), ended_at=None if end is None else at(end)) for start, end in periods]
    return work_out(Facts(roles=roles, periods=spans, rules=rules, reviewers=reviewers), at(now))


def hours(breakdown: Breakdown, role: str) -> Decimal:
    return sum((line.hours for line in breakdown.lines if line.role == role), Decimal(0))


# By hand


def test_the_hourly_rate_is_to_the_cent():
    assert hourly_rate(Decimal(50000), 2080) == Decimal("24.04")
    assert hourly_rate(Decimal(0), 2080) == 0


def test_the_example_of_the_specification_by_hand():
    """10:00 to 14:00. Commander 4 h × 1, participant 3 h × 0.5, observer and silent scribe nothing, review 1 + 4 × 0.5:
    8.5 h × 24.04 = 204.34.
    """
    roles = [
        held(1, "incident_commander", 10),
        held(1, "reporter", 10),
        held(2, "participant", 11),
        held(3, "observer", 10),
        held(4, "scribe", 10, active=False),
    ]

    found = cost(roles, periods=[(10, 14)], reviewers=4)

    assert found.effort == Decimal("204.34")
    assert [(line.role, line.amount) for line in found.lines if line.amount] == [
        ("incident_commander", Decimal("96.16")), ("participant", Decimal("36.06")), ("", Decimal("72.12")),
    ]  # fmt: skip
    assert found.final


def test_a_commander_of_sixty_hours_counts_twenty_four():
    found = cost([held(1, "incident_commander", 0)], now=60)

    assert (found.effort, found.lines[0].hours) == (Decimal("576.96"), Decimal(24))
    assert not found.final


@pytest.mark.parametrize(("lasted", "counted"), [(5, 5), (8, 8), (9, 8), (24, 8), (25, 9), (30, 14), (60, 24)])
def test_of_every_day_the_first_eight_hours_count(lasted, counted):
    assert cost([held(1, "incident_commander", 0)], now=lasted).lines[0].hours == counted


def test_the_project_says_how_much_of_a_day_counts():
    rules = Rules(hourly_rate=Decimal(10), paid_hours_per_day=24, multipliers=ROLES, lead="incident_commander")

    assert cost([held(1, "incident_commander", 0)], now=60, rules=rules).effort == Decimal(600)


def test_only_the_time_people_work_on_it_counts_and_reopening_adds_to_it():
    roles = [held(1, "incident_commander", 0)]

    stable = cost(roles, periods=[(0, 4)], now=50)
    reopened = cost(roles, periods=[(0, 4), (100, None)], now=103)

    assert (stable.effort, stable.final) == (Decimal("96.16"), True)
    assert (reopened.effort, reopened.final) == (Decimal("168.28"), False)
    assert [line.hours for line in reopened.lines] == [4, 3]


def test_a_handover_counts_each_for_their_own_time():
    roles = [held(1, "incident_commander", 0, 3), held(2, "incident_commander", 3)]

    assert [(line.person, line.hours) for line in cost(roles, now=5).lines] == [(1, 3), (2, 2)]


def test_a_greater_role_within_a_lesser_one_counts_instead_of_it():
    roles = [held(1, "participant", 0), held(1, "scribe", 1, 2)]

    found = cost(roles, now=3)

    assert (hours(found, "participant"), hours(found, "scribe")) == (2, 1)


def test_a_lesser_role_in_the_uncounted_hours_of_a_greater_one_adds_nothing():
    alone = [held(1, "incident_commander", 0)]

    assert cost([*alone, held(1, "participant", 10, 20)], now=24).effort == cost(alone, now=24).effort


def test_who_did_nothing_counts_only_as_commander():
    roles = [held(1, "incident_commander", 0, active=False), held(2, "scribe", 0, active=False)]

    found = cost(roles, now=2)

    assert [(line.role, line.amount) for line in found.lines] == [
        ("incident_commander", Decimal("48.08")), ("scribe", 0),
    ]  # fmt: skip


def test_what_was_done_in_one_role_counts_for_the_others_of_the_person():
    roles = [held(1, "participant", 0, 1, active=True), held(1, "scribe", 1, active=False)]

    assert hours(cost(roles, now=2), "scribe") == 1


def test_the_same_role_given_back_at_once_is_one_stretch():
    whole = cost([held(1, "incident_commander", 0)], now=30)

    assert cost([held(1, "incident_commander", 0, 12), held(1, "incident_commander", 12)], now=30) == whole


@pytest.mark.parametrize(("day", "lasted"), [((2026, 3, 29), 23), ((2026, 10, 25), 25)])
def test_a_day_of_a_clock_change_counts_what_really_passed(day, lasted):
    berlin = ZoneInfo("Europe/Berlin")
    midnight = datetime(*day, tzinfo=berlin)
    following = datetime(*day[:2], day[2] + 1, tzinfo=berlin)
    rules = Rules(hourly_rate=Decimal(10), paid_hours_per_day=24, multipliers=ROLES, lead="incident_commander")
    role = Held(person=1, role="incident_commander", assumed_at=midnight)
    facts = Facts(roles=[role], periods=[Period(started_at=midnight, ended_at=following)], rules=rules)

    assert work_out(facts, following + timedelta(days=3)).lines[0].hours == lasted


def test_a_role_that_never_met_an_active_period_has_no_line():
    assert cost([held(1, "incident_commander", 5)], periods=[(0, 4)]).lines == ()


def test_half_a_cent_goes_up():
    rules = Rules(hourly_rate=Decimal("0.01"), paid_hours_per_day=8, multipliers=ROLES, lead="incident_commander")

    assert cost([held(1, "participant", 0)], now=1, rules=rules).effort == Decimal("0.01")


# In words


def explained(found: Breakdown) -> list[str]:
    return [explain(line, hourly_rate=Decimal("24.04"), paid_hours_per_day=8) for line in found.lines]


def test_each_line_says_its_sum():
    roles = [
        held(1, "incident_commander", 0), held(1, "reporter", 0), held(2, "scribe", 0, 1.5),
        held(3, "liaison", 0, active=False), held(4, "observer", 0),
    ]  # fmt: skip

    assert explained(cost(roles, periods=[(0, 30)], reviewers=4)) == [
        "30 h as Incident Commander. Of every 24 h the first 8 count. 14 h × 24.04 = 336.56.",
        "30 h as Reporter. Of every 24 h the first 8 count. While the person held a weightier role too, only that one "
        "counts. 0 h × 0.5 × 24.04 = 0.00.",
        "1 h 30 min as Scribe. 1.5 h × 0.75 × 24.04 = 27.05.",
        "30 h as Liaison, without an entry, message or change: counts nothing.",
        "30 h as Observer: looking on costs nothing.",
        "The review: 1 h, and half an hour for each of 4 participants. 3 h × 24.04 = 72.12.",
    ]


# For any facts

MINUTES = st.integers(min_value=0, max_value=14 * 24 * 60)
MOMENTS = MINUTES.map(lambda minutes: minutes / 60)


@st.composite
def some_roles(draw):
    since = draw(MOMENTS)
    until = draw(st.none() | MOMENTS.map(lambda hours: since + hours))
    return held(draw(st.integers(1, 3)), draw(st.sampled_from(list(ROLES))), since, until, draw(st.booleans()))


@st.composite
def some_periods(draw):
    edges = sorted(draw(st.lists(MOMENTS, min_size=1, max_size=6, unique=True)))
    return list(zip(edges[::2], [*edges[1::2], None], strict=False))


ANY_ROLES = st.lists(some_roles(), max_size=8)


@given(roles=ANY_ROLES, periods=some_periods(), now=MOMENTS, data=st.data())
def test_the_order_of_facts_changes_nothing(roles, periods, now, data):
    shuffled = cost(data.draw(st.permutations(roles)), data.draw(st.permutations(periods)), now)

    assert shuffled == cost(roles, periods, now)


@given(roles=ANY_ROLES, periods=some_periods(), now=MOMENTS, later=MOMENTS)
def test_no_line_and_no_sum_falls_while_time_passes(roles, periods, now, later):
    before, after = cost(roles, periods, now), cost(roles, periods, now + later)
    afterwards = {(line.person, line.role, line.started_at): line.amount for line in after.lines}

    assert after.effort >= before.effort
    assert all(afterwards[line.person, line.role, line.started_at] >= line.amount for line in before.lines)


@given(roles=ANY_ROLES, periods=some_periods(), now=MOMENTS, data=st.data())
def test_a_lesser_role_within_a_greater_one_changes_nothing(roles, periods, now, data):
    greater = held(9, "scribe", data.draw(MOMENTS), None)
    since = data.draw(MOMENTS.map(lambda hours: (greater.assumed_at - START).total_seconds() / 3600 + hours))
    until = data.draw(st.none() | MOMENTS.map(lambda hours: since + hours))
    lesser = held(9, data.draw(st.sampled_from(["participant", "reporter", "observer"])), since, until)

    assert cost([*roles, greater, lesser], periods, now).effort == cost([*roles, greater], periods, now).effort


@given(roles=ANY_ROLES, periods=some_periods(), now=MOMENTS)
def test_the_same_role_twice_counts_once(roles, periods, now):
    assert cost([*roles, *roles], periods, now) == cost(roles, periods, now)


@given(roles=ANY_ROLES, periods=some_periods(), now=MOMENTS)
def test_nobody_counts_more_time_than_passed_and_the_lines_add_up(roles, periods, now):
    found = cost(roles, periods, now)

    assert found.effort == sum((line.amount for line in found.lines), Decimal(0))
    for person in (1, 2, 3):
        mine = [line for line in found.lines if line.person == person]
        assert all(line.hours <= Decimal(line.seconds) / 3600 + Decimal("0.001") for line in mine)
        assert sum((line.hours for line in mine), Decimal(0)) <= Decimal(now) + Decimal("0.01")
