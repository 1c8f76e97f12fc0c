"""Lists: parts, order, filters, words, cut-down answers, and a fixed number of queries."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.api import pagination
from core.flows import configuration
from incidents.models import Incident, Severity
from knowledge.models import Tag, TagType
from tests import factories as make
from tests.apiclient import Api, at_fault, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make.make_project()


@pytest.fixture
def api(project):
    return Api(make.make_member(project, "responder"))


def names(response):
    assert response.status_code == 200, response.content
    return [row["name"] for row in response.json()["results"]]


def reported(project, *days, **fields):
    """Incidents reported on these days of March 2026, in the order given: INC-1 on the first."""
    return [make.declare(project, reported_at=datetime(2026, 3, day, tzinfo=UTC), **fields) for day in days]


def follow(api, path, direction="next"):
    """The names on each page from here on."""
    pages, response = [], api.get(path)
    while True:
        pages.append(names(response))
        if response.json()[direction] is None:
            return pages, response
        response = api.get(response.json()[direction].removeprefix("http://testserver/api/v1"))


def test_a_cursor_leads_through_all_rows_once_and_back(project, api):
    reported(project, 5, 1, 3, 3, 2)

    pages, last = follow(api, "/incidents/?page_size=2")
    assert pages == [["INC-1", "INC-4"], ["INC-3", "INC-5"], ["INC-2"]]

    back, first = follow(api, last.json()["previous"].removeprefix("http://testserver/api/v1"), "previous")
    assert back == [["INC-3", "INC-5"], ["INC-1", "INC-4"]]
    assert first.json()["next"] is not None


def test_rows_that_come_meanwhile_move_nothing_under_a_cursor(project, api):
    reported(project, 1, 2, 3)
    first = api.get("/incidents/?page_size=2").json()
    reported(project, 9)

    rest = api.get(first["next"].removeprefix("http://testserver/api/v1"))

    assert [row["name"] for row in first["results"]] == ["INC-3", "INC-2"]
    assert names(rest) == ["INC-1"]


def test_a_cursor_of_several_columns_is_exact(project, api):
    reported(project, 1, 1, 2, 2, 3)
    Incident.objects.filter(name__in=["INC-1", "INC-4"]).update(severity=Severity.objects.get(name="High"))

    pages, _last = follow(api, "/incidents/?page_size=1&ordering=-severity,reported_at,-name")

    assert [name for page in pages for name in page] == ["INC-1", "INC-4", "INC-2", "INC-3", "INC-5"]


def test_page_numbers_come_with_a_count(project, api):
    reported(project, 1, 2, 3)

    first, second = api.get("/incidents/?page=1&page_size=2"), api.get("/incidents/?page=2&page_size=2")

    assert (names(first), names(second)) == (["INC-3", "INC-2"], ["INC-1"])
    assert {key: first.json()[key] for key in ("count", "count_is_exact", "previous")} == {
        "count": 3,
        "count_is_exact": True,
        "previous": None,
    }
    assert second.json()["count"] == 3
    assert first.json()["next"].endswith("/incidents/?page=2&page_size=2")
    assert second.json()["next"] is None


def test_the_count_stops_where_nobody_reads_on(project, api, monkeypatch):
    monkeypatch.setattr(pagination, "COUNTED", 2)
    reported(project, 1, 2, 3, 4)

    body = api.get("/incidents/?page=1&page_size=1").json()

    assert (body["count"], body["count_is_exact"]) == (2, False)


def test_a_page_past_the_end_is_a_404_and_an_empty_first_one_is_not(project, api):
    assert api.get("/incidents/?page=1").json() == {
        "count": 0,
        "count_is_exact": True,
        "next": None,
        "previous": None,
        "results": [],
    }
    assert api.get("/incidents/?page=2").status_code == 404
    assert api.get(f"/incidents/?page={10**17}").status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=x", "page"),
        ("page=", "page"),
        ("page=٣", "page"),
        ("page_size=0", "page_size"),
        ("page_size=201", "page_size"),
        ("page_size=x", "page_size"),
        ("cursor=x", "cursor"),
        ("cursor=", "cursor"),
        ("page=1&cursor=x", "cursor"),
        ("ordering=colour", "ordering"),
        ("ordering=", "ordering"),
        ("ordering=--name", "ordering"),
        ("ordering=name,-name", "ordering"),
        ("ordering=closed_at", "ordering"),
        ("colour=red", "colour"),
        ("fields=id,colour", "fields"),
        ("fields=", "fields"),
        ("status=open", "status"),
        ("status=", "status"),
        ("updated_at_after=yesterday", "updated_at_after"),
        ("updated_at_after=2026-01-01", "updated_at_after"),
        ("updated_at_after=2026-01-01T00:00:00", "updated_at_after"),
        ("type=Nonsense", "type"),
        ("type=", "type"),
        ("search=%00", "search"),
        ("search=" + "x" * 201, "search"),
        ("commander=nobody@example.com", "commander"),
        ("project=Elsewhere", "project"),
        ("format=json", "format"),
        ("search=a&search=b", "search"),
        ("page_size=1&page_size=2", "page_size"),
        ("updated_at_after=2026-01-01T00:00:00Z&updated_at_after=2026-02-01T00:00:00Z", "updated_at_after"),
    ],
)
def test_what_a_list_does_not_know_is_a_400_that_names_it(project, api, query, field):
    make.make_project(name="Elsewhere")

    response = api.get(f"/incidents/?{query}")

    assert response.status_code == 400
    assert at_fault(response) == {field}
    assert "None" not in {error["code"] for error in problem(response)["errors"]}


def test_a_cursor_is_good_for_its_own_list_and_ordering_only(project, api):
    reported(project, 1, 2)
    cursor = api.get("/incidents/?page_size=1").json()["next"].split("cursor=")[1].split("&")[0]

    assert api.get(f"/incidents/?page_size=1&cursor={cursor}").status_code == 200
    assert at_fault(api.get(f"/incidents/?ordering=name&cursor={cursor}")) == {"cursor"}
    assert at_fault(api.get(f"/projects/?cursor={cursor}")) == {"cursor"}


def test_nobody_reads_in_a_cursor_which_row_comes_last(project, api):
    """The keys count what there is everywhere, the hidden included."""
    names = [make.declare(project).name for _ in range(2)]

    link = api.get("/incidents/?page_size=1&ordering=name").json()["next"]

    (cursor,) = parse_qs(urlsplit(link).query)["cursor"]
    parts = [base64.urlsafe_b64decode(f"{part}===") for part in cursor.rstrip("=").split(":")]
    assert not any(name.encode() in part for name in names for part in parts)


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [("closed_at", ["INC-1", "INC-3", "INC-2"]), ("-closed_at", ["INC-3", "INC-1", "INC-2"])],
)
def test_empty_values_come_last_whichever_way_pages_are_ordered(project, api, ordering, expected):
    make.declare(project, status="closed", reported_at=datetime(2026, 1, 1, tzinfo=UTC))
    make.declare(project)
    make.declare(project, status="closed", reported_at=datetime(2026, 2, 1, tzinfo=UTC))

    assert names(api.get(f"/incidents/?page=1&ordering={ordering}")) == expected


@pytest.mark.parametrize("ordering", ["closed_at", "-closed_at", "closed_at,-name"])
def test_pages_by_a_column_that_may_be_empty_hold_every_row_once(project, api, ordering):
    for number in range(7):
        make.declare(project, status="closed" if number % 2 else "active")

    pages = [names(api.get(f"/incidents/?ordering={ordering}&page_size=2&page={number}")) for number in range(1, 5)]

    rows = [name for page in pages for name in page]
    assert sorted(rows) == sorted(f"INC-{number}" for number in range(1, 8))
    assert {"INC-2", "INC-4", "INC-6"} == set(rows[:3])
    assert api.get(f"/incidents/?ordering={ordering}&page_size=2&page=5").status_code == 404


@pytest.mark.parametrize("ordering", ["status", "-status", "created_at", "-severity", "-priority,name", "-updated_at"])
def test_a_cursor_and_page_numbers_lead_through_the_same_order(project, api, ordering):
    for number in range(7):
        make.declare(project, status="stable" if number % 3 else "active")

    by_cursor, _last = follow(api, f"/incidents/?ordering={ordering}&page_size=3")
    by_page = [names(api.get(f"/incidents/?ordering={ordering}&page_size=3&page={number}")) for number in (1, 2, 3)]

    assert by_cursor == by_page
    assert len({name for page in by_page for name in page}) == 7


@pytest.mark.parametrize("size", [1, 200])
def test_the_page_size_has_its_bounds(project, api, size):
    reported(project, 1, 2)

    assert len(names(api.get(f"/incidents/?page_size={size}"))) == min(size, 2)


def test_fields_cut_the_answer_down_in_lists_and_details(project, api):
    make.declare(project, title="Lost laptop", description="On the train")

    listed, one = api.get("/incidents/?fields=name,description"), api.get("/incidents/INC-1/?fields=title,%20status")

    assert listed.json()["results"] == [{"name": "INC-1", "description": "On the train"}]
    assert one.json() == {"title": "Lost laptop", "status": "active"}
    assert at_fault(api.get("/incidents/INC-1/?fields=colour")) == {"fields"}


def test_a_client_that_syncs_gets_what_changed_since(project, api):
    old, new = reported(project, 1, 2)
    Incident.objects.filter(pk=old.pk).update(updated_at=timezone.now() - timedelta(hours=1))
    since = (timezone.now() - timedelta(minutes=30)).isoformat()

    assert names(api.get("/incidents/", updated_at_after=since, ordering="updated_at")) == [new.name]
    assert names(api.get("/incidents/", updated_at_before=since)) == [old.name]


def test_filters_narrow_by_what_is_meant(project, api):
    tag_type = configuration.save(TagType(project=project, name="Actor"), actor=make.system(), now=timezone.now())
    tag = configuration.save(
        Tag(project=project, tag_type=tag_type, name="external"), actor=make.system(), now=timezone.now()
    )
    high = Severity.objects.get(project=project, name="High")
    make.declare(project, severity=high, tags=[tag], commander="ada@example.com")
    make.declare(project, visibility="open", status="stable", reporter="ada@example.com")
    make.declare(project, status="closed", commander="bob@example.com")

    assert names(api.get("/incidents/", severity="High")) == ["INC-1"]
    assert names(api.get("/incidents/", severity=str(high.uuid).upper())) == ["INC-1"]
    assert names(api.get("/incidents/", commander="ADA@Example.com")) == ["INC-1"]
    assert names(api.get("/incidents/?status=stable&status=closed&ordering=name")) == ["INC-2", "INC-3"]
    assert names(api.get("/incidents/", tag="external")) == ["INC-1"]
    assert names(api.get("/incidents/", commander="ada@example.com")) == ["INC-1"]
    assert names(api.get("/incidents/", participant="ada@example.com", ordering="name")) == ["INC-1", "INC-2"]
    assert names(api.get("/incidents/", commander="bob@example.com", status="closed")) == ["INC-3"]
    assert names(api.get("/incidents/", project=project.name, ordering="name")) == ["INC-1", "INC-2", "INC-3"]
    assert names(api.get("/incidents/", closed_at_after="2020-01-01T00:00:00Z")) == ["INC-3"]


def test_words_are_searched_for_among_what_is_visible(project, api):
    make.declare(project, title="Phishing wave")
    make.declare(project, title="Phishing of the board", visibility="restricted")
    make.declare(project, title="Lost laptop")

    assert names(api.get("/incidents/", search="phish")) == ["INC-1"]
    assert names(api.get("/incidents/", search="nothing")) == []
    assert len(names(api.get("/incidents/", search=" "))) == 2


def test_restricted_and_foreign_rows_are_neither_listed_nor_counted(project, api):
    make.declare(project, visibility="restricted")
    make.declare(make.make_project())
    make.declare(project)

    body = api.get("/incidents/?page=1").json()

    assert body["count"] == 1
    assert len(body["results"]) == 1


def queries(api, path):
    api.get(path)
    with CaptureQueriesContext(connection) as captured:
        response = api.get(path)
    assert response.status_code == 200, response.content
    return len(captured), response


MOST_QUERIES = {
    "/incidents/": 8,
    "/incidents/?page=1": 8,
    "/incidents/?search=payroll": 8,
    "/incidents/?fields=id,name,tags,commander,reporter,description": 8,
    "/incidents/?severity=Undetermined&priority=Low&status=active": 8,
    "/incidents/INC-1/": 12,
    "/incidents/INC-1/events/": 6,
    "/incidents/INC-1/participants/": 6,
    "/incidents/INC-1/roles/": 6,
    "/incidents/INC-1/operations/": 6,
    "/incidents/INC-1/resources/": 6,
    "/incidents/INC-1/links/": 6,
    "/incidents/INC-1/status/": 6,
    "/operations/": 6,
    "/individuals/": 6,
    "/projects/": 6,
    "/memberships/": 6,
    "/incident-types/": 6,
    "/tags/": 6,
    "/plugin-instances/": 6,
    "/me/": 6,
}


def test_a_list_takes_as_many_queries_for_25_rows_as_for_3_and_no_more_than_its_budget(project):
    api = Api(make.make_member(project, "admin"))
    tag_type = configuration.save(TagType(project=project, name="Actor"), actor=make.system(), now=timezone.now())

    def fill(numbers):
        for number in numbers:
            tag = configuration.save(
                Tag(project=project, tag_type=tag_type, name=f"tag {number}"), actor=make.system(), now=timezone.now()
            )
            make.declare(project, title="Odd log-in to payroll", tags=[tag], commander=f"ada{number}@example.com")
            api.post("/incidents/INC-1/participants/", {"individual": f"bob{number}@example.com"})
            if number:
                api.post("/incidents/INC-1/links/", {"kind": "related", "subject": f"INC-{number + 1}"})

    fill(range(3))
    few = {path: queries(api, path)[0] for path in MOST_QUERIES}
    fill(range(3, 25))
    many = {path: queries(api, path)[0] for path in MOST_QUERIES}

    assert few == many
    assert {path: count for path, count in many.items() if count > MOST_QUERIES[path]} == {}


def test_25_rows_are_at_most_20_kilobytes(project, api):
    for number in range(25):
        make.declare(
            project,
            title="Suspicious log-in to the payroll system from an unknown device, reported by finance",
            commander=f"margaret.hamilton.{number}@subsidiary.example.com",
            status="closed",
        )

    _count, response = queries(api, "/incidents/")

    assert len(response.json()["results"]) == 25
    assert len(response.content) <= 20_000


def test_rows_of_every_kind_are_listed_in_the_same_shape(project):
    api = Api(make.make_member(project, "admin"))

    for path in (
        "/individuals/",
        "/organizations/",
        "/projects/",
        "/memberships/",
        "/tags/",
        "/plugins/",
        "/operations/",
    ):
        body = api.get(path).json()
        assert set(body) == {"next", "previous", "results"}, path
        counted = api.get(f"{path}?page=1&page_size=200").json()
        assert counted["count"] == len(counted["results"]), path


def test_a_refused_parameter_tells_what_there_is(api):
    assert "reported_at" in problem(api.get("/incidents/?ordering=colour"))["detail"]
