"""The home page's figures and the trends: what they count, where they lead, and for whom."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from core.operations.models import Operation
from incidents import flows
from incidents.models import Severity, Type
from people.flows import assign_role, tasks
from people.flows.pages import page as page_somebody
from reporting.models import CostStatement
from tests import factories as make
from tests.apiclient import Api, at_fault

pytestmark = pytest.mark.django_db
TRENDS = "admin:incidents_incident_trends"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel("2026-11-25T12:00:00Z", tick=False):
        yield


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def responder(client, project):
    user = make.make_member(project, "responder")
    client.force_login(user)
    return user


def charts(client, query=""):
    return {str(chart.title): chart for chart in client.get(reverse(TRENDS) + query).context["trends"].charts}


def figures(client, title, query=""):
    return {bar.label: bar.said for bar in charts(client, query)[title].bars if bar.value}


def lasted(project, reported, hours, to="stable", **fields):
    incident = make.declare(project, reported_at=reported, **fields)
    now = reported + timedelta(hours=hours)
    return flows.change_status(incident=incident, to=to, actor=make.system(), now=now)


OCTOBER, NOVEMBER = datetime(2026, 10, 5, 9, tzinfo=UTC), datetime(2026, 11, 5, 9, tzinfo=UTC)


class TestTrends:
    def test_reported_is_counted_by_month_and_severity(self, client, responder, project):
        high = Severity.objects.get(project=project, name="High")
        make.declare(project, reported_at=OCTOBER)
        make.declare(project, reported_at=NOVEMBER)
        make.declare(project, reported_at=NOVEMBER, severity=high)

        assert figures(client, "Reported") == {"Oct": "1 (1 Undetermined)", "Nov": "2 (1 Undetermined, 1 High)"}

    def test_the_time_to_stable_is_the_median(self, client, responder, project):
        for hours in (1, 3, 20):
            lasted(project, NOVEMBER, hours)
        lasted(project, OCTOBER, 2)
        lasted(project, OCTOBER, 4)

        assert figures(client, "Time to stable") == {"Oct": "3 h of 2", "Nov": "3 h of 3"}

    def test_the_time_to_close_stands_in_the_month_of_closing(self, client, responder, project):
        lasted(project, OCTOBER, 24 * 30, to="closed")

        assert figures(client, "Time to close") == {"Nov": "30 d of 1"}

    def test_costs_are_added_up_by_currency(self, client, responder, project):
        for amount, currency in ((100, "USD"), (250, "USD"), (70, "EUR")):
            incident = make.declare(project, reported_at=NOVEMBER)
            CostStatement.objects.filter(incident=incident).update(total=Decimal(amount), currency=currency)

        told = [
            bar.said for chart in client.get(reverse(TRENDS)).context["trends"].charts
            if str(chart.title) == "Cost" for bar in chart.bars if bar.value
        ]  # fmt: skip
        assert told == ["70 EUR", "350 USD"]

    def test_by_type_and_by_severity(self, client, responder, project):
        malware = Type.objects.create(project=project, name="Malware")
        lasted(project, NOVEMBER, 5, type=malware)

        assert figures(client, "Reported", "?by=type") == {"Malware": "1"}
        assert figures(client, "Time to stable", "?by=type") == {"Malware": "5 h of 1"}
        assert figures(client, "Reported", "?by=severity") == {"Undetermined": "1"}

    def test_of_many_types_the_largest_are_drawn_and_the_rest_is_told(self, client, responder, project):
        for number in range(13):
            kind = Type.objects.create(project=project, name=f"Type {number:02}")
            for _one in range(3 if number == 12 else 1):
                make.declare(project, reported_at=NOVEMBER, type=kind)

        (chart,) = [each for each in client.get(f"{reverse(TRENDS)}?by=type").context["trends"].charts
                    if str(each.title) == "Reported"]  # fmt: skip
        assert [bar.label for bar in chart.bars] == ["Type 12", *(f"Type {number:02}" for number in range(11))]
        assert chart.note == "incidents, the first 12 of 13"

    def test_the_worst_severity_stands_first(self, client, responder, project):
        for name in ("Low", "Critical", "Medium"):
            severity = Severity.objects.get(project=project, name=name)
            make.declare(project, reported_at=NOVEMBER, severity=severity)

        assert list(figures(client, "Reported", "?by=severity")) == ["Critical", "Medium", "Low"]
        assert [name for name, _colour in charts(client)["Reported"].legend] == ["Critical", "Medium", "Low"]

    def test_project_type_and_time_narrow(self, client, responder, project):
        other = make.make_project(project.organization, name="Privacy")
        make.memberships.grant(user=responder, role="responder", project=other, actor=make.system(), now=timezone.now())
        malware = Type.objects.create(project=project, name="Malware")
        make.declare(project, reported_at=NOVEMBER, type=malware)
        make.declare(project, reported_at=NOVEMBER - timedelta(days=300))
        make.declare(other, reported_at=NOVEMBER)

        def reported(query):
            return sum(bar.value for bar in charts(client, query)["Reported"].bars)

        assert reported("") == 2
        assert reported("?months=12") == 3
        assert reported("?project=Privacy") == 1
        assert reported("?type=Malware") == 1
        assert reported("?months=nonsense&by=nonsense") == 2

    def test_every_bar_leads_to_the_incidents_it_counts(self, client, responder, project):
        lasted(project, OCTOBER, 24 * 30, to="closed", title="Long one")
        lasted(project, NOVEMBER, 1, to="closed", title="Short one")
        make.declare(project, title="New", reported_at=timezone.now())

        for query in ("", "?by=type", "?by=severity", "?by=type&type=Other&project=Security"):
            for chart in charts(client, query).values():
                for bar in chart.bars:
                    listing = client.get(bar.url).context["listing"]
                    if str(chart.title) == "Reported":
                        assert len(listing.rows) == bar.value
                    elif "of " in bar.said:
                        assert f"of {len(listing.rows)}" in bar.said

    def test_restricted_incidents_are_in_no_figure_of_those_who_may_not_see_them(self, client, responder, project):
        secret = lasted(project, NOVEMBER, 7, to="closed", visibility="restricted")
        CostStatement.objects.filter(incident=secret).update(total=Decimal(999), currency="USD")
        lasted(make.make_project(), NOVEMBER, 7, to="closed")

        for query in ("", "?by=type", "?by=severity", "?project=Security"):
            assert all(chart.is_empty for chart in charts(client, query).values()), query

        client.force_login(make.make_member(project, "admin"))
        assert figures(client, "Time to close") == {"Nov": "7 h of 1"}
        assert figures(client, "Cost") == {"Nov": "999 USD"}

    def test_few_and_many_cost_the_same(self, client, responder, project, django_assert_max_num_queries):
        lasted(project, NOVEMBER, 1)
        client.get(reverse(TRENDS))
        with django_assert_max_num_queries(25) as few:
            client.get(reverse(TRENDS))
        for hours in range(1, 12):
            lasted(project, OCTOBER, hours, to="closed")
        with django_assert_max_num_queries(25) as many:
            client.get(reverse(TRENDS))

        assert len(few) == len(many)


class TestHome:
    def home(self, client):
        cards = client.get(reverse("admin:index")).context["cards"]
        stats = {str(part["card"]["label"]): part["card"] for part in cards["stats"]}
        return stats, client.get(reverse("admin:index")).content.decode()

    def test_what_i_command_comes_first(self, client, responder, project):
        me, now = make.individual_of(responder, project), timezone.now()
        for title, role in (("I scribe", "scribe"), ("I command", "incident_commander")):
            incident = make.declare(project, title=title)
            assign_role(subject=incident, individual=me, role=role, actor=make.system(), now=now)

        text = client.get(reverse("admin:index")).content.decode()
        card = text[text.index("Yours") :]

        assert card.index("I command") < card.index("I scribe")
        assert "You command" in card

    def test_the_tile_of_the_stable_says_how_long_the_oldest_waits(self, client, responder, project):
        assert self.home(client)[0]["Stable, to close"]["note"] == "Nothing waits"

        for hours in (30, 5):
            reported = timezone.now() - timedelta(hours=hours + 1)
            lasted(project, reported, 1)

        assert self.home(client)[0]["Stable, to close"]["note"] == "the oldest for 30 h"

    def test_overdue_tasks_are_counted_and_lead_to_their_list(self, client, responder, project):
        now = timezone.now()
        incident = make.declare(project)
        secret = make.declare(project, visibility="restricted")
        for subject in (incident, secret):
            tasks.create_task(
                subject=subject, title="Late one", actor=make.system(), now=now - timedelta(days=2),
                due_at=now - timedelta(days=1),
            )  # fmt: skip

        stats, _text = self.home(client)

        assert stats["Overdue tasks"]["figure"] == "1"
        assert len(client.get(stats["Overdue tasks"]["url"]).context["listing"].rows) == 1

    def test_a_page_that_calls_me_is_on_top_until_somebody_answers(self, client, responder, project):
        incident = make.declare(project, title="Ransom note")
        page_somebody(
            subject=incident, individual=make.individual_of(responder, project), message="Wake up", fact="ransom",
            actor=make.system(), now=timezone.now(),
        )  # fmt: skip
        assert "You are paged" in client.get(reverse("admin:index")).content.decode()

        client.force_login(make.make_member(project, "responder"))
        assert "You are paged" not in client.get(reverse("admin:index")).content.decode()

    def test_what_is_tried_again_is_not_called_up_to_date(self, client, responder, project):
        planned = Operation.objects.of(make.declare(project)).first()
        Operation.objects.filter(pk=planned.pk).update(status="retrying")

        stats, _text = self.home(client)

        assert stats["Failed operations"]["note"] == "Something outside is late; it is tried again"

    def test_a_queue_that_is_behind_is_told_and_not_called_up_to_date(self, client, responder, project):
        incident = make.declare(project)
        stats, _text = self.home(client)
        assert stats["Failed operations"]["note"] == "Everything outside is up to date"

        Operation.objects.filter(incident=incident).update(next_attempt_at=timezone.now() - timedelta(minutes=3))
        stats, _text = self.home(client)
        assert stats["Failed operations"]["note"] == "The queue is behind; what is planned waits"

    def test_retrying_operations_show_while_there_are_some(self, client, responder, project):
        stats, _text = self.home(client)
        assert "Retrying operations" not in stats
        incident = make.declare(project)
        Operation.objects.filter(incident=incident).update(status="pending")
        first = Operation.objects.filter(incident=incident).first()
        Operation.objects.filter(pk=first.pk).update(status="retrying")

        stats, _text = self.home(client)
        assert stats["Retrying operations"]["figure"] == "1"

    def test_the_charts_are_asked_for_after_the_page(self, client, responder):
        assert f'hx-get="{reverse(TRENDS)}"' in client.get(reverse("admin:index")).content.decode()


class TestApi:
    def test_it_tells_the_figures_of_the_charts(self, responder, project):
        api = Api(responder)
        high = Severity.objects.get(project=project, name="High")
        lasted(project, OCTOBER, 2, severity=high)
        make.declare(project, reported_at=NOVEMBER)
        CostStatement.objects.filter(incident__severity=high).update(total=Decimal(100), currency="USD")

        told = api.get("/incident-trends/", months=3).json()

        assert (told["by"], told["first"], told["last"], told["time_zone"]) == (
            "month", "2026-09-01", "2026-11-25", "UTC",
        )  # fmt: skip
        assert [(row["name"], row["count"]) for row in told["reported"]] == [("Sep", 0), ("Oct", 1), ("Nov", 1)]
        assert told["reported"][1]["severities"] == [{"severity": "High", "count": 1}]
        assert told["time_to_stable"][1] == {
            "name": "Oct", "first": "2026-10-01", "last": "2026-10-31", "median_seconds": 7200, "count": 1,
        }  # fmt: skip
        assert told["time_to_stable"][2]["median_seconds"] is None
        assert [(row["name"], row["currency"], row["total"]) for row in told["cost"]] == [
            ("Sep", "USD", "0.00"), ("Oct", "USD", "100.00"), ("Nov", "USD", "0.00"),
        ]  # fmt: skip
        by_name = api.get("/incident-trends/", by="severity", project="Security").json()
        assert {row["name"]: row["count"] for row in by_name["reported"]} == {"High": 1, "Undetermined": 1}

    def test_it_counts_nothing_that_the_caller_does_not_see(self, responder, project):
        make.declare(project, reported_at=NOVEMBER, visibility="restricted")

        told = {
            who: sum(row["count"] for row in Api(user).get("/incident-trends/").json()["reported"])
            for who, user in {
                "responder": responder, "admin": make.make_member(project, "admin"),
                "stranger": make.make_member(make.make_project(), "owner"),
            }.items()
        }  # fmt: skip
        assert told == {"responder": 0, "admin": 1, "stranger": 0}

    @pytest.mark.parametrize(
        ("name", "value"), [("by", "year"), ("months", "7"), ("project", "Elsewhere"), ("type", ""), ("q", "x")]
    )
    def test_what_it_does_not_know_is_refused_by_name(self, responder, name, value):
        make.make_project(name="Elsewhere")

        assert at_fault(Api(responder).get("/incident-trends/", **{name: value})) == {name}
