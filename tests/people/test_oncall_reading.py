"""Restrictions as people write them, and four weeks as a calendar."""

from datetime import date, time
from zoneinfo import ZoneInfo

import pytest

from people.flows import oncall
from people.oncall import hours
from people.oncall.month import month
from people.oncall.rotation import Window
from tests import factories as make
from tests.people.rotas import NOW, make_layer, make_service, utc

BERLIN = ZoneInfo("Europe/Berlin")


def test_days_and_hours_are_read_as_written():
    read = hours.read("Mon-Fri 18:00-08:00\n\n sat, Sunday 0:00–24:00 \nEvery day 12:00-13:00")

    assert [(window.weekday, window.starts_at, window.ends_at) for window in read] == [
        *((day, time(18), time(8)) for day in range(5)),
        (5, time(0), time(0)),
        (6, time(0), time(0)),
        (None, time(12), time(13)),
    ]


def test_days_over_the_weeks_end_are_read():
    assert [window.weekday for window in hours.read("Fri-Mon 09:00-10:00")] == [4, 5, 6, 0]


@pytest.mark.parametrize(
    "line",
    [
        "Mon", "Mon 9-17", "Someday 09:00-17:00", "Mon 25:00-26:00", "Mon 09:60-10:00", "Mon-Tue-Wed 09:00-10:00",
        "1 09:00-10:00",
    ],
)  # fmt: skip
def test_a_line_that_means_nothing_is_named(line):
    with pytest.raises(ValueError, match="cannot be read") as refused:
        hours.read(f"Mon 09:00-17:00\n{line}")

    assert line in str(refused.value)


def test_windows_are_written_as_they_are_read():
    text = "Mon-Fri 18:00-08:00\nSat, Sun 00:00-24:00\nEvery day 12:00-13:00"

    assert hours.write(hours.read(text)) == text
    assert hours.write([Window(weekday=2, starts_at=time(9), ends_at=time(10))]) == "Wed 09:00-10:00"


@pytest.mark.django_db
def test_a_day_shows_who_begins_and_ends_on_the_readers_clock():
    # The hand-over on Monday 11 January 09:00 UTC is 10:00 in Berlin; the weeks are known until 2 March.
    project = make.make_project()
    service = make_service(project)
    ada, bob = make.make_individual(project, name="Ada"), make.make_individual(project, name="Bob")
    make_layer(service, [ada, bob])

    shown = month(service, day=date(2027, 1, 14), now=NOW, known_until=utc("2027-03-02 00:00"), zone=BERLIN)

    assert (shown.first, shown.last) == (date(2027, 1, 11), date(2027, 2, 7))
    assert (shown.before, shown.after) == (date(2026, 12, 14), date(2027, 2, 8))
    monday, tuesday = shown.weeks[0][:2]
    assert [(part.person, part.starts_at, part.ends_at) for part in monday.parts] == [
        (ada, None, utc("2027-01-11 09:00")), (bob, utc("2027-01-11 09:00"), None),
    ]  # fmt: skip
    assert [(part.person, part.starts_at, part.ends_at) for part in tuesday.parts] == [(bob, None, None)]


@pytest.mark.django_db
def test_one_person_by_two_layers_is_one_stretch_and_on_call_until_its_end():
    # Ada has 00:00-12:00 by one layer and 12:00-24:00 by another: the whole day, known to 2 March.
    project = make.make_project()
    service, ada = make_service(project), [make.make_individual(project, name="Ada")]
    for order, (starts_at, ends_at) in enumerate([(time(0), time(12)), (time(12), time(0))], start=1):
        window = [Window(starts_at=starts_at, ends_at=ends_at)]
        make_layer(service, ada, name=str(order), order=order, restrictions=window, handover_at=time(0))

    shown = month(service, day=date(2027, 1, 5), now=NOW, known_until=utc("2027-03-02 00:00"), zone=ZoneInfo("UTC"))

    assert [(part.starts_at, part.ends_at) for part in shown.weeks[0][1].parts] == [(None, None)]
    assert oncall.duties([service], NOW)[service.pk].until == utc("2027-03-02 00:00")


@pytest.mark.django_db
def test_a_gap_is_told_of_what_is_to_come_only():
    # Mornings of one person from 08:00 to 12:00 UTC; now is Monday 10:00.
    project = make.make_project()
    service = make_service(project)
    mornings = [Window(starts_at=time(8), ends_at=time(12))]
    make_layer(service, [make.make_individual(project, name="Ada")], restrictions=mornings, handover_at=time(0))

    shown = month(service, day=date(2027, 1, 4), now=NOW, known_until=utc("2027-01-05 10:00"), zone=ZoneInfo("UTC"))

    first, second, third = shown.weeks[0][:3]
    assert first.today
    assert [(str(part.person), part.starts_at, part.ends_at) for part in first.parts] == [
        ("Ada", utc("2027-01-04 10:00"), utc("2027-01-04 12:00")), ("None", utc("2027-01-04 12:00"), None),
    ]  # fmt: skip
    assert [str(part.person) for part in second.parts] == ["None", "Ada"]
    assert [str(part.person) for part in third.parts] == ["Ada"]
