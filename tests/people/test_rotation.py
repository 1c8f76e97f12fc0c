"""The rotation against dates worked out by hand, and what must hold for any rotation.

The calendars used: in 2027 Berlin's clocks go forward on Sunday 28 March at 01:00 UTC and back on Sunday 31 October at
01:00 UTC; New York's go forward on Sunday 14 March at 07:00 UTC and back on Sunday 7 November at 06:00 UTC.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from people.oncall import rotation
from people.oncall.rotation import Gap, Layer, Member, Replacement, Span, Window

ADA, BOB, CYD = 1, 2, 3
BERLIN, NEW_YORK, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("UTC")


def utc(text: str) -> datetime:
    """2027-03-28 07:00 as a moment."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def layer(**values):
    given = {
        "id": 1, "order": 1, "cadence": "daily", "handover_at": time(9), "zone": UTC_ZONE,
        "starts_on": date(2027, 1, 4), "members": (ADA, BOB, CYD), **values,
    }  # fmt: skip
    members = tuple(one if isinstance(one, Member) else Member(individual=one) for one in given["members"])
    return Layer(**{**given, "members": members})


def rota(layers, since, until, overrides=()):
    """Who, from when until when, as text."""
    found = rotation.spans(layers, overrides, since=utc(since), until=utc(until))
    return [(one.individual, f"{one.starts_at:%Y-%m-%d %H:%M}", f"{one.ends_at:%Y-%m-%d %H:%M}") for one in found]


# Daylight saving


def test_a_daily_turn_is_an_hour_shorter_when_clocks_go_forward():
    # 09:00 in Berlin is 08:00 UTC on the 26th and 27th (CET, +1) and 07:00 UTC from the 28th (CEST, +2).
    days = layer(zone=BERLIN, starts_on=date(2027, 3, 26))

    assert rota([days], "2027-03-26 00:00", "2027-03-29 07:00") == [
        (ADA, "2027-03-26 08:00", "2027-03-27 08:00"),
        (BOB, "2027-03-27 08:00", "2027-03-28 07:00"),
        (CYD, "2027-03-28 07:00", "2027-03-29 07:00"),
    ]


def test_a_hand_over_at_a_time_that_does_not_exist_moves_forward():
    # On the 28th 02:30 is skipped: it becomes 03:30 CEST, 01:30 UTC. The day before it is 01:30 UTC (CET), the day
    # after 00:30 UTC (CEST).
    nights = layer(zone=BERLIN, starts_on=date(2027, 3, 27), handover_at=time(2, 30))

    assert rota([nights], "2027-03-27 00:00", "2027-03-30 00:30") == [
        (ADA, "2027-03-27 01:30", "2027-03-28 01:30"),
        (BOB, "2027-03-28 01:30", "2027-03-29 00:30"),
        (CYD, "2027-03-29 00:30", "2027-03-30 00:30"),
    ]


def test_a_hand_over_at_a_time_that_exists_twice_is_the_first():
    # On the 31st 02:30 is 00:30 UTC (CEST) and again 01:30 UTC (CET). Bob's turn has 25 hours.
    nights = layer(zone=BERLIN, starts_on=date(2027, 10, 30), handover_at=time(2, 30))

    assert rota([nights], "2027-10-30 00:00", "2027-11-02 01:30") == [
        (ADA, "2027-10-30 00:30", "2027-10-31 00:30"),
        (BOB, "2027-10-31 00:30", "2027-11-01 01:30"),
        (CYD, "2027-11-01 01:30", "2027-11-02 01:30"),
    ]


