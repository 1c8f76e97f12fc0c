"""Filter expressions: refused with the place and the mend, and evaluated alike by the database and in memory."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.models import Value
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.models import Case
from core import filters
from core.errors import Invalid
from core.filters import folding
from core.filters.folding import Folded, fold
from core.filters.parsing import LONGEST
from core.models import Project
from incidents import flows
from incidents.models import Incident, Priority, Severity, Type
from knowledge.models import Tag, TagType
from people import flows as people
from tests import factories as make

NOW = datetime(2026, 11, 24, 9, 41, tzinfo=UTC)
TITLES = [
    "Straße gesperrt", "STRASSE", "Οδός", "ΟΔΟΣ", "İstanbul", "istanbul", "10% off_", "a'b\"c\\d", "Élan ǅ", "ﬁle",
]  # fmt: skip
WORDS = ["straße", "STRASSE", "ΟΔΟΣ", "οδο", "i", "İ", "%", "_", "'", '"', "\\", "É", "ǆ", "ﬁ", "Fi", "report", " "]

pytestmark = pytest.mark.django_db


def compare(field="severity", op="in", value=("High",)):
    """One comparison."""
    return {"field": field, "op": op, "value": list(value) if isinstance(value, tuple) else value}


@pytest.fixture(scope="module")
def _kept(django_db_setup, django_db_blocker):
    """One transaction for the module, so that its rows are made once."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def tagged(_kept):
    """A project with tags of two types, one word standing under both."""
    project = make.make_project(name="Security")
    kinds = [TagType.objects.create(project=project, name=name) for name in ("Actor", "Action")]
    names = [("Actor", "External"), ("Actor", "Partner"), ("Action", "Malware"), ("Action", "Partner")]
    for kind, name in names:
        Tag.objects.create(project=project, tag_type=next(each for each in kinds if each.name == kind), name=name)
    return project


@pytest.fixture(scope="module")
def rows(tagged):
    """Incidents that differ in everything a filter sees."""
    tags = list(Tag.objects.order_by("pk"))
    severities, types = list(Severity.objects.filter(project=tagged)), list(Type.objects.filter(project=tagged))
    made = []
    for number, title in enumerate(TITLES):
        made.append(
            make.declare(
                tagged, title=title, description=["", "A report.\nTwo lines", "REPORT"][number % 3],
                severity=severities[number % len(severities)], type=types[number % len(types)],
                visibility=["open", "restricted"][number % 2], tags=tags[: number % 5],
                commander=f"lead{number % 3}@example.com", reporter=["ada@example.com", None][number % 2],
            )
        )  # fmt: skip
        reported = NOW - timedelta(days=number)
        Incident.objects.filter(pk=made[-1].pk).update(reported_at=reported)
    other = make.declare(make.make_project(name="Other"), commander=None)
    flows.change_status(incident=made[3], to="closed", actor=make.system(), now=timezone.now())
    flows.change_status(incident=made[4], to="stable", actor=make.system(), now=timezone.now())
    gone = make.individual_of(make.make_member(tagged), tagged)
    people.add_participant(subject=made[5], individual=gone, actor=make.system(), now=timezone.now())
    people.remove_participant(subject=made[5], individual=gone, actor=make.system(), now=timezone.now())
    Severity.objects.filter(pk=next(each.pk for each in severities if not each.default)).update(enabled=False)
    return Incident.objects.filter(pk__in=[*(row.pk for row in made), other.pk])


def found(rows, data, now=NOW):
    """Who matches, by both ways, which must agree."""
    expression = filters.parse("incident", data)
    in_database = list(filters.matching(rows, expression, now).values_list("pk", flat=True))
    in_memory = {row.pk for row in rows if expression.matches(filters.facts("incident", row), now)}
    assert len(in_database) == len(set(in_database)), "a row came twice"
    assert set(in_database) == in_memory, data
    return in_memory


def titles(rows, data, now=NOW):
    return set(Incident.objects.filter(pk__in=found(rows, data, now)).values_list("title", flat=True))


# Meaning


