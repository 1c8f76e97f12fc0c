"""The project's calendar against dates worked out by hand."""

from datetime import UTC, date, datetime, time

import pytest
from django.urls import reverse

from core import calendar
from core.errors import Invalid
from core.flows import organizations
from core.models import Project
from tests.apiclient import Api, problem
from tests.factories import make_member, make_project, system

pytestmark = pytest.mark.django_db


def project_in(country: str = "", region: str = "", zone: str = "Europe/Berlin") -> Project:
    """Monday to Friday, 9 to 17."""
    return make_project(time_zone=zone, holiday_country=country, holiday_region=region)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


class TestWorkingDays:
    # 2027: 1 January is a Friday, 6 January a Wednesday, Easter Sunday 28 March.
    @pytest.mark.parametrize(
        ("country", "region", "day", "works"),
        [
            ("DE", "", date(2027, 1, 1), False),
            ("DE", "", date(2027, 1, 2), False),
            ("DE", "", date(2027, 1, 4), True),
            ("DE", "", date(2027, 1, 6), True),
            ("DE", "BY", date(2027, 1, 6), False),
            ("DE", "BE", date(2027, 3, 8), False),
            ("DE", "BY", date(2027, 3, 8), True),
            ("DE", "", date(2027, 3, 26), False),
            ("DE", "", date(2027, 3, 29), False),
            ("US", "", date(2027, 11, 25), False),
            ("", "", date(2027, 1, 1), True),
        ],
    )
    def test_holidays_are_those_of_the_place(self, country, region, day, works):
        assert calendar.is_working_day(project_in(country, region), day) is works

    def test_a_leap_day_is_a_day_like_others(self):
        assert calendar.is_working_day(project_in("DE"), date(2028, 2, 29))

    @pytest.mark.parametrize(
        ("first", "last", "count"),
        [
            (date(2026, 12, 31), date(2027, 1, 4), 1),
            (date(2026, 12, 31), date(2027, 1, 1), 0),
            (date(2027, 1, 4), date(2027, 1, 8), 4),
            (date(2027, 1, 4), date(2027, 1, 4), 0),
            (date(2027, 1, 8), date(2027, 1, 4), 0),
        ],
    )
    def test_working_days_between_leave_weekends_and_holidays_out(self, first, last, count):
        assert calendar.working_days_between(project_in("DE"), first, last) == count

    def test_without_business_hours_every_day_but_holidays_begins_at_nine(self):
        project = project_in("DE")
        project.business_hours.all().delete()

        assert calendar.opening_of(project, date(2027, 1, 2)) == utc(2027, 1, 2, 8)
        assert calendar.opening_of(project, date(2027, 1, 1)) is None
        assert calendar.is_open(project, utc(2027, 1, 2, 22))
        assert not calendar.is_open(project, utc(2027, 1, 2, 7, 59))


class TestOpenings:
    def test_after_new_year_2027_work_begins_on_monday_the_fourth(self):
        # 31 December 2026 is a Thursday; its own opening has passed.
        project = project_in("DE")

        assert calendar.next_opening(project, utc(2026, 12, 31, 12)) == utc(2027, 1, 4, 8)
        assert calendar.next_opening(project, utc(2027, 1, 1, 7)) == utc(2027, 1, 4, 8)

    def test_before_nine_the_next_opening_is_todays(self):
        project = project_in("DE")

        assert calendar.next_opening(project, utc(2027, 1, 4, 7, 59)) == utc(2027, 1, 4, 8)
        assert calendar.next_opening(project, utc(2027, 1, 4, 8)) == utc(2027, 1, 5, 8)

    def test_of_a_project_that_works_on_mondays_a_holiday_takes_the_whole_week(self):
        project = project_in("DE")
        project.business_hours.exclude(weekday=0).delete()

        assert calendar.next_opening(project, utc(2027, 3, 26, 8)) == utc(2027, 4, 5, 7)

    # Berlin's clocks go forward on 28 March 2027 and back on 31 October 2027.
    @pytest.mark.parametrize(
        ("day", "opening"),
        [
            (date(2027, 3, 25), utc(2027, 3, 25, 8)),
            (date(2027, 3, 30), utc(2027, 3, 30, 7)),
            (date(2027, 10, 29), utc(2027, 10, 29, 7)),
            (date(2027, 11, 1), utc(2027, 11, 1, 8)),
        ],
    )
    def test_nine_o_clock_stays_nine_o_clock_when_the_clocks_change(self, day, opening):
        assert calendar.opening_of(project_in(), day) == opening

    def test_hours_within_the_hour_that_does_not_exist_still_open_that_day(self):
        project = project_in()
        project.business_hours.create(weekday=6, opens_at=time(2, 30), closes_at=time(5))

        opening = calendar.opening_of(project, date(2027, 3, 28))

        assert opening is not None
        assert opening.astimezone(UTC) == utc(2027, 3, 28, 1, 30)

    def test_the_day_is_the_projects_and_not_utcs(self):
        # 15 January 2027, 23:00 in UTC is Saturday in Tokyo; Monday the 18th 09:00 there is midnight in UTC.
        assert calendar.next_opening(project_in(zone="Asia/Tokyo"), utc(2027, 1, 15, 23)) == utc(2027, 1, 18, 0)

    def test_a_day_with_a_break_opens_in_the_morning_and_is_closed_at_noon(self):
        project = project_in()
        project.business_hours.filter(weekday=0).delete()
        project.business_hours.create(weekday=0, opens_at=time(13), closes_at=time(17))
        project.business_hours.create(weekday=0, opens_at=time(8), closes_at=time(12))

        assert calendar.opening_of(project, date(2027, 1, 4)) == utc(2027, 1, 4, 7)
        assert not calendar.is_open(project, utc(2027, 1, 4, 11, 30))
        assert calendar.is_open(project, utc(2027, 1, 4, 12))


