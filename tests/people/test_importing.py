"""Importing people: what the preview shows is what the import does, and doing it twice is doing it once."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from core.errors import Forbidden, Invalid
from core.operations import jobs
from core.operations.models import Job, JobRow
from core.tasks import clean
from people import csv_people
from people.flows import importing
from people.flows.leaving import deactivate
from people.flows.merging import merge
from people.models import Individual, Team, TeamMember
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def manager(project):
    return make.make_member(project, "manager")


def by(user):
    return {"actor": make.actor_for(user), "now": timezone.now()}


def previewed(project, manager, text):
    content = text if isinstance(text, bytes) else text.encode()
    return importing.preview(organization=project.organization, content=content, **by(manager))


def imported(project, manager, text):
    """Import for real; the job and its results by line."""
    job = importing.start_import(organization=project.organization, content=text.encode(), **by(manager))
    jobs.run_due()
    job.refresh_from_db()
    return job, {int(row.key): (row.status, row.message) for row in JobRow.objects.filter(job=job)}


FILE = """email;Name;Title;Team;time_zone;Shoe size
ada@example.com;Ada Lovelace;Countess;Blue;Europe/London;38
 GRACE@example.com ;Grace Hopper;=1+1;Blue;;
no address;Nobody;;;;
ada@example.com;Ada again;;;;
zoe@example.com;Zoe;;;Mars/Base;
old@example.com;;;;;
"""


def test_a_file_is_previewed_line_by_line(project, manager):
    make.make_individual(project, "old@example.com", "Old")
    make.make_individual(project, "ada@example.com", "Ada L.")

    found = previewed(project, manager, FILE)

    assert [(row.line, row.email, row.what, row.changes, row.reason) for row in found.outcomes] == [
        (2, "ada@example.com", "changed", {
            "name": ("Ada L.", "Ada Lovelace"), "title": ("", "Countess"), "team": ("", "Blue"),
            "time_zone": ("", "Europe/London"),
        }, ""),
        (3, "grace@example.com", "new", {
            "name": ("", "Grace Hopper"), "title": ("", "=1+1"), "team": ("", "Blue"),
        }, ""),
        (4, "no address", "refused", {}, "“no address” is not an e-mail address."),
        (5, "ada@example.com", "refused", {}, "Line 2 has this address already."),
        (6, "zoe@example.com", "refused", {},
         "time_zone: “Mars/Base” is not a time zone. Use a name such as Europe/Berlin."),
        (7, "old@example.com", "unchanged", {}, ""),
    ]  # fmt: skip
    assert found.ignored == ["Shoe size"]
    assert found.counts == {"new": 1, "changed": 1, "unchanged": 1, "refused": 3}
    assert not Individual.objects.filter(email="grace@example.com").exists()


def test_the_import_does_it_and_keeps_a_result_for_each_line(project, manager):
    make.make_individual(project, "old@example.com", "Old")

    job, rows = imported(project, manager, FILE)

    assert (job.status, job.total, job.done) == ("succeeded", 6, 6)
    assert job.result["counts"] == {"new": 2, "changed": 0, "unchanged": 1, "refused": 3}
    assert rows[3] == ("done", "New: name: - → Grace Hopper, title: - → =1+1, team: - → Blue")
    assert rows[5] == ("refused", "Line 2 has this address already.")
    grace = Individual.objects.get(email="grace@example.com")
    assert (grace.name, grace.title, grace.organization) == ("Grace Hopper", "=1+1", project.organization)
    assert set(Team.objects.get(name="Blue").members.values_list("individual__email", flat=True)) == {
        "ada@example.com",
        "grace@example.com",
    }
    assert not Individual.objects.filter(email="zoe@example.com").exists()
    assert "text" not in job.arguments


def test_a_long_file_is_previewed_with_few_queries(project, manager, django_assert_max_num_queries):
    lines = "".join(f"p{number}@example.com,Team {number % 9},Europe/Berlin\n" for number in range(1000))

    with django_assert_max_num_queries(8):
        found = previewed(project, manager, f"email,team,time_zone\n{lines}")

    assert found.counts["new"] == 1000


def test_importing_a_second_time_changes_nothing(project, manager):
    imported(project, manager, FILE)
    before = list(Individual.objects.order_by("pk").values())

    job, rows = imported(project, manager, FILE)

    assert {what for status, what in rows.values() if status == "done"} == {"Unchanged"}
    assert job.result["counts"]["unchanged"] == 3
    assert list(Individual.objects.order_by("pk").values()) == before
    assert Team.objects.count() == 1


def test_an_import_that_was_cut_off_goes_on_where_it_was(project, manager):
    job = importing.start_import(organization=project.organization, content=FILE.encode(), **by(manager))
    JobRow.objects.create(job=job, key="2", status="done", message="New")

    jobs.run_due()

    assert not Individual.objects.filter(email="ada@example.com").exists()
    assert Individual.objects.filter(email="grace@example.com").exists()
    assert Job.objects.get(pk=job.pk).status == "succeeded"


def test_an_uploaded_file_waits_for_the_yes_and_two_of_them_are_one(project, manager):
    job = importing.upload(organization=project.organization, content=FILE.encode(), **by(manager))
    jobs.run_due()
    assert not Individual.objects.filter(email="ada@example.com").exists()

    importing.confirm(job=job, **by(manager))
    importing.confirm(job=job, **by(manager))
    jobs.run_due()
    jobs.run_due()

    assert Individual.objects.filter(email="ada@example.com").count() == 1
    assert importing.confirm(job=job, **by(manager)).status == "succeeded"


def test_a_second_upload_replaces_the_first(project, manager):
    first = importing.upload(organization=project.organization, content=FILE.encode(), **by(manager))
    importing.upload(organization=project.organization, content=FILE.encode(), **by(manager))

    with pytest.raises(importing.NotAnImport):
        importing.confirm(job=first, **by(manager))


def test_whoever_lost_their_rights_meanwhile_imports_nobody(project, manager):
    job = importing.start_import(organization=project.organization, content=FILE.encode(), **by(manager))
    manager.memberships.all().delete()

    jobs.run_due()

    job.refresh_from_db()
    assert job.status == "failed"
    assert "manager" in job.error
    assert not Individual.objects.filter(email="ada@example.com").exists()


def test_a_line_about_somebody_who_left_or_was_merged_is_refused(project, manager):
    gone, twin, kept = (make.make_individual(project, f"{name}@example.com", name) for name in ("gone", "twin", "kept"))
    deactivate(individual=gone, **by(manager))
    merge(kept=kept, gone=twin, **by(manager))

    found = previewed(project, manager, "email,title\ngone@example.com,X\ntwin@example.com,X\n")

    assert [row.reason for row in found.outcomes] == [
        "gone is not active; reactivate them first.",
        "This address was merged into kept@example.com; use that one.",
    ]


def test_a_person_of_another_organization_is_not_touched(project, manager):
    foreign = make.make_individual(make.make_project(), "ada@example.com", "Foreign Ada")

    imported(project, manager, "email,name\nada@example.com,Our Ada\n")

    foreign.refresh_from_db()
    assert foreign.name == "Foreign Ada"
    assert Individual.objects.get(organization=project.organization, email="ada@example.com").name == "Our Ada"


def test_importing_is_a_managers(project):
    responder = make.make_member(project, "responder")

    with pytest.raises(Forbidden):
        previewed(project, responder, FILE)
    with pytest.raises(Forbidden):
        importing.start_import(organization=project.organization, content=FILE.encode(), **by(responder))

    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "names the columns"),
        (b"name,title\nAda,X\n", "names the columns"),
        (b"email\n", "names nobody"),
        (b"email,team,Team\na@example.com,x,y\n", "comes twice"),
        (b"email\n\xff\xfe\n", "UTF-8"),
        (b"email\na\x00@example.com\n", "NUL"),
        (b'email,name\na@example.com,"open\n', "not CSV"),
        (b"email\n" + b"a@example.com\n" * 10_001, "10,000"),
        (b"email\n" + b"a" * (5 * 1024 * 1024), "5 MB"),
    ],
)
def test_a_file_that_is_none_says_what_to_mend(project, manager, content, told):
    with pytest.raises(Invalid) as refusal:
        previewed(project, manager, content)

    assert refusal.value.field == "file"
    assert told in refusal.value.message


@pytest.mark.parametrize("text", [
    "email,name\r\nada@example.com,Ada\r\n", "\ufeffemail;name\nada@example.com;Ada\n",
    "EMAIL , Name\n\n,\nada@example.com,Ada",
    'email,name\n"ada@example.com","Ada"\n', "E-Mail;Name;;\nada@example.com;Ada;;\n",
])  # fmt: skip
def test_files_as_spreadsheets_write_them_are_read(text):
    (line,) = csv_people.read(text.encode()).lines

    assert line.values == {"email": "ada@example.com", "name": "Ada"}
    assert not line.problem


def test_a_line_with_too_many_cells_is_refused(project, manager):
    (row,) = previewed(project, manager, "email,name\nada@example.com,Lovelace, Ada\n").outcomes

    assert (row.what, row.reason) == ("refused", "There are more cells than the header names.")


CELLS = some.sampled_from(["", "Ada", "=cmd|'x'!A0", "Blue", "Europe/Berlin", "Mars/Base", "x" * 201, "ä;ö", "Ä"])
ADDRESSES = some.sampled_from(["a@example.com", "B@example.com", "b@example.com", "c@example.com", "none", ""])
LINES = some.lists(some.tuples(ADDRESSES, *[CELLS] * 4), min_size=1, max_size=6)


@given(lines=LINES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_previewed_is_what_is_done(project, manager, lines):
    if not any(any(cell.strip() for cell in line) for line in lines):
        return
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines]
    text = "\n".join(["email,name,title,team,time_zone", *quoted])

    found = previewed(project, manager, text)
    _job, rows = imported(project, manager, text)

    assert {row.line: (row.said if row.what != "refused" else row.reason) for row in found.outcomes} == {
        line: message for line, (_status, message) in rows.items()
    }
    again = previewed(project, manager, text)
    assert {row.what for row in again.outcomes} <= {"unchanged", "refused"}
    assert not TeamMember.objects.exclude(team__organization=project.organization).exists()


def test_a_file_that_nobody_said_yes_to_is_forgotten_after_a_day(project, manager):
    kept = importing.upload(organization=project.organization, content=FILE.encode(), **by(manager))
    other = make.make_member(project, "manager")
    old = importing.upload(organization=project.organization, content=FILE.encode(), **by(other))
    done, _results = imported(project, manager, FILE)
    long_ago = timezone.now() - timedelta(hours=25)
    Job.objects.filter(pk__in=[old.pk, done.pk]).update(created_at=long_ago)

    clean()

    assert set(Job.objects.filter(kind=importing.KIND)) == {kept, done}
