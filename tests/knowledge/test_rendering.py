"""Templates and Markdown: subject text stays data, templates stay harmless, pages stay safe."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.defaults import default_body
from knowledge.models import DocumentKind
from knowledge.rendering import (
    MAX_LENGTH,
    SUBJECT_FIELDS,
    RenderError,
    TemplateError,
    check_template,
    escape,
    render_html,
    render_template,
)

HOSTILE = [
    "[click](javascript:alert(1))",
    "[click](https://evil.example)",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![pixel](https://evil.example/x.png)",
    "# heading",
    "over\n====",
    "over\n---",
    "- item\n+ item\n* item\n1. item\n2) item",
    "> quote",
    "    code",
    "\tcode",
    "```\nfence\n```",
    "~~~\nfence\n~~~",
    "a | b\n--|--\n1 | 2",
    "a\n:--",
    "**bold** _it_ ~~s~~ `c`",
    "<https://evil.example>",
    "&lt;b&gt; &copy;",
    "[ref]\n\n[ref]: https://evil.example",
    "line one\\\nline two",
    "{{ incident.title }} {% for x in people %}",
    "a\r\nb\rc",
    "<!-- comment",
]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


def words(text: str) -> list[str]:
    return re.split(r"\s+", text.replace("\xa0", " ").strip())


@pytest.mark.parametrize("text", HOSTILE)
def test_escaped_text_becomes_paragraphs_of_just_that_text(text):
    page = read(render_html(escape(text)))

    assert page.tags <= {"p", "br"}
    assert words(page.text) == words(text)


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from(list("ab \n\t\r#*_-+=~`[]()<>!|:.1&\\;/\"'{}%")), max_size=40))
def test_no_text_whatever_gets_structure_out_of_escaping(text):
    page = read(render_html(escape(text)))

    assert page.tags <= {"p", "br"}
    assert words(page.text) == words(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_a_heading_a_list_and_a_table_stays_there(text):
    line = " ".join(text.split())
    body = "# {{ incident.title }}\n\n- {{ incident.title }}\n\n| a |\n| --- |\n| {{ incident.title }} |\n"

    page = read(render_html(render_template(body, {"incident": {"title": line}})))

    assert page.tags <= {"h1", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}
    assert page.text.count(line) == 3


@pytest.mark.parametrize(
    ("markdown", "absent"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("[x](javascript:alert(1))", "href"),
        ("[x](data:text/html;base64,AAAA)", "href"),
        ("![x](https://evil.example/pixel.png)", "<img"),
        ("[x](/admin/logout/)", "href"),
        ("<iframe src=https://evil.example></iframe>", "<iframe"),
        ("<a href=x onclick=alert(1)>x</a>", "<a"),
        ("<style>body{display:none}</style>", "<style"),
    ],
)
def test_a_page_never_carries_what_could_run_or_call_home(markdown, absent):
    assert absent not in render_html(markdown)


def test_a_page_keeps_headings_tables_lists_and_safe_links():
    html = render_html("# A\n\n- b\n\n| c |\n| --- |\n| [d](https://example.com) |\n")

    assert read(html).tags >= {"h1", "ul", "li", "table", "td", "a"}
    assert 'href="https://example.com"' in html
    assert "noopener" in html


def test_subject_text_is_data_and_never_a_template():
    text = "{{ people }} {% for x in people %}{{ x.email }}{% endfor %}"

    filled = render_template(
        "{{ incident.title }}", {"incident": {"title": text}, "people": [{"email": "a@example.com"}]}
    )

    assert "a@example.com" not in filled
    assert "people" in filled


def test_a_placeholder_without_a_value_stays_visible():
    assert render_template("{{ case.title }} {{ nothing }}", {}) == "{{ case.title }} {{ nothing }}"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("ok\n{{ incident.titel }}", "Line 2: there is no {{ incident.titel }}. Did you mean {{ incident.title }}?"),
        ("{{ secret }}", "there is no {{ secret }}"),
        ("{% for p in people %}{{ p.phone }}{% endfor %}", "there is no {{ p.phone }}"),
        ("{{ p.name }}", "there is no {{ p.name }}"),
        ("{{ incident.__class__ }}", "there is no {{ incident.__class__ }}"),
        ("{{ ''.__class__.__mro__ }}", "a dot may follow a name only"),
        ("{{ incident['title'] }}", "only placeholders"),
        ("{{ range(10) }}", "only placeholders"),
        ("{{ 'a' * 1000000000 }}", "only placeholders"),
        ("{{ '%1000000000d' % 1 }}", "only placeholders"),
        ("{% set x = 1 %}", "only placeholders"),
        ("{% macro x() %}{% endmacro %}", "only placeholders"),
        ("{% include 'x' %}", "only placeholders"),
        ("{% import 'x' as y %}", "only placeholders"),
        ("{{ incident.title|replace('a', 'b') }}", "No filter named 'replace'"),
        ("{% for c in incident.title %}{% endfor %}", "a loop may go through people"),
        (
            "{% for a in people %}{% for b in people %}{% for c in tags %}{% endfor %}{% endfor %}{% endfor %}",
            "nested twice",
        ),
        ("{% for incident in people %}{% endfor %}", "one new name"),
        ("{% for a, b in people %}{% endfor %}", "one new name"),
        ("{{ incident.title", "Line 1"),
        ("{% if incident.title %}", "Line 1"),
        ("{{ " + "(" * 5000 + " }}", "nested too deeply"),
        ("{{ " + "not " * 400 + "tags }}", "nested too deeply"),
        ("{% if tags %}" * 150 + "{% endif %}" * 150, "nested too deeply"),
        ("x" * (MAX_LENGTH + 1), "longer than"),
    ],
)
def test_a_template_that_cannot_be_filled_or_could_run_away_is_refused_with_the_line(body, says):
    with pytest.raises(TemplateError) as refusal:
        check_template(body)

    assert says in str(refusal.value)


def test_every_documented_name_may_be_used():
    check_template("".join(f"{{{{ incident.{name} }}}}{{{{ case.{name} }}}}" for name in SUBJECT_FIELDS))
    check_template(
        "{% for p in people %}{{ loop.index }} {{ p.name }} {{ p.email }} {{ p.roles }}{% else %}-{% endfor %}"
    )
    check_template("{% for e in timeline if e.who %}{{ e.time }} {{ e.text }}{% endfor %}{{ tags|join(', ') }}")
    check_template(
        "{% if incident.stable_at and not incident.closed_at %}{{ incident.tags|default('none', true) }}{% endif %}"
    )


@pytest.mark.parametrize("kind", DocumentKind.values)
def test_our_own_templates_are_in_order(kind):
    check_template(default_body(kind))


def test_a_text_that_would_grow_too_long_is_refused():
    with pytest.raises(RenderError, match="longer than"):
        render_template("{{ incident.title }}" * 3, {"incident": {"title": "x" * (MAX_LENGTH // 2)}})


def test_a_template_that_fails_says_why():
    with pytest.raises(RenderError, match="The template fails"):
        render_template("{% if incident.title > 3 %}{% endif %}", {"incident": {"title": "x"}})
