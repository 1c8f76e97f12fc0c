"""Whatever text comes, a flow keeps it to the letter or refuses it by name; half of it is never kept."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from core.errors import FlowError, Invalid
from core.flows import configuration, organizations, subjects, tokens, users
from core.models import ApiToken, Event, Organization, Project, SubjectLink, User
from core.timeline import chain, flows
from incidents import flows as incidents
from incidents.models import Incident, Severity
from knowledge.models import Tag, TagType
from people import flows as people
from people.models import Individual, Participant
from tests import factories as make

pytestmark = pytest.mark.django_db
NOW = timezone.now()

# What every database keeps and every reader may be hurt by.
NASTY = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "sql": "'; DROP TABLE incidents_incident; --",
    "templates": "{{ 7*7 }} {% debug %} ${jndi:ldap://x} %s %(name)s {0}",
    "formula": '=HYPERLINK("http://x","y")',
    "right to left": "\u202ecod.exe\u202c",
    "invisible": "a\u200b\u200d\ufeffb",
    "combining": "Z\u0351\u036b\u0343" * 10,
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈",
    "controls": "bell\x07 escape\x1b[31m backspace\x08",
    "lines": "one\r\ntwo\u2028three\x0bfour",
    "noncharacters": "\ufffe\uffff\U0010ffff",
    "backslashes": "\\x00 \\u0000 \\",
    "blanks around": "  kept  ",
    "decomposed": "u\u0308ber",
}
UNKEEPABLE = {"nul": "a\0b", "high surrogate": "\ud800", "low surrogate": "a\udfff", "a reversed pair": "\udc00\ud800"}


@pytest.fixture
def project():
    return make.make_project()


@pytest.fixture
def incident(project):
    return make.declare(project)


def act():
    return {"actor": make.system(), "now": NOW}


# How each flow takes a text, and where it keeps it. Each returns what was kept.


def title_of_a_report(project, _incident, text):
    return incidents.declare(project=project, title=text, **act()).title


def description_of_a_report(project, _incident, text):
    return incidents.declare(project=project, title="t", description=text, **act()).description


def past_title(project, _incident, text):
    return incidents.record_past(project=project, title=text, **act()).title


def edited(field):
    def edit(_project, incident, text):
        incidents.edit(incident=incident, **{field: text}, **act())
        return getattr(Incident.objects.get(pk=incident.pk), field)

    edit.__name__ = f"edited_{field}"
    return edit


def reason_of_a_move(_project, incident, text):
    incidents.change_status(incident=incident, to="stable", reason=text, **act())
    return incident.statuschanges.get(to_status="stable").reason


def timeline_entry(_project, incident, text):
    return flows.add_entry(subject=incident, description=text, **act()).description


def correction(_project, incident, text):
    entry = flows.add_entry(subject=incident, description="first", **act())
    return flows.supersede(event=entry, description=text, reason="typo", **act()).description


def reason_of_a_correction(_project, incident, text):
    entry = flows.add_entry(subject=incident, description="first", **act())
    return flows.supersede(event=entry, description="second", reason=text, **act()).details["reason"]


def reason_of_erasing(_project, incident, text):
    entry = flows.add_entry(subject=incident, description="first", **act())
    flows.erase(event=entry, reason=text, **act())
    return Event.objects.of(incident).order_by("seq").last().details["reason"]


def note_of_a_hand_over(project, incident, text):
    people.hand_over(subject=incident, role="incident_commander", to=make.make_individual(project), note=text, **act())
    return Event.objects.of(incident).get(source="Hand-over").description.split(": ", 1)[1]


def reason_of_adding(project, incident, text):
    person = make.make_individual(project)
    return people.add_participant(subject=incident, individual=person, reason=text, **act()).added_reason


def name_of_a_person(project, _incident, text):
    found = people.find_individual(organization=project.organization, email="p@example.com", name=text, now=NOW)
    return Individual.objects.get(pk=found.pk).name


def title_of_a_person(project, _incident, text):
    person = make.make_individual(project)
    person.title = text
    people.save_individual(person, **act())
    return Individual.objects.get(pk=person.pk).title


def name_of_a_severity(project, _incident, text):
    return configuration.save(Severity(project=project, name=text), **act()).name


def description_of_a_tag(project, _incident, text):
    kind = configuration.save(TagType(project=project, name="Actor"), **act())
    return configuration.save(Tag(project=project, tag_type=kind, name="t", description=text), **act()).description


def name_of_an_organization(_project, _incident, text):
    return organizations.create_organization(name=text, **act()).name


def name_of_a_project(project, _incident, text):
    return organizations.create_project(organization=project.organization, name=text, **act()).name


def name_of_an_account(_project, _incident, text):
    return users.invite(email="new@example.com", name=text, **act()).name


def name_in_a_profile(_project, _incident, text):
    user = make.make_user()
    return users.edit_profile(user=user, name=text, **act()).name


def name_of_a_token(_project, _incident, text):
    return tokens.issue(user=make.make_user(), name=text, scopes=["read"], **act())[0].name


TEXTS = [
    title_of_a_report, description_of_a_report, past_title, edited("title"), edited("description"),
    edited("resolution"), edited("summary"), reason_of_a_move, timeline_entry, correction, reason_of_a_correction,
    reason_of_erasing, note_of_a_hand_over, reason_of_adding, name_of_a_person, title_of_a_person,
    name_of_a_severity, description_of_a_tag, name_of_an_organization, name_of_a_project, name_of_an_account,
    name_in_a_profile, name_of_a_token,
]  # fmt: skip
# Titles and names, and what leaves their line.
LINES = [
    title_of_a_report, past_title, TEXTS[3], name_of_a_person, title_of_a_person, name_of_a_severity,
    name_of_an_organization, name_of_a_project, name_of_an_account, name_in_a_profile, name_of_a_token,
]  # fmt: skip
OFF_THE_LINE = ("right to left", "controls", "lines")
flow_parameter = pytest.mark.parametrize("take", TEXTS, ids=lambda take: take.__name__)


def everything():
    """How much there is of everything that a text could be kept in."""
    models = (Incident, Event, Individual, Participant, Severity, Tag, Organization, Project, User, ApiToken)
    return {model.__name__: model.objects.count() for model in models}


@contextmanager
def undone():
    """A try that leaves nothing behind, whatever came of it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@flow_parameter
