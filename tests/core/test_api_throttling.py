"""The API's limit: each caller has their own, answers say what is left, and a cache that is away stops nobody."""

import pytest
import redis
from django.core.cache import cache
from django.test import Client

from core.api import throttling
from incidents.models import Incident
from tests import factories as make
from tests.apiclient import Api, problem

pytestmark = pytest.mark.django_db
SECOND_10 = 1_800_000_010


@pytest.fixture(autouse=True)
def three_a_minute(settings, unhurried, monkeypatch):
    settings.API_REQUESTS_PER_MINUTE = 3
    monkeypatch.setattr(throttling.PerCaller, "paused_until", 0)
    at(monkeypatch, SECOND_10)
    cache.clear()


def at(monkeypatch, moment):
    monkeypatch.setattr("core.api.throttling.time.time", lambda: float(moment))


@pytest.fixture
def project():
    return make.make_project()


@pytest.fixture
def api(project):
    return Api(make.make_member(project, "responder"))


def test_the_fourth_request_of_a_minute_waits_for_its_end(api):
    answers = [api.get("/me/") for _number in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer["RateLimit-Limit"] for answer in answers} == {"3"}
    refused = answers[-1]
    assert refused["Retry-After"] == refused["RateLimit-Reset"] == "50"
    body = problem(refused)
    assert body["type"] == "urn:dispatch:problem:too_many_requests"
    assert "50 s" in body["detail"]


def test_what_a_token_may_not_do_counts_too(project):
    api = Api(make.make_member(project, "responder"), ("people:read",))

    answers = [api.get("/incidents/") for _number in range(4)]

    assert [answer.status_code for answer in answers] == [403, 403, 403, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]


def test_the_documents_count_and_say_so(api):
    assert [api.get(path)["RateLimit-Remaining"] for path in ("/schema/", "/docs/", "/me/")] == ["2", "1", "0"]


def test_the_next_minute_begins_anew(api, monkeypatch):
    for _number in range(4):
        api.get("/me/")

    at(monkeypatch, SECOND_10 + 50)

    assert api.get("/me/")["RateLimit-Remaining"] == "2"


def test_a_refused_report_makes_nothing_and_works_later_with_its_key(api, project, monkeypatch):
    for _number in range(3):
        api.get("/me/")
    body, key = {"title": "Late", "project": project.name}, {"Idempotency_Key": "k1"}
    assert api.post("/incidents/", body, **key).status_code == 429
    assert not Incident.objects.exists()

    at(monkeypatch, SECOND_10 + 60)

    assert api.post("/incidents/", body, **key).status_code == 201


def test_tokens_and_people_are_counted_apart(api, project):
    user = make.make_member(project, "responder")
    for _number in range(4):
        api.get("/me/")
    browser = Client()
    browser.force_login(user)

    assert Api(user).get("/me/")["RateLimit-Remaining"] == "2"
    assert Api(user).get("/me/")["RateLimit-Remaining"] == "2"
    assert browser.get("/api/v1/me/")["RateLimit-Remaining"] == "2"


def test_refusals_say_what_is_left_too(api):
    assert api.get("/incidents/INC-404/")["RateLimit-Remaining"] == "2"


def test_nought_counts_nothing(api, settings):
    settings.API_REQUESTS_PER_MINUTE = 0

    answers = [api.get("/me/") for _number in range(5)]

    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit-Limit" not in answers[0]


def test_a_cache_that_is_away_stops_nobody_and_is_left_alone_for_a_while(api, monkeypatch):
    asked = []

    def away(*_args, **_more):
        asked.append(1)
        raise redis.ConnectionError("refused")

    monkeypatch.setattr("core.api.throttling.cache.add", away, raising=False)

    assert {api.get("/me/").status_code for _number in range(5)} == {200}
    assert len(asked) == 1
