"""The incident list: what each tab, filter and search shows, in a fixed number of queries."""

import html
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from core.models import Project
from core.timeline.flows import add_entry
from incidents import flows
from incidents.models import Incident, Severity, Type
from knowledge.models import Tag, TagType
from people.flows import add_participant
from tests.factories import declare, individual_of, make_individual, make_member, make_project, system

pytestmark = pytest.mark.django_db
LIST = "admin:incidents_incident_changelist"


@pytest.fixture
def project() -> Project:
    return make_project(name="Security")


@pytest.fixture
def responder(client, project):
    user = make_member(project, "responder")
    client.force_login(user)
    return user


def titles(client, query: str = "") -> list[str]:
    listing = client.get(reverse(LIST) + query).context["listing"]
    return [row.incident.title for row in listing.rows]


class TestTabs:
    def test_active_is_first_and_newest_is_on_top(self, client, responder, project):
        declare(project, title="old", reported_at=timezone.now() - timedelta(days=2))
        declare(project, title="new")
        stable = declare(project, title="stable one")
        flows.change_status(incident=stable, to="stable", actor=system(), now=timezone.now())

        assert titles(client) == ["new", "old"]
        assert titles(client, "?tab=stable") == ["stable one"]
        assert titles(client, "?tab=closed") == []
        assert set(titles(client, "?tab=all")) == {"new", "old", "stable one"}

    def test_mine_are_the_open_ones_i_take_part_in(self, client, responder, project):
        declare(project, title="others")
        mine = declare(project, title="mine")
        person = individual_of(responder, project)
        add_participant(subject=mine, individual=person, actor=system(), now=timezone.now())

        assert titles(client, "?tab=mine") == ["mine"]

    def test_counts_stand_on_the_open_tabs(self, client, responder, project):
        declare(project)
        declare(project)

        tabs = {str(tab["title"]): tab["count"] for tab in client.get(reverse(LIST)).context["listing"].tabs}

        assert tabs == {"Mine": "0", "Active": "2", "Stable": "0", "Closed": None, "All": None}

    def test_long_texts_are_not_read_for_a_list(self, client, responder, project, django_assert_max_num_queries):
        declare(project, title="long", description="x" * 1000)

        with django_assert_max_num_queries(30) as asked:
            assert titles(client, "?tab=all") == ["long"]

        assert not [query for query in asked.captured_queries if '"incidents_incident"."description"' in query["sql"]]

    def test_the_deleted_are_for_those_who_may_restore(self, client, responder, project):
        gone = declare(project, title="gone")
        flows.delete_subject(subject=gone, actor=system(), now=timezone.now())
        assert titles(client, "?tab=deleted") == []

        client.force_login(make_member(project, "admin"))
        assert titles(client, "?tab=deleted") == ["gone"]
        assert titles(client, "?tab=all") == []


