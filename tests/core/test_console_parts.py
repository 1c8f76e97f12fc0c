"""The small parts that pages are made of: ages, counts, registries, badges."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.template import Context, Template
from django.utils import timezone

from core.console import ages, charts, counting, dashboard, notices, panels
from core.console.filters import visible
from core.console.forms import LetterField, storable_text
from core.models import User
from core.models.subjects import Sequence
from incidents.models import Severity
from tests.factories import declare, make_project

NOW = datetime(2026, 11, 24, 12, 53, tzinfo=UTC)


class TestAges:
    @pytest.mark.parametrize(
        ("span", "said"),
        [
            (timedelta(seconds=59), "now"),
            (timedelta(minutes=41), "41 min"),
            (timedelta(minutes=59, seconds=59), "59 min"),
            (timedelta(hours=1), "1 h"),
            (timedelta(hours=47, minutes=59), "47 h"),
            (timedelta(days=2), "2 d"),
            (timedelta(days=1234), "1,234 d"),
        ],
    )
    def test_they_are_said_in_the_largest_unit(self, span, said):
        assert ages.short(span) == said

    def test_the_past_and_what_is_to_come(self):
        assert ages.ago(NOW - timedelta(minutes=5), NOW) == "5 min ago"
        assert ages.ago(NOW + timedelta(minutes=5), NOW) == "in 5 min"
        assert ages.ago(NOW, NOW) == "just now"

    def test_days_of_the_timeline_are_those_of_the_reader(self):
        late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)

        assert ages.day_heading(late, NOW) == "Yesterday, 23 November"
        with timezone.override("Europe/Berlin"):
            assert ages.day_heading(late, NOW) == "Today, 24 November"
        assert ages.day_heading(datetime(2024, 2, 29, tzinfo=UTC), NOW) == "Thursday, 29 February 2024"

    def test_the_exact_time_names_its_zone(self):
        with timezone.override("Europe/Berlin"):
            assert ages.exact(NOW) == "Tue 24 Nov 2026, 13:53:00 CET"

    def test_a_moment_in_a_list(self):
        assert ages.clock(NOW - timedelta(hours=1), NOW) == "today 11:53"
        assert ages.clock(NOW - timedelta(days=30), NOW) == "25 Oct, 12:53"
        assert ages.clock(datetime(2020, 1, 2, tzinfo=UTC), NOW) == "2 Jan 2020"


@pytest.mark.parametrize(
    ("amount", "said"),
    [(0, "0"), (940, "940"), (999.7, "1.0k"), (2815, "2.8k"), (9960, "10k"), (32_420, "32k"), (999_600, "1.0M"),
     (1_250_000, "1.2M"), (48_000_000, "48M")],
)  # fmt: skip
def test_an_amount_below_a_bar_is_short(amount, said):
    assert charts.in_short(amount) == said


def test_notices_are_told_the_red_first_then_in_their_order(monkeypatch):
    told = [("amber", 20), ("amber", 10), ("red", 50), ("red", 10)]
    found = [notices.Notice(word="", tone=tone, said="", order=order) for tone, order in told]
    monkeypatch.setattr(notices, "_finders", [lambda _request, _subject: found])

    shown = [(notice.tone, notice.order) for notice in notices.notices(None, None)]

    assert shown == [("red", 10), ("red", 50), ("amber", 10), ("amber", 20)]


class TestCounts:
    def test_they_stop_at_ten_thousand(self):
        assert counting.in_words(10_000) == "10,000"
        assert counting.in_words(10_001) == "10,000+"

    @pytest.mark.django_db
    def test_no_more_rows_are_read_than_needed(self, monkeypatch):
        make_project()
        monkeypatch.setattr(counting, "LIMIT", 3)

        assert counting.capped(Severity.objects.all()) == 4
        assert counting.capped(Severity.objects.all(), 1) == 2
        assert counting.CappedPaginator(Severity.objects.order_by("pk"), 2).num_pages == 2


class TestForms:
    def test_text_is_kept_to_the_letter_but_for_the_browsers_line_ends(self):
        assert LetterField().clean("  a\r\nb ") == "  a\nb "
        assert not LetterField().has_changed("a\r\nb", "a\nb")
        assert not LetterField().has_changed("a\nb", "a\r\nb")
        assert LetterField().has_changed("a", "a ")

    def test_half_characters_are_refused(self):
        with pytest.raises(ValidationError):
            storable_text("half \ud800")
        storable_text(["anything", "else"])


class TestRegistries:
    def test_a_panel_is_for_its_kinds_and_in_its_place(self, monkeypatch):
        monkeypatch.setattr(panels, "_panels", {})
        for key, order, kinds in (("b", 2, {"incident"}), ("a", 1, {"incident", "case"}), ("c", 3, {"case"})):
            panels.register(
                panels.Panel(
                    key=key, title=key, template="x.html", context=lambda _request, _subject: {}, order=order,
                    kinds=frozenset(kinds),
                )
            )  # fmt: skip

        class Subject:
            kind = "incident"

        assert [panel.key for panel in panels.panels_of(Subject())] == ["a", "b"]

    def test_a_card_with_nothing_to_say_is_left_out(self, monkeypatch, rf):
        monkeypatch.setattr(dashboard, "_cards", {})
        dashboard.register(dashboard.Card(key="silent", template="x.html", context=lambda _request: None))
        dashboard.register(
            dashboard.Card(key="told", template="y.html", context=lambda _request: {"a": 1}, place="aside")
        )

        shown = dashboard.cards(rf.get("/"))

        assert shown["main"] == []
        assert shown["aside"] == [{"template": "y.html", "card": {"a": 1}}]


class TestVocabulary:
    def render(self, text: str, **values: object) -> str:
        return Template("{% load console %}" + text).render(Context(values))

    def test_a_badge_is_a_word_in_a_colour(self):
        assert self.render("{% badge 'ready' 'green' %}").strip() == '<span class="badge green">ready</span>'

    def test_initials_of_names_and_addresses(self):
        assert self.render("{{ 'Ada Lovelace King'|initials }}") == "AK"
        assert self.render("{{ 'grace.hopper@example.com'|initials }}") == "GH"
        assert self.render("{{ ''|initials }}") == "?"

    @pytest.mark.django_db
    def test_a_severity_is_never_colour_alone(self):
        severity = declare(make_project()).severity

        text = self.render("{% sev severity %}", severity=severity)

        assert severity.name in text
        assert severity.colour in text


class TestVisible:
    def test_a_model_without_the_selection_is_refused(self):
        with pytest.raises(TypeError):
            visible(Sequence, User())
