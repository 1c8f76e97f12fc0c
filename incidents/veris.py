"""VERIS records (the Vocabulary for Event Recording and Incident Sharing) in Dispatch's words.

Schema: https://verisframework.org, version 1.3. Pure functions; `incidents.flows.importing` writes.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

# Seconds; months and years by their mean length in the Gregorian calendar.
UNITS = {
    "Seconds": 1,
    "Minutes": 60,
    "Hours": 3600,
    "Days": 86_400,
    "Weeks": 604_800,
    "Months": 2_629_746,
    "Years": 31_556_952,
}
# VERIS's overall impact rating, and the severity it stands for.
RATINGS = {
    "Insignificant": "Low", "Distracting": "Low", "Painful": "Medium", "Damaging": "High", "Catastrophic": "Critical",
}  # fmt: skip
NO_SEVERITY = "Undetermined"
# Of these tag types an incident has one tag at most.
EXCLUSIVE = frozenset({"Certainty", "Data disclosure"})
STAGES = ("compromise", "exfiltration", "discovery", "containment")
# Fields that end in an incident's own fields, tags or dated events; the rest is kept as it came and listed.
MAPPED = frozenset(
    {
        "incident_id",
        "summary",
        "security_incident",
        "action",
        "actor",
        "asset",
        "attribute",
        "victim",
        "timeline",
        "impact",
    }
)


class Unreadable(Exception):
    """The file or record is not VERIS JSON; the message says where and why."""


@dataclass(frozen=True, kw_only=True)
class PastIncident:
    """One record, ready for `record_past`. Texts are the record's own, to the letter.

    :ivar tags: (tag type, tag) pairs. :ivar events: keyword arguments for the timeline. :ivar unmapped: fields kept
        aside.
    :ivar digest: SHA-256 of the whole record, to tell a repeated record from another one of the same identifier.
    """

    key: str
    title: str
    description: str
    type: str
    severity: str
    tags: tuple[tuple[str, str], ...]
    reported_at: datetime
    closed_at: datetime
    events: tuple[dict[str, Any], ...]
    unmapped: tuple[str, ...]
    digest: str


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a JSON file (one record or a list) or of each JSON file in a zip archive.

    :raises Unreadable: naming the file.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if name.endswith(".json"):
                        yield from _listed(json.loads(archive.read(name)))
        else:
            yield from _listed(json.loads(path.read_bytes()))
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise Unreadable(f"{path}: {error}") from error


def mapped(record: dict[str, Any], now: datetime) -> PastIncident:
    """The record in Dispatch's words.

    Reported is when it was discovered where that is known, else when it happened; stable and closed follow by the
    time to containment. A date that is not known to the day is its first day.

    :raises Unreadable: when something needed is missing or of another shape.
    """
    try:
        return _mapped(record, now)
    except (LookupError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise Unreadable(f"{record.get('incident_id', 'record')}: {type(error).__name__}: {error}") from error


def _mapped(record: dict[str, Any], now: datetime) -> PastIncident:
    timeline = record["timeline"]
    occurred = _moment(timeline["incident"])
    reported = _later(occurred, timeline.get("discovery"), now)
    closed = _later(reported, timeline.get("containment"), now)
    unmapped = tuple(sorted(set(record) - MAPPED))
    # A title is one line.
    victim = " ".join((record["victim"].get("victim_id") or "unknown victim").split())
    return PastIncident(
        key=record["incident_id"],
        title=f"{', '.join(sorted(record['action']))} at {victim}",
        description=record.get("summary", ""),
        type=sorted(record["action"])[0].capitalize(),
        severity=RATINGS.get(record.get("impact", {}).get("overall_rating"), NO_SEVERITY),
        tags=tuple(sorted(set(_tags(record)))),
        reported_at=reported,
        closed_at=closed,
        events=tuple(_events(record, occurred, reported, now)),
        unmapped=unmapped,
        digest=hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest(),
    )


def _listed(content: Any) -> Iterator[dict[str, Any]]:
    rows = content if isinstance(content, list) else [content]
    for row in rows:
        if not isinstance(row, dict):
            raise ValueError("a record must be a JSON object")
        yield row


def _moment(date: dict[str, Any]) -> datetime:
    try:
        return datetime(date["year"], date.get("month") or 1, date.get("day") or 1, tzinfo=UTC)
    except ValueError:
        return datetime(date["year"], 1, 1, tzinfo=UTC)


def _seconds(stage: dict[str, Any] | None) -> float | None:
    unit = UNITS.get((stage or {}).get("unit", ""))
    return unit * ((stage or {}).get("value") or 1) if unit else None


def _later(start: datetime, stage: dict[str, Any] | None, now: datetime) -> datetime:
    """`start` plus the stage's length; a length that is not known, or would end after `now`, moves nothing."""
    seconds = _seconds(stage)
    if seconds is None or seconds > (now - start).total_seconds():
        return start
    return start + timedelta(seconds=seconds)


def _tags(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Certainty", record["security_incident"]
    disclosure = record["attribute"].get("confidentiality", {}).get("data_disclosure")
    if disclosure:
        yield "Data disclosure", disclosure
    yield from (("Action", action) for action in record["action"])
    yield from (
        ("Action variety", f"{action}: {variety}")
        for action, details in record["action"].items()
        for variety in details.get("variety", [])
    )
    yield from (("Actor", actor) for actor in record["actor"])
    yield from (("Motive", motive) for details in record["actor"].values() for motive in details.get("motive", []))
    yield from (("Asset", asset["variety"]) for asset in record["asset"].get("assets", []))
    yield from (("Attribute", attribute) for attribute in record["attribute"])
    yield from (("Victim country", country) for country in record["victim"].get("country", []))


def _events(record: dict[str, Any], occurred: datetime, reported: datetime, now: datetime) -> Iterator[dict[str, Any]]:
    timeline = record["timeline"]
    source = "VERIS"
    yield {
        "description": f"It happened ({_precision(timeline['incident'])})", "happened_at": occurred, "source": source,
        "details": {"veris": {"timeline": timeline}}, "owner": "",
    }  # fmt: skip
    for stage in STAGES:
        details = timeline.get(stage)
        if not details:
            continue
        start = reported if stage == "containment" else occurred
        yield {
            "description": f"{stage.capitalize()}: {_length(details)}", "happened_at": _later(start, details, now),
            "source": source, "details": {"veris": details}, "owner": "",
        }  # fmt: skip
    rest = {name: value for name, value in record.items() if name not in {"summary", "timeline"}}
    yield {
        "description": "Imported from VERIS; the record is in the details", "happened_at": now, "source": source,
        "details": {"veris": rest}, "owner": "",
    }  # fmt: skip


def _precision(date: dict[str, Any]) -> str:
    if date.get("day"):
        return "known to the day"
    return "known to the month" if date.get("month") else "known to the year"


def _length(stage: dict[str, Any]) -> str:
    unit = stage.get("unit", "Unknown")
    if unit not in UNITS:
        return "after a time not known" if unit == "Unknown" else unit.lower()
    value = stage.get("value")
    return f"after {value} {unit.lower()}" if value else f"after {unit.lower()}"