class TestFilters:
    @pytest.fixture
    def incidents(self, project) -> dict[str, Incident]:
        high = Severity.objects.get(project=project, name="High")
        malware = Type.objects.create(project=project, name="Malware")
        kind = TagType.objects.create(project=project, name="asset")
        laptop = Tag.objects.create(project=project, tag_type=kind, name="laptop")
        return {
            "high": declare(project, title="high", severity=high),
            "malware": declare(project, title="malware", type=malware, tags=[laptop]),
            "old": declare(project, title="old", reported_at=timezone.now() - timedelta(days=20)),
        }

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("?severity=High", {"high"}),
            ("?severity=High&severity=Undetermined", {"high", "malware", "old"}),
            ("?type=Malware", {"malware"}),
            ("?tag=laptop", {"malware"}),
            ("?severity=High&type=Malware", set()),
            ("?days=7", {"high", "malware"}),
            ("?from=1999-01-01&until=2000-01-01", set()),
            ("?severity=Nonsense", set()),
            ("?from=nonsense&days=12", {"high", "malware", "old"}),
            ("?page=999", {"high", "malware", "old"}),
            ("?page=x&sort=nonsense&tab=nonsense", {"high", "malware", "old"}),
        ],
    )
    def test_each_narrows_as_it_says(self, client, responder, incidents, query, expected):
        assert set(titles(client, query)) == expected

    @pytest.mark.parametrize("query", ["?q=%00", "?severity=a%00", "?%00=1", "?person=%00"])
    def test_characters_no_database_keeps_are_refused(self, client, responder, query):
        assert client.get(reverse(LIST) + query).status_code == 400

    def test_by_participant(self, client, responder, project, incidents):
        ada = make_individual(project, "ada@example.com", "Ada Rossi")
        add_participant(subject=incidents["old"], individual=ada, actor=system(), now=timezone.now())

        assert titles(client, "?person=ada@example.com") == ["old"]
        assert titles(client, "?person=rossi") == ["old"]

    def test_the_last_change_sorts(self, client, responder, incidents):
        flows.edit(incident=incidents["old"], title="old, changed", actor=system(), now=timezone.now())

        assert titles(client, "?sort=-updated")[0] == "old, changed"

    def test_a_chip_says_what_it_does_and_how_to_take_it_off(self, client, responder, incidents):
        text = client.get(reverse(LIST) + "?severity=High&tab=all").content.decode()

        assert "Severity: High" in text
        assert 'href="?tab=all"' in text

    def test_an_empty_result_says_how_to_leave_it(self, client, responder, incidents):
        text = client.get(reverse(LIST) + "?severity=Critical").content.decode()

        assert "Nothing matches what you asked for." in text
        assert "Clear the filter" in text

    def test_words_of_other_projects_are_not_offered(self, client, responder, incidents):
        Type.objects.create(project=make_project(), name="Elsewhere")

        assert "Elsewhere" not in client.get(reverse(LIST)).content.decode()


class TestSearch:
    def test_by_title_description_and_name(self, client, responder, project):
        incident = declare(project, title="Payroll export", description="a bucket of the contractor group")
        declare(project, title="Lost laptop")

        assert titles(client, "?q=payr") == ["Payroll export"]
        assert titles(client, "?q=contractor") == ["Payroll export"]
        assert titles(client, f"?q={incident.name.lower()}") == ["Payroll export"]
        assert titles(client, "?q=nothing+like+it") == []

    def test_the_names_of_type_and_tags_find_it_and_follow_every_change(self, client, responder, project):
        kinds = [Type.objects.create(project=project, name=name) for name in ("Zebra fraud", "Yak loss")]
        tag = Tag.objects.create(
            project=project, name="Walrus", tag_type=TagType.objects.create(project=project, name="Animal")
        )
        incident = declare(project, title="Odd mails", type=kinds[0], tags=[tag])

        assert titles(client, "?q=zebra+mails") == titles(client, "?q=walr") == ["Odd mails"]
        flows.edit(incident=incident, type=kinds[1], tags=[], actor=system(), now=timezone.now())
        assert titles(client, "?q=yak") == ["Odd mails"]
        assert titles(client, "?q=zebra") == titles(client, "?q=walrus") == []

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ("?q=zzz", "Clear the search"),
            ("?severity=zzz", "Clear the filter"),
            ("?q=zzz&severity=zzz", "Clear search and filter"),
        ],
    )
    def test_the_way_out_of_an_empty_result_says_what_it_clears(self, client, responder, asked, said):
        assert said in client.get(reverse(LIST) + asked).content.decode()

    @pytest.mark.parametrize(("days", "said"), [("1", "last 24 hours"), ("365", "last 12 months")])
    def test_a_window_is_said_in_words(self, client, responder, days, said):
        text = client.get(reverse(LIST) + f"?days={days}").content.decode()

        assert f"Reported: {said}" in text

    def test_a_hidden_match_is_not_found(self, client, responder, project):
        declare(project, title="Insider", visibility="restricted")

        assert titles(client, "?q=insider&tab=all") == []

    def test_the_jump_box_finds_pages(self, client, responder, project):
        incident = declare(project, title="Payroll export")
        declare(project, title="Payroll insider", visibility="restricted")

        text = client.get(reverse("admin:search") + "?s=payroll&extended=1").content.decode()

        assert reverse("admin:incidents_incident_change", args=[incident.pk]) in text
        assert "insider" not in text

    def test_the_jump_box_leads_to_the_console_s_own_places(self, client, responder):
        def found(text):
            return client.get(reverse("admin:search"), {"s": text}).context["results"]

        assert (found("tasks")[0].title, found("tasks")[0].url) == ("Tasks", reverse("admin:people_task_changelist"))
        assert found("on-call")[0].title == "On-call"
        assert [(one.title, one.kind) for one in found("swap")] == [("Swaps", "On-call")]
        assert found("zzz") == []

    def test_before_anything_is_typed_it_offers_what_is_open_and_the_places(self, client, responder, project):
        opened, closed = declare(project, title="Payroll export"), declare(project, title="Over")
        flows.change_status(incident=closed, to="closed", actor=system(), now=timezone.now())
        declare(project, title="Hidden", visibility="restricted")

        answer = client.get(reverse("admin:search"))

        titles_found = [one.title for one in answer.context["results"]]
        assert titles_found[:2] == [f"{opened.name} Payroll export", "Incidents"]
        assert "Hidden" not in answer.content.decode()
        assert "Active" in answer.content.decode()
        assert opened.severity.name in answer.content.decode()

    def test_what_the_timeline_says_finds_the_incident(self, client, responder, project):
        add_entry(
            subject=declare(project, title="Odd log-in"), description="The gateway was rebooted", actor=system(),
            now=timezone.now(),
        )  # fmt: skip
        declare(project, title="Another")

        assert titles(client, "?q=gatew") == ["Odd log-in"]

    def test_the_jump_box_leads_to_the_entry_on_its_page_of_the_timeline(self, client, responder, project):
        incident = declare(project, title="Odd log-in")
        event, *_ = [
            add_entry(subject=incident, description=text, actor=system(), now=timezone.now())
            for text in ["The gateway was <rebooted>", *["Looked again"] * 30]
        ]

        text = client.get(reverse("admin:search") + "?s=gateway&extended=1").content.decode()
        [address] = re.findall(r'href="([^"]+)"', text)
        page = client.get(html.unescape(address)).content.decode()

        assert "timeline entry · The gateway was &lt;rebooted&gt;" in text
        assert address.endswith(f"#event-{event.seq}")
        assert f'id="event-{event.seq}"' in page
        nowhere = reverse("admin:incidents_incident_change", args=[incident.pk]) + f"?tab=timeline&event={'9' * 20}"
        assert "Older" in client.get(nowhere).content.decode()