def test_any_text_that_can_be_kept_is_kept_to_the_letter(project, incident, take):
    changed = []
    for name, text in NASTY.items():
        if take in LINES and name in OFF_THE_LINE:
            continue
        with undone():
            if take(project, incident, text) != text:
                changed.append(name)
            incident.refresh_from_db()
            assert chain.verify(incident) is None

    assert changed == []


@pytest.mark.parametrize("take", LINES, ids=lambda take: take.__name__)
def test_a_title_or_name_is_one_line_that_reads_as_it_is_written(project, incident, take):
    for name in OFF_THE_LINE:
        with undone(), pytest.raises(Invalid) as refused:
            take(project, incident, NASTY[name])
        assert refused.value.field in {"name", "title"}, name


@pytest.mark.parametrize(
    "take", [title_of_a_report, edited("title"), name_of_a_severity, name_of_an_organization, name_in_a_profile,
             name_of_a_token],
    ids=lambda take: take.__name__,
)  # fmt: skip
@pytest.mark.parametrize("text", ["\u200b", " \u200b\ufeff\u2060", "\u3164", "\u2800 \u00ad"])
def test_a_title_or_name_that_shows_nothing_is_empty(project, incident, take, text):
    with undone(), pytest.raises(Invalid) as refused:
        take(project, incident, text)
    assert refused.value.field in {"name", "title"}


@flow_parameter
def test_what_no_database_keeps_and_what_is_too_long_is_refused_by_name(project, incident, take):
    taken = []
    for name, text in {**UNKEEPABLE, "too long": "x" * 200_001}.items():
        with undone():
            try:
                take(project, incident, text)
                taken.append(name)
            except Invalid as refused:
                assert refused.field  # noqa: PT017 (some flows take it, and are named below)
            incident.refresh_from_db()
            assert chain.verify(incident) is None

    assert taken == []


@pytest.mark.parametrize("take", [title_of_a_report, name_of_an_organization, name_of_an_account, name_of_a_token])
def test_a_refused_text_leaves_no_trace(project, incident, take):
    make.make_user()
    before = everything()

    for text in [*UNKEEPABLE.values(), "x" * 200_001]:
        with pytest.raises(Invalid):
            take(project, incident, text)

    assert {**everything(), "User": 0} == {**before, "User": 0}