def test_an_empty_all_matches_everything_and_its_opposite_nothing(rows):
    assert len(found(rows, {"all": []})) == rows.count()
    assert found(rows, {"not": {"all": []}}) == set()
    assert len(found(rows, {"any": [{"all": []}, compare()]})) == rows.count()


def test_groups_combine_their_parts(rows):
    closed, stable = compare("status", "in", ("closed",)), compare("status", "in", ("stable",))

    assert titles(rows, {"any": [closed, stable]}) == {TITLES[3], TITLES[4]}
    assert titles(rows, {"all": [closed, stable]}) == set()
    assert titles(rows, {"all": [{"not": closed}, compare("title", "contains", "ΔΌΣ")]}) == {"Οδός"}


def test_a_disabled_severity_is_still_found_by_name_and_by_id(rows):
    disabled = Severity.objects.get(enabled=False)

    by_name = found(
        rows, {"all": [compare("severity", "in", (disabled.name,)), compare("project", "in", ("Security",))]}
    )
    by_id = found(rows, compare("severity", "in", (str(disabled.uuid).upper(),)))

    assert by_name == by_id == set(Incident.objects.filter(severity=disabled).values_list("pk", flat=True))
    assert by_name


def test_a_name_means_the_same_word_in_every_project_and_an_id_just_one(rows):
    name = Priority.objects.filter(incidents_incidents__in=rows, project__name="Other").first().name
    projects = Incident.objects.filter(pk__in=found(rows, compare("priority", "in", (name,))))

    assert set(projects.values_list("project__name", flat=True)) == {"Security", "Other"}


@pytest.mark.parametrize(
    ("op", "value", "expected"),
    [
        ("any", ("External", "Malware"), {1, 2, 3, 4, 6, 7, 8, 9}),
        ("all", ("External", "Partner"), {2, 3, 4, 7, 8, 9}),
        ("all", ("External", "Malware"), {3, 4, 8, 9}),
        ("none", ("External",), {0, 5}),
        ("empty", True, {0, 5}),
        ("empty", False, {1, 2, 3, 4, 6, 7, 8, 9}),
    ],
)
def test_tags_are_compared_as_a_set(rows, op, value, expected):
    here = {"all": [compare("tags", op, value), compare("project", "in", ("Security",))]}

    assert titles(rows, here) == {TITLES[number] for number in expected}


def test_a_word_under_two_types_is_told_apart_by_its_id(rows):
    partner = Tag.objects.get(name="Partner", tag_type__name="Action")

    assert titles(rows, compare("tags", "any", (str(partner.uuid),))) == {TITLES[4], TITLES[9]}
    assert titles(rows, compare("tag_types", "any", ("Action",))) == {TITLES[3], TITLES[4], TITLES[8], TITLES[9]}


def test_an_incident_with_many_fitting_tags_and_people_comes_once(rows):
    everything = {
        "any": [
            compare("tags", "any", ("External", "Partner", "Malware")),
            compare("participant", "empty", value=False),
        ]
    }

    assert len(found(rows, everything)) == rows.count() - 1  # `found` refuses doubles; the other project's has nobody


def test_who_left_takes_no_part_and_who_led_a_closed_one_led_it(rows):
    gone = Incident.objects.get(title=TITLES[5]).participants.get(left_at__isnull=False).individual

    assert found(rows, compare("participant", "any", (gone.email,))) == set()
    assert TITLES[3] in titles(rows, compare("commander", "any", (" LEAD0@example.com",)))
    assert found(rows, compare("commander", "empty", value=True)) == {rows.get(project__name="Other").pk}


def test_times_are_half_open_and_an_empty_one_compares_with_nothing(rows):
    edge = (NOW - timedelta(days=2)).isoformat()

    since = found(rows, compare("reported_at", "from", edge))
    before = found(rows, compare("reported_at", "before", edge))
    open_ones = found(rows, compare("closed_at", "empty", value=True))

    assert since | before == set(rows.values_list("pk", flat=True))
    assert not since & before
    assert len(open_ones) == rows.count() - 1
    assert found(rows, {"not": compare("closed_at", "before", "2100-01-01T00:00:00Z")}) == open_ones
    assert found(rows, compare("closed_at", "from", "1900-01-01T00:00:00+01:00")) == {rows.get(title=TITLES[3]).pk}


