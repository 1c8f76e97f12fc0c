"""Full-text search: the same finds on both databases, under the reader's access, following every change."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from core import search
from core.flows import configuration, memberships
from core.models import SearchDocument, SubjectName
from core.operations import jobs
from core.operations.models import Job
from core.search import engine, indexing, words
from core.timeline import flows as timeline
from incidents import flows as incidents
from incidents.models import Type
from knowledge import flows as knowledge
from knowledge.models import Tag, TagType
from people import flows as people
from tests import factories as make
from tests.people.rotas import make_service

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make.make_project()


@pytest.fixture
def responder(project):
    return make.make_member(project, "responder")


def titles(user, text, **options):
    return [hit.title for hit in search.search(user, text, **options)]


def entries():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM core_searchtext")
        return cursor.fetchone()[0]


def document_of(incident, body="Contained by isolating the host."):
    return knowledge.create_document(
        subject=incident, kind="incident_document", title="What happened", body=body, marker=f"test {incident.pk}",
        now=timezone.now(),
    )  # fmt: skip


# Words


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Phishing", True), ("PHISH", True), ("phishin", True), ("phished", True), ("hishing", False),
        ("laptops", True), ("laptop stolen", True), ("stolen laptop", True), ("laptop lost", False),
        ("münchen", True), ("MUNCHEN", True), ("straße", True), ("STRASSE", True), ("will", True), ("it", True),
        ("v1e5x", True), ("1e5", True), ("10.0.0.1", True), ("CVE-2026", True), ("東京", True), ("京", False),
        ("emoji", True), ("🙂", False), ("access", True), ("proxies", True), ("", False), ("  ", False), ("-", False),
    ],
)  # fmt: skip
def test_words_are_found_by_their_beginning_whatever_case_accent_and_ending(project, responder, query, found):
    text = "Will of IT: laptop (stolen) in the Straße.\nv1e5x 1e5x 10.0.0.1 cve-2026-4711 東京都 emoji🙂 access proxy"
    make.declare(project, title="Phishing at the München office", description=text)

    assert bool(search.search(responder, query, kinds=["incident"])) is found


@pytest.mark.parametrize(
    "text",
    [
        '"', "'", "''", ";", "--", "*", "a*", "NEAR(a b)", "a AND", "OR", "NOT", "(", "a:b", ":*", "a & b | !c", "\\",
        "%", "_", "{title}:a", "^a", "\0", "\ud800", "a\0b", "x" * 10_000, "a " * 5_000, "ﷺ" * 10_000,
        "'; DROP TABLE core_user; --",
    ],
)  # fmt: skip
def test_any_input_is_only_looked_for(project, responder, text):
    make.declare(project, title="Nothing of it")

    assert isinstance(search.search(responder, text), list)
    assert isinstance(search.matching_ids(responder, "incident", text), list)


@given(st.text(max_size=40), st.text(max_size=10))
@settings(max_examples=60, deadline=None)
def test_both_databases_find_what_our_own_words_say(text, query):
    engine.put([(1, text, "")])
    terms = words.terms(query)
    with connection.cursor() as cursor:
        matches = engine.matches(terms or ["nothing"])
        cursor.execute(matches.sql, matches.params)
        found = bool(cursor.fetchall())

    assert found == (bool(terms) and all(any(word.startswith(term) for word in words.words(text)) for term in terms))


@pytest.mark.parametrize("unit", ["ﷺ", "ab ", "\U00020000\U00020001 "])
def test_the_longest_text_is_indexed(project, responder, unit):
    made = make.declare(project, title="Long", description=(unit * 200_000)[:200_000])

    assert search.matching_ids(responder, "incident", "long") == [made.pk]


def test_a_text_of_nothing_but_different_words_is_indexed():
    some = [chr(0x4E00 + high) + chr(0x20000 + low) for high in range(200) for low in range(200)]

    engine.put([(1, "title", " ".join(some))])

    assert entries() == 1


def test_the_title_counts_more_than_the_text_and_then_the_newer(project, responder):
    make.declare(project, title="Alpha", description="ransomware " + "and other things " * 5)
    make.declare(project, title="Ransomware", description="and other things " * 5)
    for number in range(2):
        make.declare(project, title=f"Twin {number}")

    assert [title.split()[-1] for title in titles(responder, "ransomware")] == ["Ransomware", "Alpha"]
    assert [title.split()[-1] for title in titles(responder, "twin")] == ["1", "0"]
    assert len(titles(responder, "twin", limit=1)) == 1


# What is found


def test_incidents_are_found_by_name_and_people_and_documents_by_kind(project, responder):
    incident = make.declare(project, title="Odd log-in", commander="grace.hopper@example.com")
    document_of(incident)

    assert [hit.kind for hit in search.search(responder, incident.name)] == ["incident"]
    assert [hit.title for hit in search.search(responder, "grace")] == ["Grace Hopper"]
    assert [hit.kind for hit in search.search(responder, "isolating")] == ["document"]
    assert search.search(responder, "isolating", kinds=["incident", "individual"]) == []


def test_every_change_is_followed(project, responder):
    actor = make.actor_for(make.make_member(project, "admin"))
    incident = make.declare(project, title="Before")
    document = document_of(incident, body="first text")

    incidents.edit(incident=incident, title="Afterwards", actor=actor, now=timezone.now())
    knowledge.write_document(document=document, body="second text", actor=actor, now=timezone.now())

    assert titles(responder, "before") == titles(responder, "first") == []
    assert len(titles(responder, "afterwards")) == len(titles(responder, "second")) == 1
    assert entries() == SearchDocument.objects.count()


# Access


def test_what_is_restricted_is_found_by_who_may_see_it_and_its_documents_follow(project, responder):
    admin = make.make_member(project, "admin")
    incident = make.declare(project, title="Insider", visibility="open", reporter="part@example.com")
    document_of(incident)
    part = make.make_member(project, email="taking@example.com")
    people.add_participant(
        subject=incident, individual=make.individual_of(part, project), actor=make.system(), now=timezone.now()
    )
    assert len(titles(responder, "insider")) == len(titles(responder, "isolating")) == 1

    incidents.edit(incident=incident, visibility="restricted", actor=make.actor_for(admin), now=timezone.now())

    for text in ("insider", "isolating"):
        assert titles(responder, text) == []
        assert len(titles(part, text)) == len(titles(admin, text)) == 1
    assert search.matching_ids(responder, "incident", "insider") == []

    incidents.edit(incident=incident, visibility="open", actor=make.actor_for(admin), now=timezone.now())
    assert len(titles(responder, "insider")) == len(titles(responder, "isolating")) == 1


def test_what_is_deleted_is_found_by_nobody_until_it_is_restored(project):
    admin = make.make_member(project, "admin")
    incident = make.declare(project, title="Mistake")
    document_of(incident)

    incidents.delete_subject(subject=incident, actor=make.actor_for(admin), now=timezone.now())
    assert titles(admin, "mistake") == titles(admin, "isolating") == []
    assert not SearchDocument.objects.filter(incident=incident).exists()

    incident.refresh_from_db()
    incidents.restore_subject(subject=incident, actor=make.actor_for(admin), now=timezone.now())
    assert len(titles(admin, "mistake")) == len(titles(admin, "isolating")) == 1


def test_strangers_find_nothing_and_hidden_matches_take_nobodys_place(project):
    other = make.make_project()
    here = make.make_member(project, "responder")
    make.declare(project, title="Needle here", commander="needle@example.com")
    for _ in range(5):
        make.declare(other, title="Needle there", commander="needle.there@example.com")
    gone = make.make_member(project)
    gone.is_active = False

    assert len(titles(here, "needle", limit=3)) == 2
    for nobody in (make.make_user(), gone, None):
        assert titles(nobody, "needle") == []
        assert search.matching_ids(nobody, "incident", "needle") == []


@pytest.mark.parametrize(
    ("role", "sees"), [("member", False), ("responder", False), ("manager", False), ("admin", True), ("owner", True)]
)
def test_a_role_finds_what_it_may_see(project, role, sees):
    user = make.make_member(project, role)
    make.declare(project, title="Payroll open")
    make.declare(project, title="Payroll secret", visibility="restricted")

    assert [title.split()[-1] for title in titles(user, "payroll")] == (["secret", "open"] if sees else ["open"])


@pytest.mark.parametrize("may_read", [True, False])
def test_past_participants_find_a_restricted_incident_where_the_project_says_so(may_read):
    project = make.make_project(past_participants_may_read=may_read)
    member = make.make_member(project)
    incident = make.declare(project, title="Payroll", visibility="restricted")
    who = {"individual": make.individual_of(member, project), "actor": make.system(), "now": timezone.now()}

    people.add_participant(subject=incident, **who)
    assert len(titles(member, "payroll")) == 1

    people.remove_participant(subject=incident, **who)
    assert len(titles(member, "payroll")) == (1 if may_read else 0)
    assert bool(search.matching_ids(member, "incident", "payroll")) is may_read


def test_a_revoked_membership_ends_finding_at_once(project):
    member = make.make_member(project)
    make.declare(project, title="Payroll", commander="payroll@example.com")
    assert len(titles(member, "payroll")) == 2

    memberships.revoke(membership=member.memberships.get(), actor=make.system(), now=timezone.now())

    assert titles(member, "payroll") == []


def test_people_are_found_by_everybody_of_their_organization_and_by_nobody_else(project):
    make.make_individual(project, "ada.lovelace@example.com", "Ada Lovelace")
    neighbour = make.make_member(make.make_project(project.organization))
    stranger = make.make_member(make.make_project(), "owner")

    for text in ("lovel", "ada.lovelace@example.com", "ADA"):
        assert titles(neighbour, text) == ["Ada Lovelace"]
        assert titles(stranger, text) == []


def test_an_incident_is_found_by_every_name_it_ever_had(project, responder):
    incident = make.declare(project, title="Renamed")
    SubjectName.objects.create(name="SEC-4711", incident=incident)
    search.index(incident)

    assert titles(responder, "sec-4711") == titles(responder, incident.name) != []


def test_whoever_types_a_name_finds_that_subject_first_if_it_is_theirs_to_see(project, responder):
    first = make.declare(project, title="Printer on fire", visibility="restricted")
    for number in range(12):
        make.declare(project, title=f"{first.name} is back, part {number}")
    owner = make.make_member(project, "owner")

    for typed in (first.name, f" {first.name.lower()} "):
        assert titles(owner, typed, limit=5)[0] == f"{first.name} Printer on fire"
        assert titles(owner, typed, kinds=["incident"], limit=5)[0] == f"{first.name} Printer on fire"
        assert all("Printer" not in title for title in titles(responder, typed, limit=5))
    assert all("Printer" not in title for title in titles(owner, first.name, kinds=["person"]))


@pytest.mark.parametrize("typed", ["{number}", "00{number}", "{prefix}{number}", "{small}-{number}", " {number} "])
def test_a_bare_number_and_a_name_without_its_dash_mean_the_subject(typed):
    project = make.make_project(name_prefix="INC")
    responder = make.make_member(project, "responder")
    wanted = make.declare(project, title="Printer on fire")
    prefix, number = wanted.name.rsplit("-", 1)
    for _time in range(3):
        make.declare(project, title=f"{number} machines, {prefix}{number}", description=f"{wanted.name}")

    found = titles(responder, typed.format(number=number, prefix=prefix, small=prefix.lower()))

    assert found[0] == f"{wanted.name} Printer on fire"


def test_a_number_is_that_of_each_project_of_theirs_the_open_ones_first(project):
    second, third = make.make_project(), make.make_project()
    closed, opened, foreign = (make.declare(each, title="Same number") for each in (project, second, third))
    incidents.change_status(incident=closed, to="closed", actor=make.system(), now=timezone.now())
    user = make.make_member(project, "responder")
    memberships.grant(user=user, project=second, role="responder", actor=make.system(), now=timezone.now())

    assert {name.rsplit("-", 1)[1] for name in (closed.name, opened.name, foreign.name)} == {"1"}
    assert titles(user, "1") == [f"{opened.name} Same number", f"{closed.name} Same number"]


def test_among_equals_the_open_come_first_and_a_better_match_stays_before_them(project, responder):
    rows = [make.declare(project, title=f"Laptop {number}") for number in range(4)]
    make.declare(project, title="Another", description="A laptop")
    for row in rows[2:]:
        incidents.change_status(incident=row, to="closed", actor=make.system(), now=timezone.now())

    found = [title.split(" ", 1)[1] for title in titles(responder, "laptop")]

    assert found == ["Laptop 1", "Laptop 0", "Laptop 3", "Laptop 2", "Another"]


def test_only_the_newest_matches_are_looked_through(project, responder, monkeypatch):
    monkeypatch.setattr("core.search.finding.RANKED", 3)
    made = [make.declare(project, title=f"Many {number}") for number in range(5)]

    assert len(titles(responder, "many")) == 3
    assert search.matching_ids(responder, "incident", "many", limit=3) == [each.pk for each in made[:1:-1]]


def test_searching_takes_the_same_few_queries_however_much_is_found(project, responder):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            search.search(responder, "many")
        return len(captured)

    make.declare(project, title="Many 1")
    few = queries()
    for number in range(4):
        make.declare(project, title=f"Many {number}")

    # Three for documents; three for entries, when there are none.
    assert queries() == few == 6


# What people wrote on timelines


def write(incident, text, **more):
    return timeline.add_entry(subject=incident, description=text, actor=make.system(), now=timezone.now(), **more)


def correct(event, text):
    return timeline.supersede(
        event=event, description=text, reason="A typing error", actor=make.system(), now=timezone.now()
    )


def test_an_entry_is_found_by_its_words_and_so_is_its_incident(project, responder):
    incident = make.declare(project, title="Odd log-in")
    make.declare(project, title="Another")
    event = write(incident, "At nine the Gateway was rebooted by hand, " + "and nothing else " * 20)

    [hit] = search.search(responder, "rebooting gateway")

    assert (hit.kind, hit.object_id) == ("event", event.pk)
    assert hit.title == f"{incident.name} Odd log-in"
    assert hit.excerpt.startswith("At nine the Gateway was rebooted by hand")
    assert search.matching_ids(responder, "incident", "gateway") == [incident.pk]
    assert search.search(responder, "gateway", kinds=["incident"]) == []
    assert search.search(responder, "gateway", kinds=["event"]) == [hit]


def test_the_reason_of_a_change_is_found_and_what_dispatch_tells_of_itself_is_not(project, responder):
    incident = make.declare(project, title="Odd log-in")
    actor = make.actor_for(responder)

    incidents.change_status(
        incident=incident, to="stable", reason="Certificates rotated", actor=actor, now=timezone.now()
    )

    assert [hit.kind for hit in search.search(responder, "certificate")] == ["event"]
    assert search.search(responder, "declared") == []


def test_the_correction_is_found_and_the_corrected_text_is_not(project, responder):
    event = write(make.declare(project), "Gatevay rebooted")

    newer = correct(event, "Gateway rebooted")

    assert search.search(responder, "gatevay") == []
    assert [hit.object_id for hit in search.search(responder, "gateway")] == [newer.pk]


def test_erasing_takes_the_text_out_of_the_index(project, responder):
    event = write(make.declare(project), "Her number is 0170")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM core_searchevent")
        assert cursor.fetchone()[0] == 1

        timeline.erase(event=event, reason="Personal", actor=make.system(), now=timezone.now())

        cursor.execute("SELECT count(*) FROM core_searchevent")
        assert cursor.fetchone()[0] == 0
    assert search.search(responder, "0170") == []


def test_an_entry_is_as_visible_as_its_subject_at_once(project):
    admin, responder = make.make_member(project, "admin"), make.make_member(project, "responder")
    neighbour = make.make_member(make.make_project(project.organization), "admin")
    incident = make.declare(project, visibility="restricted")
    write(incident, "Salaries were copied")
    edit = {"actor": make.actor_for(admin), "now": timezone.now()}

    def finders():
        users = {"admin": admin, "responder": responder, "neighbour": neighbour, "nobody": make.make_user()}
        by_hit = {name for name, user in users.items() if search.search(user, "salaries")}
        assert by_hit == {name for name, user in users.items() if search.matching_ids(user, "incident", "salaries")}
        return by_hit

    assert finders() == {"admin"}
    incidents.edit(incident=incident, visibility="open", **edit)
    assert finders() == {"admin", "responder"}
    incident.refresh_from_db()
    incidents.delete_subject(subject=incident, **edit)
    assert finders() == set()


@pytest.mark.parametrize("word", ["type", "tag"])
def test_after_a_new_name_of_a_type_or_tag_its_incidents_are_found_by_that(project, responder, word):
    family = TagType.objects.create(project=project, name="Family")
    kind = Type.objects.create(project=project, name="Vulnerability")
    tag = Tag.objects.create(project=project, tag_type=family, name="Vulnerability")
    row = kind if word == "type" else tag
    make.declare(project, title="Ours", **({"type": kind} if word == "type" else {"tags": [tag]}))
    make.declare(project, title="Another")

    row.name = "Weakness"
    configuration.save(row, actor=make.system(), now=timezone.now())
    jobs.run_due()

    assert [title.split()[-1] for title in titles(responder, "weakness", kinds=["incident"])] == ["Ours"]
    assert not titles(responder, "vulnerability", kinds=["incident"])
    assert Job.objects.get().result == {"indexed": 1}


def test_a_new_colour_of_a_type_indexes_nothing(project):
    row = Type.objects.filter(project=project).first()
    row.colour = "#112233"
    configuration.save(row, actor=make.system(), now=timezone.now())

    assert not Job.objects.exists()


def test_the_number_of_a_project_cannot_be_typed(project, responder):
    write(make.declare(project), "Something")

    for text in (f"§{project.pk}", f"{project.pk}", f"something §{project.pk + 1}"):
        assert not [hit for hit in search.search(responder, text) if hit.kind == "event"]


def test_whoever_sees_very_many_projects_finds_as_well(project, monkeypatch):
    monkeypatch.setattr("core.timeline.texts.MOST_PROJECTS", 1)
    owner = make.make_member(project, "owner")
    for each in (project, make.make_project(project.organization), make.make_project()):
        write(make.declare(each), "Something")

    assert len(search.search(owner, "something", kinds=["event"])) == 2


def test_many_projects_are_named_in_one_search(project):
    write(make.declare(project), "Something")
    marks = [project.pk, *range(10_000, 10_099)]

    with connection.cursor() as cursor:
        matches = engine.matches(["some"], table=engine.EVENTS, marks=marks)
        cursor.execute(matches.sql, matches.params)
        assert len(cursor.fetchall()) == 1


def test_one_letter_finds_documents_only(project, responder):
    write(make.declare(project, title="Xylophone"), "Xylem 東")

    assert [hit.kind for hit in search.search(responder, "x")] == ["incident"]
    assert [hit.kind for hit in search.search(responder, "x y")] == []
    assert [hit.kind for hit in search.search(responder, "東")] == ["event"]


def test_entries_leave_documents_two_thirds_of_a_result(project, responder):
    incident = make.declare(project, title="Phishing 1")
    for number in range(6):
        write(incident, f"Phishing mail {number}")
    make.declare(project, title="Phishing 2")
    make.declare(project, title="Phishing 3")

    def kinds(limit):
        return [hit.kind for hit in search.search(responder, "phishing", limit=limit)]

    assert kinds(3) == ["incident", "incident", "event"]
    assert kinds(6) == ["incident"] * 3 + ["event"] * 3
    assert kinds(20) == ["incident"] * 3 + ["event"] * 6


def test_rebuilding_writes_the_entries_anew_without_what_was_corrected_or_erased(project, responder):
    incident = make.declare(project)
    old = write(incident, "Gatevay rebooted")
    correct(old, "Gateway rebooted")
    erased = write(incident, "Gate of Ada")
    timeline.erase(event=erased, reason="Personal", actor=make.system(), now=timezone.now())
    before = search.search(responder, "gate")
    engine.drop([hit.object_id for hit in before], table=engine.EVENTS)
    engine.put([(old.pk, "", "gate"), (erased.pk, "", "gate"), (10**9, "", "gate")], table=engine.EVENTS)

    said = rebuild()

    assert search.search(responder, "gate") == before != []
    assert f"event: {incident.events.count()}" in said


# The whole index


def rebuild():
    said = StringIO()
    call_command("rebuild_search", stdout=said)
    return said.getvalue()


def test_rebuilding_brings_back_what_is_lost_takes_out_what_is_gone_and_changes_nothing_else(project, responder):
    kept, lost = (make.declare(project, title=f"Case {word}") for word in ("kept", "lost"))
    document_of(kept)
    before = SearchDocument.objects.get(kind="incident", object_id=kept.pk).pk
    whole = (SearchDocument.objects.count(), entries())
    search.remove("incident", lost.pk)
    SearchDocument.objects.create(kind="incident", object_id=10**9, title="Ghost", project=project)
    engine.drop([before])

    said = rebuild()

    assert (SearchDocument.objects.count(), entries()) == whole
    assert len(titles(responder, "case")) == 2
    assert titles(responder, "ghost") == []
    assert SearchDocument.objects.get(kind="incident", object_id=kept.pk).pk == before
    assert "incident: 2" in said
    assert "document: 1" in said
    rebuild()
    assert (SearchDocument.objects.count(), entries()) == whole


def test_rebuilding_works_in_batches_with_a_fixed_number_of_queries(project):
    for number in range(4):
        make.declare(project, title=f"Number {number}")

    def queries(batch):
        with CaptureQueriesContext(connection) as captured:
            assert ("incident", 4) in list(indexing.rebuild(batch))
        return sum("INSERT" in each["sql"] and "core_searchdocument" in each["sql"] for each in captured)

    kinds = len(indexing.kinds()) - 3  # no document, no task and no service is there
    assert queries(4) == kinds
    assert queries(2) > kinds


def test_an_index_entry_is_written_with_the_change_or_not_at_all(project, responder):

    def undo():
        with transaction.atomic():
            make.declare(project, title="Undone")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        undo()

    assert titles(responder, "undone") == []
    assert entries() == SearchDocument.objects.count()


def test_an_upgrade_writes_what_the_index_has_nothing_of_and_leaves_the_rest(project, responder):
    make_service(project, "Primary rota", now=timezone.now())
    make.declare(project, title="Case one")
    engine.drop(list(SearchDocument.objects.values_list("pk", flat=True)))
    SearchDocument.objects.filter(kind="service").delete()

    call_command("prepare", stdout=StringIO())

    assert titles(responder, "rota") == ["Primary rota"]
    assert titles(responder, "case") == []
