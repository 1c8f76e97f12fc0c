"""Importing past incidents from VERIS."""

import json
import zipfile
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from core.models import ExternalKey, StatusChange, SubjectLink
from core.timeline import Event, chain
from incidents.models import Incident, Type
from people.models import Participant
from tests import factories as make

pytestmark = pytest.mark.django_db


def record(identifier="a", **more):
    return {
        "incident_id": identifier,
        "summary": "  Names were stolen.\r\n\tÜber 4 000 \U0001f525 ",
        "security_incident": "Confirmed",
        "timeline": {"incident": {"year": 2013, "month": 4}, "discovery": {"unit": "Days", "value": 3}},
        "action": {"hacking": {"variety": ["SQLi"]}, "error": {"variety": ["Misconfiguration"]}},
        "actor": {"external": {"motive": ["Financial"]}},
        "asset": {"assets": [{"variety": "S - Web application"}]},
        "attribute": {"confidentiality": {"data_disclosure": "Yes"}},
        "victim": {"victim_id": "A shop", "country": ["DE"]},
        "impact": {"overall_rating": "Damaging"},
        "reference": "an article",
        "schema_version": "1.3.4",
        **more,
    }


@pytest.fixture
def project():
    return make.make_project()


@pytest.fixture
def importing(project, tmp_path, capsys):
    def run(*records, name="records.json"):
        path = tmp_path / name
        path.write_text(json.dumps(list(records)), encoding="utf-8")
        call_command("import_veris", str(path))
        return capsys.readouterr()

    return run


def test_a_record_becomes_a_closed_incident_with_its_texts_to_the_letter(importing):
    importing(record())

    incident = Incident.objects.get()
    assert incident.description == "  Names were stolen.\r\n\tÜber 4 000 \U0001f525 "
    assert incident.title == "error, hacking at A shop"
    assert (incident.status, incident.type.name, incident.severity.name) == ("closed", "Error", "High")
    assert incident.reported_at == datetime(2013, 4, 4, tzinfo=UTC)
    assert incident.stable_at == incident.closed_at == incident.reported_at
    assert StatusChange.objects.get(incident=incident).to_status == "closed"
    assert chain.verify(incident) is None


def test_tags_and_dated_events_follow(importing):
    importing(record(timeline={
        "incident": {"year": 2013, "month": 4, "day": 2}, "compromise": {"unit": "Hours", "value": 2},
        "containment": {"unit": "Weeks"},
    }))  # fmt: skip

    incident = Incident.objects.get()
    tags = {(tag.tag_type.name, tag.name) for tag in incident.tags.select_related("tag_type")}
    assert ("Action variety", "hacking: SQLi") in tags
    assert ("Certainty", "Confirmed") in tags
    assert ("Victim country", "DE") in tags
    events = {event.description: event.happened_at for event in Event.objects.of(incident)}
    assert events["It happened (known to the day)"] == datetime(2013, 4, 2, tzinfo=UTC)
    assert events["Compromise: after 2 hours"] == datetime(2013, 4, 2, 2, tzinfo=UTC)
    assert events["Containment: after weeks"] == incident.closed_at == datetime(2013, 4, 9, tzinfo=UTC)


def test_a_stage_that_would_end_in_the_future_moves_no_date(importing):
    importing(record(timeline={"incident": {"year": 2013}, "discovery": {"unit": "Years", "value": 900}}))

    incident = Incident.objects.get()
    assert incident.reported_at == incident.closed_at == datetime(2013, 1, 1, tzinfo=UTC)
    assert Event.objects.of(incident).filter(description="Discovery: after 900 years").exists()


def test_an_empty_or_missing_description_stays_empty(importing):
    without = record("b")
    del without["summary"]

    importing(record("a", summary=""), without)

    assert list(Incident.objects.values_list("description", flat=True)) == ["", ""]


def test_a_second_run_creates_nothing(importing):
    importing(record("a"), record("b"))

    said = importing(record("a"), record("b"), record("c"))

    assert Incident.objects.count() == 3
    assert "1 created, 2 there already, 0 refused" in said.out


def test_a_repeated_identifier_is_an_incident_of_its_own_linked_and_reported(importing):
    said = importing(record("a"), record("a"), record("a", summary="another text"))

    assert Incident.objects.count() == 3
    assert set(ExternalKey.objects.values_list("key", flat=True)) == {"a", "a#2", "a#3"}
    assert sorted(SubjectLink.objects.values_list("kind", flat=True)) == ["duplicate_of", "related"]
    assert "identifier a came 3 times" in said.out
    importing(record("a"), record("a"), record("a", summary="another text"))
    assert Incident.objects.count() == 3


def test_what_is_not_mapped_is_listed_and_kept(importing):
    said = importing(record(campaign_id="c-1"))

    assert "not mapped, kept on the timeline: campaign_id (1)" in said.out
    assert Event.objects.get(description__startswith="Imported").details["veris"]["campaign_id"] == "c-1"


@pytest.mark.parametrize(
    ("field", "value"),
    [("timeline", {}), ("action", {}), ("victim", None), ("timeline", {"incident": {"year": "old"}}),
     ("summary", "a\x00b"), ("timeline", {"incident": {"year": 2999}})],
    ids=["no date", "no action", "no victim", "year in words", "NUL", "future"],
)  # fmt: skip
def test_a_record_that_cannot_be_read_is_refused_by_name_and_the_rest_goes_on(importing, field, value):
    said = importing(record("bad", **{field: value}), record("good"))

    assert [row.key for row in ExternalKey.objects.all()] == ["good"]
    assert "refused bad" in said.err


def test_a_file_that_is_no_json_says_so(project, tmp_path):
    path = tmp_path / "broken.json"
    path.write_text("{", encoding="utf-8")

    with pytest.raises(CommandError, match=r"broken\.json"):
        call_command("import_veris", str(path))


def test_a_zip_archive_is_read_too(project, tmp_path):
    path = tmp_path / "vcdb.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("vcdb.json", json.dumps([record("z")]))

    call_command("import_veris", str(path))

    assert ExternalKey.objects.get().key == "z"


def test_nobody_takes_part_in_an_imported_incident(importing):
    importing(record())

    assert not Participant.objects.exists()


@pytest.mark.shared
@pytest.mark.soak
def test_all_public_incidents_arrive_to_the_letter(project, shared, capsys):
    path = shared / "data" / "vcdb" / "vcdb.json.zip"
    records = json.loads(zipfile.ZipFile(path).read("vcdb.json"))

    call_command("import_veris", str(path))
    said = capsys.readouterr()

    assert len(records) == Incident.objects.count() == 8553
    first_of = {}
    for row in records:
        first_of.setdefault(row["incident_id"], row.get("summary", ""))
    kept = dict(ExternalKey.objects.values_list("key", "incident__description"))
    assert all(kept[key] == text for key, text in first_of.items())
    assert sum(1 for text in kept.values() if not text) == 513
    assert sum(1 for text in kept.values() if text != text.strip()) == 1128
    assert max(len(text) for text in kept.values()) == 17355
    assert said.out.count("times; each is an incident") == 4
    assert Type.objects.filter(project=project).count() == 9
    call_command("import_veris", str(path))
    assert Incident.objects.count() == 8553