def test_the_last_days_count_from_the_time_given(rows):
    week = {"all": [compare("reported_at", "within_days", 7), compare("project", "in", ("Security",))]}

    assert len(found(rows, week, NOW)) == 8
    assert len(found(rows, week, NOW + timedelta(days=5))) == 3


@pytest.mark.parametrize(
    ("needle", "expected"),
    [
        ("STRASSE", {"STRASSE"}),
        ("straßE", {"Straße gesperrt"}),
        ("οδος", {"ΟΔΟΣ"}),
        ("οδοσ", {"ΟΔΟΣ"}),
        ("É", {"Élan ǅ"}),
        ("ǆ", {"Élan ǅ"}),
        ("İ", {"İstanbul"}),
        ("STANBUL", {"İstanbul", "istanbul"}),
        ("%", {"10% off_"}),
        ("_", {"10% off_"}),
        ("'B\"C\\", {"a'b\"c\\d"}),
    ],
)
def test_text_is_found_whatever_its_case_and_taken_to_the_letter(rows, needle, expected):
    assert titles(rows, compare("title", "contains", needle)) == expected


@given(text=st.text(st.characters(max_codepoint=0x2FFF, exclude_categories=("Cs", "Cn"), exclude_characters="\0")))
@settings(max_examples=100, deadline=None)
def test_the_database_folds_text_as_python_does(text):
    if not Project.objects.exists():
        make.make_project()

    assert Project.objects.annotate(folded=Folded(Value(text))).first().folded == fold(text)


def test_a_postgres_without_the_collation_is_noticed(monkeypatch):
    assert folding.collation_is_there(databases=["default"]) == []

    monkeypatch.setattr(folding, "COLLATION", "no-such-collation")
    found = [message.id for message in folding.collation_is_there(databases=["default"])]

    assert found == (["dispatch.E006"] if connection.vendor == "postgresql" else [])
    assert folding.collation_is_there(databases=None) == []


def comparisons(rows):
    """Any comparison with values that occur, and some that do not."""
    names = st.sampled_from(["Security", "Other", *Severity.objects.values_list("name", flat=True), "?"])
    ids = st.sampled_from([str(key) for key in (*Severity.objects.values_list("uuid", flat=True), uuid.uuid4())])
    tags = st.sampled_from([*Tag.objects.values_list("name", flat=True), "Actor", "Action", "?"])
    mails = st.sampled_from(["lead0@example.com", "lead1@example.com", "ada@example.com", "nobody@example.com"])
    moments = st.integers(-12, 3).map(lambda days: (NOW + timedelta(days=days)).isoformat())

    def some(values):
        return st.lists(values, min_size=1, max_size=3)

    def one(fields, ops, values):
        return st.builds(compare, st.sampled_from(fields), st.sampled_from(ops), values)

    flags = one(["tags", "tag_types", "participant", "commander", "closed_at", "reported_at"], ["empty"], st.booleans())
    return st.one_of(
        one(["project", "type", "severity", "priority"], ["in", "not_in"], some(names | ids)),
        one(["status"], ["in", "not_in"], some(st.sampled_from(["active", "stable", "closed"]))),
        one(["visibility"], ["in", "not_in"], some(st.sampled_from(["open", "restricted"]))),
        one(["tags", "tag_types"], ["any", "all", "none"], some(tags)),
        one(["participant", "commander"], ["any", "all", "none"], some(mails)),
        one(["title", "description"], ["contains"], st.sampled_from(WORDS)),
        one(["reported_at", "closed_at"], ["from", "before"], moments),
        one(["reported_at", "closed_at"], ["within_days"], st.integers(1, 12)),
        flags,
    )