def test_weeks_in_new_york_keep_their_hour_both_ways():
    # Monday 09:00 is 14:00 UTC under EST (-5) and 13:00 UTC under EDT (-4): one week of 167 hours in March, one of 169
    # in November. From 8 March to 1 November are 34 weeks, and 34 = 11 * 3 + 1: Bob has that of 1 November.
    weeks = layer(zone=NEW_YORK, cadence="weekly", starts_on=date(2027, 3, 8))

    assert rota([weeks], "2027-03-08 00:00", "2027-03-22 13:00") == [
        (ADA, "2027-03-08 14:00", "2027-03-15 13:00"),
        (BOB, "2027-03-15 13:00", "2027-03-22 13:00"),
    ]
    assert rota([weeks], "2027-11-01 13:00", "2027-11-15 14:00") == [
        (BOB, "2027-11-01 13:00", "2027-11-08 14:00"),
        (CYD, "2027-11-08 14:00", "2027-11-15 14:00"),
    ]


def test_in_new_york_the_repeated_hour_hands_over_at_its_first_half_past_one():
    # 01:30 on 7 November is 05:30 UTC (EDT) and again 06:30 UTC (EST).
    nights = layer(zone=NEW_YORK, starts_on=date(2027, 11, 6), handover_at=time(1, 30))

    assert rota([nights], "2027-11-06 00:00", "2027-11-08 06:30") == [
        (ADA, "2027-11-06 05:30", "2027-11-07 05:30"),
        (BOB, "2027-11-07 05:30", "2027-11-08 06:30"),
    ]


def test_turns_of_36_hours_are_elapsed_time_whatever_the_clocks_do():
    # 27 March 20:00 in Berlin is 19:00 UTC; 36 hours later it is 07:00 UTC on the 29th (09:00 there, not 08:00).
    long = layer(zone=BERLIN, cadence="custom", turn_hours=36, starts_on=date(2027, 3, 27), handover_at=time(20))

    assert rota([long], "2027-03-27 00:00", "2027-03-31 19:00") == [
        (ADA, "2027-03-27 19:00", "2027-03-29 07:00"),
        (BOB, "2027-03-29 07:00", "2027-03-30 19:00"),
        (CYD, "2027-03-30 19:00", "2027-03-31 19:00"),
    ]


# The calendar


def test_the_leap_day_is_somebodys_day():
    days = layer(starts_on=date(2028, 2, 28), handover_at=time(0))

    assert rota([days], "2028-02-28 00:00", "2028-03-02 00:00") == [
        (ADA, "2028-02-28 00:00", "2028-02-29 00:00"),
        (BOB, "2028-02-29 00:00", "2028-03-01 00:00"),
        (CYD, "2028-03-01 00:00", "2028-03-02 00:00"),
    ]


def test_a_week_over_the_leap_day_has_seven_days():
    # Monday 28 February 2028 and seven days: 29 February, 1 to 5 March, and it is Monday 6 March.
    weeks = layer(cadence="weekly", starts_on=date(2028, 2, 28))

    assert rota([weeks], "2028-02-28 09:00", "2028-03-06 10:00") == [
        (ADA, "2028-02-28 09:00", "2028-03-06 09:00"),
        (BOB, "2028-03-06 09:00", "2028-03-06 10:00"),
    ]


def test_a_week_that_begins_between_hand_overs_is_short():
    # Thursday 7 January 2027; hand-over on Mondays, the next is the 11th.
    weeks = layer(cadence="weekly", starts_on=date(2027, 1, 7))

    assert rota([weeks], "2027-01-01 00:00", "2027-01-18 09:00") == [
        (ADA, "2027-01-07 09:00", "2027-01-11 09:00"),
        (BOB, "2027-01-11 09:00", "2027-01-18 09:00"),
    ]


def test_the_last_day_belongs_to_the_layer():
    # Until 6 January inclusive: at its end it is 00:00 in Berlin, 23:00 UTC.
    days = layer(zone=BERLIN, ends_on=date(2027, 1, 6))

    assert rota([days], "2027-01-01 00:00", "2027-02-01 00:00")[-1] == (CYD, "2027-01-06 08:00", "2027-01-06 23:00")


# Overrides and layers


