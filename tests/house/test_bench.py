"""The bench's builder makes what the product takes for its own, and its report says what is over."""

import json
from random import Random

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from bench import texts, world
from bench.building import EVENTS, LONG_EVENTS, grow
from bench.calls import CALLS, Budget, Call
from bench.client import read_form
from bench.measuring import Figures
from bench.report import Report, Round, exceeded
from core.search import search
from core.timeline import Event, chain
from incidents.models import Incident
from people.models import Role, Task
from tests.apiclient import Api

PAGES = "/admin/incidents/incident/"


@pytest.mark.django_db
class TestTheBuilder:
    def test_what_it_builds_is_shown_found_and_whole(self, monkeypatch):
        monkeypatch.setattr(world, "PEOPLE", 8)
        made = world.world(timezone.now())
        grow(made, 8, timezone.now())
        grow(made, 20, timezone.now())

        incidents = Incident.objects.order_by("pk")
        assert [one.name for one in incidents] == [f"INC-{number}" for number in range(1, 21)]
        assert [chain.verify(one) for one in incidents] == [None] * 20
        assert sorted(one.event_count for one in incidents) == [EVENTS] * 19 + [LONG_EVENTS]
        assert all(one.tags.exists() for one in incidents)
        assert Role.objects.count() == 80
        assert Task.objects.count() == 40

        title = search(made.admin, "INC-7")[0].title
        entry = Event.objects.filter(incident__name="INC-3", kind="custom_event").first()
        assert title.startswith("INC-7 ")
        assert "event" in {hit.kind for hit in search(made.admin, " ".join(entry.description.split()[:3]))}

        console = Client()
        console.force_login(made.member)
        api = Api(made.admin)
        shown = Incident.objects.visible_to(made.member).order_by("pk").last()
        assert shown.name in console.get(f"{PAGES}?tab=all").content.decode()
        assert escape(shown.title) in console.get(f"{PAGES}{shown.pk}/change/").content.decode()
        assert len(api.get("/incidents/").json()["results"]) == 20
        # The next name is not one that is taken.
        assert api.post("/incidents/", {"title": "After all these"}).json()["name"] == "INC-21"


def figures(**given):
    usual = {"queries": 5, "median_ms": 20.0, "p95_ms": 40.0, "web_ms": 10.0, "database_ms": 5.0, "size": 1500}
    return Figures(**{**usual, **given})


def call(title, *, steady=False, **limits):
    return Call(face="API", title=title, ask=lambda *_: None, budget=Budget(**limits), steady=steady)


class TestTheReport:
    def test_a_row_says_whether_it_keeps_its_budget(self):
        calls = [call("list", ms=27.7, queries=8, size=20_000), call("create", ms=15.0)]
        report = Report(database="PostgreSQL 15", calls=calls)
        report.rounds.append(
            Round(incidents=1000, figures={one.key: figures() for one in calls}, memory_bytes=200 * 1024 * 1024)
        )

        lines = {line.split("|")[1].strip(): line for line in report.text().splitlines() if line.startswith("| API")}

        assert "27.7 ms, 8 queries, 20 kB" in lines["API list"]
        assert "pass" in lines["API list"]
        assert "OVER" in lines["API create"]
        assert "200 MiB (budget 250 MiB) pass" in report.text()
        assert report.over() == ["API create: median 20 ms of 15 ms"]

    def test_what_grows_by_more_than_a_fifth_is_over(self):
        calls = [call("list", steady=True), call("detail", steady=True), call("filter")]
        report = Report(database="PostgreSQL 15", calls=calls)
        for incidents, detail in ((1000, 10.0), (100_000, 16.0)):
            found = {"API list": figures(), "API detail": figures(web_ms=detail), "API filter": figures(web_ms=detail)}
            report.rounds.append(Round(incidents=incidents, figures=found, memory_bytes=300 * 1024 * 1024))

        assert report.over() == ["memory: 300 MiB", "API detail: 1.40 times what it takes at 1,000"]
        assert "| API detail | 1.40  | <= 1.2 | OVER |" in report.text()
        assert json.loads(json.dumps(report.as_dict()))["growth"]["API list"] == 1.0

    def test_the_slowest_five_of_a_hundred_have_their_own_budget(self):
        budget = Budget(p95_ms=300.0)

        assert exceeded(budget, figures(median_ms=900.0, p95_ms=299.0)) == []
        assert exceeded(budget, figures(p95_ms=301.0)) == ["95th percentile 301 ms of 300 ms"]

    def test_the_budgets_are_those_of_the_specification(self):
        budgets = {one.key: one.budget for one in CALLS}

        assert (budgets["API list"].queries, budgets["API list"].size) == (8, 20_000)
        assert budgets["console search, common word"].p95_ms == 300
        assert budgets["console dashboard"].ms == 100
        assert all(one.budget.queries == 30 for one in CALLS if one.face == "console" and not one.writes)


def test_a_form_is_read_as_a_browser_would_send_it():
    page = """
        <form method="get"><input name="q" value="no"></form>
        <form method="post" action="/admin/logout/"><input name="csrfmiddlewaretoken" value="other"></form>
        <form method="post"><input type="hidden" name="key" value="7"><input type="checkbox" name="all">
        <select name="type"><option value="1">A</option><option value="2" selected>B</option></select></form>"""

    assert read_form(page) == [("key", "7"), ("type", "2")]


def test_the_rare_word_is_in_25_titles_of_the_first_thousand():
    titles = [texts.title(number, Random(number)) for number in range(1, 3001)]  # noqa: S311

    assert sum(texts.RARE in title for title in titles) == 25
    assert 800 < sum(texts.COMMON in title for title in titles) < 1200