@pytest.mark.parametrize(
    ("take", "longest"),
    [(title_of_a_report, 500), (description_of_a_report, 200_000), (timeline_entry, 20_000), (reason_of_a_move, 2000),
     (reason_of_adding, 300), (name_of_a_person, 200), (name_of_an_account, 200), (name_of_a_token, 100),
     (name_of_a_severity, 100)],
    ids=lambda value: getattr(value, "__name__", str(value)),
)  # fmt: skip
def test_the_longest_text_fits_and_one_more_does_not(project, incident, take, longest):
    # Four bytes each: a limit in characters is not one in bytes.
    assert take(project, incident, "𠀀" * longest) == "𠀀" * longest

    with pytest.raises(Invalid):
        take(project, incident, "𠀀" * (longest + 1))


@pytest.mark.parametrize("field", ["title", "description"])
def test_what_is_no_text_is_refused_by_name(project, field):
    for value in (None, 5, b"bytes", ["list"], {"a": 1}, True):
        with pytest.raises(Invalid) as refused:
            incidents.declare(project=project, **{"title": "t", field: value}, **act())
        assert refused.value.field == field

    assert not Incident.objects.exists()


def test_an_unknown_word_is_refused_where_one_of_a_few_is_meant(project, incident):
    person = make.make_individual(project)
    other = make.declare(project)
    calls = [
        lambda word: incidents.change_status(incident=incident, to=word, **act()),
        lambda word: incidents.edit(incident=incident, visibility=word, **act()),
        lambda word: incidents.declare(project=project, title="t", status=word, **act()),
        lambda word: people.assign_role(subject=incident, individual=person, role=word, **act()),
        lambda word: people.add_participant(subject=incident, individual=person, role=word, **act()),
        lambda word: flows.add_entry(subject=incident, description="d", kind=word, **act()),
        lambda word: subjects.link(source=incident, target=other, kind=word, **act()),
    ]

    for call in calls:
        for word in ("", "king", "INCIDENT_COMMANDER", "a\0", "\ud800", "x" * 10_000, None, 7, ["a"], {}):
            with pytest.raises(FlowError):
                call(word)

    assert Incident.objects.count() == 2
    assert not SubjectLink.objects.exists()
    assert not Participant.objects.of(incident).filter(individual=person).exists()


def test_an_address_that_is_none_is_refused_everywhere(project):
    addresses = [
        "", " ", "ada", "@example.com", "ada@", "a\0@example.com", "\ud800@example.com", "a@b@c.example",
        "a b@example.com", "ada@example.com\nbcc: all@example.com", "<ada@example.com>", "a" * 250 + "@example.com",
    ]  # fmt: skip
    calls = [
        lambda email: people.find_individual(organization=project.organization, email=email, now=NOW),
        lambda email: incidents.declare(project=project, title="t", commander=email, **act()),
        lambda email: incidents.declare(project=project, title="t", reporter=email, **act()),
        lambda email: users.invite(email=email, name="", **act()),
    ]

    for call in calls:
        for email in addresses:
            with pytest.raises(Invalid) as refused:
                call(email)
            assert refused.value.field in {"email", "commander", "reporter"}

    assert not Individual.objects.exists()
    assert not Incident.objects.exists()
    assert not User.objects.exists()


def test_a_person_of_a_long_address_gets_a_name_that_fits(project):
    address = "a" * 64 + "." + "b" * 64 + "@" + ".".join(["c" * 60] * 1) + ".example"

    person = people.find_individual(organization=project.organization, email=address, now=NOW)

    assert Individual.objects.get().name == person.name
    assert len(person.name) <= 200


def test_a_moment_that_is_none_or_lies_ahead_is_refused(incident):
    for moment in (None, "yesterday", 5, NOW.replace(tzinfo=None), NOW + timedelta(days=1), NOW.date()):
        with pytest.raises(Invalid) as refused:
            incidents.edit(incident=incident, reported_at=moment, **act())
        assert refused.value.field == "reported_at"

    assert Incident.objects.get().reported_at == incident.reported_at


def test_a_strange_name_is_nobodys(incident):
    for name in ("INC-1'", "inc-1\0", "\ud800", "x" * 10_000, "", "%"):
        assert subjects.find_by_name(Incident, name) is None