def test_an_override_across_a_hand_over_takes_from_both():
    # Monday 11 January 09:00 is the hand-over from Ada to Bob; Cyd has 06:00 to 12:00.
    weeks = layer(cadence="weekly")
    cyd = Replacement(individual=CYD, starts_at=utc("2027-01-11 06:00"), ends_at=utc("2027-01-11 12:00"), rank=1)

    assert rota([weeks], "2027-01-04 09:00", "2027-01-18 09:00", [cyd]) == [
        (ADA, "2027-01-04 09:00", "2027-01-11 06:00"),
        (CYD, "2027-01-11 06:00", "2027-01-11 12:00"),
        (BOB, "2027-01-11 12:00", "2027-01-18 09:00"),
    ]


def test_of_two_overrides_the_later_made_one_counts():
    first = Replacement(individual=BOB, starts_at=utc("2027-01-05 00:00"), ends_at=utc("2027-01-05 08:00"), rank=1)
    second = Replacement(individual=CYD, starts_at=utc("2027-01-05 06:00"), ends_at=utc("2027-01-05 10:00"), rank=2)

    assert rota([layer(cadence="weekly")], "2027-01-04 09:00", "2027-01-05 12:00", [second, first]) == [
        (ADA, "2027-01-04 09:00", "2027-01-05 00:00"),
        (BOB, "2027-01-05 00:00", "2027-01-05 06:00"),
        (CYD, "2027-01-05 06:00", "2027-01-05 10:00"),
        (ADA, "2027-01-05 10:00", "2027-01-05 12:00"),
    ]


def test_a_layer_for_the_weekend_goes_before_the_one_below_it():
    # Friday 8 January 18:00 to Saturday 08:00 (over midnight), Saturday 08:00 to Sunday 00:00, all of Sunday.
    week = layer(cadence="weekly", members=(ADA,))
    weekend = layer(
        id=2, order=2, cadence="weekly", members=(BOB,), starts_on=date(2027, 1, 4),
        windows=(
            Window(weekday=4, starts_at=time(18), ends_at=time(8)),
            Window(weekday=5, starts_at=time(8), ends_at=time(0)),
            Window(weekday=6, starts_at=time(0), ends_at=time(0)),
        ),
    )  # fmt: skip

    assert rota([week, weekend], "2027-01-07 00:00", "2027-01-12 00:00") == [
        (ADA, "2027-01-07 00:00", "2027-01-08 18:00"),
        (BOB, "2027-01-08 18:00", "2027-01-11 00:00"),
        (ADA, "2027-01-11 00:00", "2027-01-12 00:00"),
    ]


def test_nights_only_leave_the_days_open():
    # Every day 22:00 to 06:00, taking turns at noon: the night that began on the 4th is Ada's to its end.
    nights = layer(handover_at=time(12), windows=(Window(starts_at=time(22), ends_at=time(6)),))
    found = rotation.spans([nights], [], since=utc("2027-01-05 00:00"), until=utc("2027-01-06 06:00"))

    assert rota([nights], "2027-01-05 00:00", "2027-01-06 06:00") == [
        (ADA, "2027-01-05 00:00", "2027-01-05 06:00"),
        (BOB, "2027-01-05 22:00", "2027-01-06 06:00"),
    ]
    assert rotation.gaps(found, since=utc("2027-01-05 00:00"), until=utc("2027-01-06 12:00")) == [
        Gap(starts_at=utc("2027-01-05 06:00"), ends_at=utc("2027-01-05 22:00")),
        Gap(starts_at=utc("2027-01-06 06:00"), ends_at=utc("2027-01-06 12:00")),
    ]