def test_database_and_memory_agree_on_every_expression(rows):
    known = [(row.pk, filters.facts("incident", row)) for row in rows]
    expressions = st.recursive(
        comparisons(rows),
        lambda parts: st.one_of(
            st.lists(parts, max_size=3).map(lambda some: {"all": some}),
            st.lists(parts, min_size=1, max_size=3).map(lambda some: {"any": some}),
            parts.map(lambda part: {"not": part}),
        ),
        max_leaves=6,
    )

    @given(expressions)
    @settings(max_examples=200, deadline=None)
    def agree(data):
        expression = filters.parse("incident", json.loads(json.dumps(data)))
        in_database = list(filters.matching(rows, expression, NOW).values_list("pk", flat=True))
        assert sorted(in_database) == sorted(pk for pk, facts in known if expression.matches(facts, NOW))

    agree()


# Facts


def test_an_incident_that_is_not_stored_yet_is_matched_by_what_is_known_of_it(tagged):
    external = Tag.objects.get(name="External")
    incident = Incident(
        project=tagged, title="New", type=Type.objects.filter(project=tagged).first(),
        severity=Severity.objects.get(project=tagged, default=True),
        priority=Priority.objects.get(project=tagged, default=True),
    )  # fmt: skip
    wanted = {
        "all": [
            compare("tags", "all", ("External",)),
            compare("severity", "in", (incident.severity.name,)),
            compare("commander", "any", ("ada@example.com",)),
            compare("participant", "empty", value=True),
            compare("status", "in", ("active",)),
        ]
    }
    expression = filters.parse("incident", wanted)
    ada = make.make_individual(tagged, "ada@example.com")

    assert expression.matches(filters.facts("incident", incident, tags=[external], commander=[ada]), NOW)
    assert not expression.matches(filters.facts("incident", incident, commander=[ada]), NOW)
    plain = {
        "tags": [filters.Named(None, "External")], "severity": filters.Named(None, incident.severity.name),
        "commander": [filters.Named(None, "ada@example.com")], "participant": [], "status": "active",
    }  # fmt: skip
    assert expression.matches(plain, NOW)


def test_facts_are_read_when_asked_for_and_once(rows):
    row = rows.select_related("severity").first()
    known = filters.facts("incident", row)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        filters.parse("incident", compare()).matches(known, NOW)
        assert len(queries) == 0
        expression = filters.parse("incident", {"all": [compare("tags", "empty", value=True)] * 3})
        expression.matches(known, NOW)
        expression.matches(known, NOW)
    assert len(queries) == 1
    assert set(known) == set(filters.kind_of("incident").fields)


def test_cases_are_filtered_alike_by_their_own_words(tagged):
    defaults = {
        name: Case._meta.get_field(name).related_model.objects.get(project=tagged, default=True)
        for name in ("type", "severity", "priority")
    }
    made = Case.objects.create(project=tagged, name="CASE-1", title="Odd log-in", status="triage", **defaults)
    yes = filters.parse(
        "case", {"all": [compare("status", "in", ("triage",)), compare("assignee", "empty", value=True)]}
    )

    assert list(filters.matching(Case.objects.all(), yes, NOW)) == [made]
    assert yes.matches(filters.facts("case", made), NOW)
    with pytest.raises(TypeError, match="about case"):
        filters.matching(Incident.objects.all(), yes, NOW)
    with pytest.raises(Invalid, match="new, triage"):
        filters.parse("case", compare("status", "in", ("active",)))


# Refusals


def nested(depth, inner):
    return inner if depth == 0 else {"not": nested(depth - 1, inner)}


TAG_LIST = tuple(f"t{number}" for number in range(100))