class TestWeeks:
    @pytest.mark.parametrize(
        ("now", "begins"),
        [
            # Easter Monday, 29 March 2027: the week begins on Tuesday, an hour earlier in UTC than in winter.
            (utc(2027, 3, 31, 12), utc(2027, 3, 30, 7)),
            (utc(2027, 3, 29, 12), utc(2027, 3, 30, 7)),
            (utc(2027, 1, 5, 12), utc(2027, 1, 4, 8)),
            # Sunday evening in UTC is Monday morning in Berlin.
            (utc(2027, 1, 10, 23, 30), utc(2027, 1, 11, 8)),
        ],
    )
    def test_a_holiday_on_monday_moves_the_weeks_beginning(self, now, begins):
        assert calendar.first_opening_of_week(project_in("DE"), now) == begins

    def test_a_week_without_a_working_day_has_no_beginning(self):
        project = project_in("DE")
        project.business_hours.exclude(weekday=0).delete()

        assert calendar.first_opening_of_week(project, utc(2027, 3, 31, 12)) is None

    def test_nobody_is_at_work_on_a_holiday(self):
        assert not calendar.is_open(project_in("DE"), utc(2027, 1, 1, 10))
        assert calendar.is_open(project_in(), utc(2027, 1, 1, 10))


class TestPlace:
    @pytest.mark.parametrize(
        ("country", "region", "field", "said"),
        [
            ("XX", "", "holiday_country", "No holidays are known"),
            ("de", "", "holiday_country", "two capitals"),
            ("DE", "ZZ", "holiday_region", "Use one of BB, BE"),
            ("", "BY", "holiday_country", "Choose the country"),
        ],
    )
    def test_an_unknown_place_is_refused_at_its_field(self, country, region, field, said):
        project = make_project()
        project.holiday_country, project.holiday_region = country, region

        with pytest.raises(Invalid) as refusal:
            organizations.save_project(project, actor=system(), now=utc(2027, 1, 1))

        assert refusal.value.field == field
        assert said in refusal.value.message
        project.refresh_from_db()
        assert (project.holiday_country, project.holiday_region) == ("", "")

    def test_the_api_names_the_field(self):
        project = make_project()
        api = Api(make_member(project, "admin"))

        answer = api.patch(f"/projects/{project.uuid}/", {"holiday_country": "DE", "holiday_region": "Nowhere"})

        assert [error["field"] for error in problem(answer)["errors"]] == ["holiday_region"]

    def test_the_console_shows_the_refusal_at_its_field(self, client):
        project = make_project()
        client.force_login(make_member(project, "admin"))
        url = reverse("admin:core_project_change", args=[project.pk])
        shown = client.get(url).context["adminform"].form.initial
        form = {name: value for name, value in shown.items() if value not in (None, False)}

        answer = client.post(url, {**form, "holiday_country": "XX"})

        assert "holiday_country" in answer.context["adminform"].form.errors