def test_a_window_that_the_clocks_skip_is_not_there_and_one_around_it_is_shorter():
    # 28 March in Berlin: 22:00 on the 27th is 21:00 UTC, 06:00 on the 28th is 04:00 UTC: seven hours.
    night = layer(zone=BERLIN, starts_on=date(2027, 3, 27), windows=(Window(starts_at=time(22), ends_at=time(6)),))
    skipped = layer(zone=BERLIN, starts_on=date(2027, 3, 27), windows=(Window(starts_at=time(2, 30), ends_at=time(3)),))

    assert rota([night], "2027-03-27 12:00", "2027-03-28 12:00") == [(ADA, "2027-03-27 21:00", "2027-03-28 04:00")]
    assert rota([skipped], "2027-03-27 12:00", "2027-03-28 12:00") == []


# Who is not there


def test_an_inactive_members_turns_go_to_the_next_and_nobody_elses_move():
    days = layer(members=(ADA, Member(individual=BOB, active=False), CYD))

    assert rota([days], "2027-01-04 09:00", "2027-01-08 09:00") == [
        (ADA, "2027-01-04 09:00", "2027-01-05 09:00"),
        (CYD, "2027-01-05 09:00", "2027-01-07 09:00"),
        (ADA, "2027-01-07 09:00", "2027-01-08 09:00"),
    ]


@pytest.mark.parametrize("members", [(), (Member(individual=ADA, active=False),)])
def test_an_empty_layer_covers_nothing_and_leaves_it_to_the_one_below(members):
    above = layer(id=2, order=2, members=members)
    below = layer(members=(BOB,))

    assert rota([above], "2027-01-04 09:00", "2027-01-05 09:00") == []
    assert rota([above, below], "2027-01-04 09:00", "2027-01-06 09:00") == [
        (BOB, "2027-01-04 09:00", "2027-01-06 09:00")
    ]


def test_the_turn_of_a_moment_begins_with_its_first_second():
    days = layer()

    assert [rotation.turn_at(days, utc(text)) for text in ("2027-01-04 08:59", "2027-01-04 09:00")] == [-1, 0]
    assert [rotation.turn_at(days, utc(text)) for text in ("2027-01-05 08:59", "2027-01-05 09:00")] == [0, 1]


# What holds for any rotation