@pytest.mark.parametrize(
    ("data", "place", "mend"),
    [
        (None, "filter", "Write an object"),
        ([], "filter", "Write an object"),
        ("severity", "filter", "Write an object"),
        ({}, "filter", "nothing"),
        ({"all": [], "any": []}, "filter", "all, any"),
        ({"and": []}, "filter", "all, any or not"),
        ({"all": {}}, "filter.all", "list"),
        ({"any": []}, "filter.any", "write all"),
        ({"not": []}, "filter.not", "Write an object"),
        ({"field": "severity", "op": "in"}, "filter", "field, op and value"),
        ({**compare(), "note": 1}, "filter", "note"),
        ({"all": [compare(), compare("severty")]}, "filter.all.1.field", "severity"),
        (compare(["severity"]), "filter.field", "severity"),
        ({"not": compare(op="is")}, "filter.not.op", "in, not_in"),
        (compare("tags", "in"), "filter.op", "any, all, none, empty"),
        (compare(op={}), "filter.op", "in, not_in"),
        (compare(value="High"), "filter.value", "list"),
        (compare(value=[]), "filter.value", "list"),
        (compare(value=["High", 1]), "filter.value.1", "name or an id"),
        (compare(value=["x" * 301]), "filter.value.0", "300"),
        (compare(value=["a\0"]), "filter.value.0", "name or an id"),
        (compare(value=["High"] * 101), "filter.value", "100"),
        (compare("status", "in", ("open",)), "filter.value.0", "active, stable, closed"),
        (compare("status", "in", ([],)), "filter.value.0", "active, stable, closed"),
        (compare("participant", "any", ("ada",)), "filter.value.0", "e-mail"),
        (compare("participant", "any", (5,)), "filter.value.0", "e-mail"),
        (compare("title", "contains", ""), "filter.value", "1 to 200"),
        (compare("title", "contains", "x" * 201), "filter.value", "1 to 200"),
        (compare("title", "contains", "\ud800"), "filter.value", "1 to 200"),
        (compare("reported_at", "from", "2026-11-24"), "filter.value", "zone"),
        (compare("reported_at", "from", "2026-11-24T09:41:00"), "filter.value", "zone"),
        (compare("reported_at", "from", "2026-13-24T09:41:00Z"), "filter.value", "zone"),
        (compare("reported_at", "before", "9999-12-31T23:59:59-12:00"), "filter.value", "zone"),
        (compare("reported_at", "before", 17), "filter.value", "zone"),
        (compare("reported_at", "within_days", True), "filter.value", "number of days"),
        (compare("reported_at", "within_days", 1e400), "filter.value", "number of days"),
        (compare("reported_at", "within_days", 3661), "filter.value", "3660"),
        (compare("closed_at", "empty", 1), "filter.value", "true or false"),
        (nested(8, compare()), "filter" + ".not" * 8, "8 deep"),
        ({"all": [compare()] * 200}, "filter.all.199", "200 parts"),
        ({"all": [compare("tags", "all", TAG_LIST)] * 6}, "filter.all.5.value", "500 values"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place_and_the_mend(data, place, mend):
    with pytest.raises(Invalid) as refused:
        filters.parse("incident", data)

    assert refused.value.field == place
    assert mend in refused.value.message


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("", "JSON"), ("{", "JSON"), ("[" * LONGEST, "JSON"), ("{}" + " " * LONGEST, "too long"), ("NaN", "object"),
        ('{"all": [', "JSON"),
    ],
)  # fmt: skip
def test_text_that_is_no_expression_is_refused(text, mend):
    with pytest.raises(Invalid, match=mend) as refused:
        filters.parse_text("incident", text, field="q")

    assert refused.value.field == "q"


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.sampled_from(["severity", "in", "tags"]),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["all", "any", "not", "field", "op", "value", "x"]), inner, max_size=3)
        ),
        max_leaves=15,
    )
)
@settings(max_examples=300, deadline=None)
def test_whatever_comes_is_read_or_refused(data):
    try:
        read = filters.parse("incident", data).data
    except Invalid as refused:
        read, place = data, refused.field
    else:
        place = "filter"

    assert read is data
    assert place.startswith("filter")


def test_the_largest_allowed_expression_runs(rows):
    text = compare("title", "contains", "x")
    parts = [compare("tags", "all", ("a", "b"))] * 98 + [nested(6, compare())] + [text] * 90

    assert found(rows, {"any": parts}) == found(rows, {"any": [compare(), text]})


def test_an_unknown_kind_is_a_mistake_of_ours():
    with pytest.raises(LookupError, match="weather"):
        filters.parse("weather", {"all": []})


def test_the_guide_names_every_field_and_comparison():
    guide = (Path(__file__).parents[2] / "docs" / "filters.md").read_text()

    for kind in filters.kinds().values():
        for field in kind.fields.values():
            assert f"`{field.name}`" in guide
            assert all(f"`{op}`" in guide for op in field.ops)