class TestQueries:
    def test_3_and_25_rows_cost_the_same(self, client, responder, project, django_assert_max_num_queries):
        for _ in range(3):
            declare(project)
        client.get(reverse(LIST))
        with django_assert_max_num_queries(30) as few:
            client.get(reverse(LIST) + "?tab=all&days=7")
        for number in range(24):
            incident = declare(project, title=f"more {number}")
            if number % 2:
                flows.change_status(incident=incident, to="closed", actor=system(), now=timezone.now())
        with django_assert_max_num_queries(30) as many:
            answer = client.get(reverse(LIST) + "?tab=all&days=7")

        assert len(answer.context["listing"].rows) == 25
        assert len(few) == len(many)

    def test_home_costs_the_same_with_few_and_many(self, client, responder, project, django_assert_max_num_queries):
        declare(project)
        client.get(reverse("admin:index"))
        with django_assert_max_num_queries(30) as few:
            client.get(reverse("admin:index"))
        for _ in range(10):
            declare(project)
        with django_assert_max_num_queries(30) as many:
            client.get(reverse("admin:index"))

        assert len(few) == len(many)


class TestHome:
    def test_it_shows_what_is_active_and_what_failed(self, client, responder, project):
        declare(project, title="Ransom note", severity=Severity.objects.get(project=project, name="Critical"))

        text = client.get(reverse("admin:index")).content.decode()

        assert "Ransom note" in text
        assert "1 critical" in text
        assert "Failed operations" in text

    def test_the_root_leads_home(self, client, project):
        client.force_login(make_member(project, "responder"))

        assert client.get("/")["Location"] == "/admin/"

    def test_the_sidebar_offers_only_what_the_reader_may_open(self, client, project):
        client.force_login(make_member(project, "responder"))
        responder = client.get(reverse("admin:index")).content.decode()
        client.force_login(make_member(project, "owner"))
        owner = client.get(reverse("admin:index")).content.decode()

        plugins = reverse("admin:integrations_plugininstance_changelist")
        assert plugins not in responder
        assert plugins in owner