SINCE = utc("2027-03-01 00:00")
ZONES = st.sampled_from([BERLIN, NEW_YORK, UTC_ZONE, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia")])
WINDOWS = st.builds(Window, weekday=st.sampled_from([None, *range(7)]), starts_at=st.times(), ends_at=st.times())
LAYERS = st.builds(
    Layer,
    id=st.integers(1, 3),
    order=st.integers(1, 3),
    cadence=st.sampled_from(["daily", "weekly", "custom"]),
    turn_hours=st.integers(1, 200),
    handover_at=st.times(),
    handover_weekday=st.integers(0, 6),
    zone=ZONES,
    starts_on=st.dates(date(2027, 1, 1), date(2027, 4, 1)),
    ends_on=st.none() | st.dates(date(2027, 4, 1), date(2027, 6, 1)),
    members=st.lists(st.builds(Member, individual=st.integers(1, 4), active=st.booleans()), max_size=4).map(tuple),
    windows=st.lists(WINDOWS, max_size=3).map(tuple),
)
HOURS = st.integers(0, 24 * 60)
OVERRIDES = st.builds(
    lambda at, length, who, rank: Replacement(
        individual=who, rank=rank, starts_at=SINCE + timedelta(hours=at), ends_at=SINCE + timedelta(hours=at + length)
    ),
    HOURS, st.integers(1, 300), st.integers(1, 4), st.integers(1, 9),
)  # fmt: skip
FEW = settings(max_examples=60, deadline=None)


def distinct(layers):
    return list({one.order: one for one in layers}.values())


@FEW
@given(layers=st.lists(LAYERS, max_size=3), overrides=st.lists(OVERRIDES, max_size=4))
def test_spans_are_in_order_and_never_overlap(layers, overrides):
    until = SINCE + timedelta(days=60)
    found = rotation.spans(distinct(layers), overrides, since=SINCE, until=until)

    edges = [edge for span in found for edge in (span.starts_at, span.ends_at)]
    assert edges == sorted(edges)
    assert all(SINCE <= span.starts_at < span.ends_at <= until for span in found)
    assert rotation.merged(found) == found


@FEW
@given(layers=st.lists(LAYERS, min_size=1, max_size=3), overrides=st.lists(OVERRIDES, max_size=3))
def test_where_an_unrestricted_layer_has_somebody_there_is_no_gap(layers, overrides):
    layers = distinct(layers)
    always = Layer(**{**vars(layers[0]), "windows": (), "ends_on": None, "members": (Member(individual=ADA),)})
    since, until = utc("2027-04-03 00:00"), utc("2027-06-03 00:00")
    found = rotation.spans([always, *layers[1:]], overrides, since=since, until=until)

    assert rotation.gaps(found, since=since, until=until) == []


@FEW
@given(
    layers=st.lists(LAYERS, max_size=3), overrides=st.lists(OVERRIDES, max_size=4), cut=HOURS, more=st.integers(1, 500)
)
def test_a_span_worked_out_in_two_parts_is_the_same(layers, overrides, cut, more):
    layers, middle = distinct(layers), SINCE + timedelta(hours=cut)
    end = middle + timedelta(hours=more)
    whole = rotation.spans(layers, overrides, since=SINCE, until=end)
    parts = [
        *rotation.spans(layers, overrides, since=SINCE, until=middle),
        *rotation.spans(layers, overrides, since=middle, until=end),
    ]

    assert rotation.merged(parts) == whole


def covers(one, moment):
    """Whether a layer counts at the moment, by looking at that moment alone."""
    local = moment.astimezone(one.zone)
    begin = rotation.moment_of(one.starts_on, one.handover_at, one.zone)
    if moment < begin or (one.ends_on and local.date() > one.ends_on):
        return False
    return not one.windows or any(
        rotation.moment_of(day, window.starts_at, one.zone) <= moment < closes(one, window, day)
        for window in one.windows
        for day in (local.date(), local.date() - timedelta(days=1))
        if window.weekday in (None, day.weekday())
    )


def closes(one, window, day):
    days = 1 if window.ends_at <= window.starts_at else 0
    return rotation.moment_of(day + timedelta(days=days), window.ends_at, one.zone)


@FEW
@given(layers=st.lists(LAYERS, max_size=3), overrides=st.lists(OVERRIDES, max_size=3), minutes=st.integers(0, 86_000))
def test_at_any_moment_it_is_the_latest_override_else_the_highest_layer(layers, overrides, minutes):
    layers = distinct(layers)
    overrides = list({one.rank: one for one in overrides}.values())
    moment = SINCE + timedelta(minutes=minutes)
    wanted = [one.individual for one in sorted(overrides, key=lambda one: -one.rank) if covering(one, moment)]
    here = [one for one in sorted(layers, key=lambda one: -one.order) if covers(one, moment)]
    wanted += [rotation.holder(one, rotation.turn_at(one, moment)) for one in here]

    found = rotation.spans(layers, overrides, since=SINCE, until=SINCE + timedelta(days=60))
    there = [span.individual for span in found if covering(span, moment)]

    assert there == [one for one in wanted if one is not None][:1]


def covering(span, moment):
    return span.starts_at <= moment < span.ends_at


def test_spans_that_only_touch_are_joined_if_they_are_alike():
    one = Span(starts_at=utc("2027-01-01"), ends_at=utc("2027-01-02"), individual=ADA, source="rotation", layer=1)
    next_one = Span(starts_at=utc("2027-01-02"), ends_at=utc("2027-01-03"), individual=ADA, source="rotation", layer=1)
    later = Span(starts_at=utc("2027-01-04"), ends_at=utc("2027-01-05"), individual=ADA, source="rotation", layer=1)

    assert [(span.starts_at.day, span.ends_at.day) for span in rotation.merged([one, next_one, later])] == [
        (1, 3), (4, 5),
    ]  # fmt: skip
