"""An installation of every earlier version comes to this one and loses nothing.

Each version's archive beside this file was made by that version's own `backup`; CONTRIBUTING says how.
"""

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from core.backups import archive

ROOT = Path(__file__).resolve().parents[2]
ARCHIVES = sorted(Path(__file__).parent.glob("*.tar.gz"))
# What stands on the demo's timelines, in what people wrote and nowhere else.
WORDS = "First report came in through the mail button"
# Grow by the upgrade itself, and count nothing people made: what is known, what runs when, what is found, what the
# worker is to do about that.
OF_THE_UPGRADE = re.compile(
    r"django_migrations|django_content_type|auth_permission|django_celery_beat_|core_search|core_job$"
)

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="the archives are of the embedded database")


@pytest.fixture(params=ARCHIVES, ids=[path.name.removesuffix(".tar.gz") for path in ARCHIVES])
def older(request):
    return request.param


def manage(home, *arguments):
    """A command in the upgraded installation; what it said. It must end well."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_URL")}
    done = subprocess.run(
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=ROOT, env={**clean, "DISPATCH_HOME": str(home), "LOG_LEVEL": "ERROR"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rows(home, tables):
    with closing(sqlite3.connect(home / "dispatch.sqlite3")) as database:
        return {name: database.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0] for name in tables}  # noqa: S608


def test_an_older_versions_installation_is_restored_migrated_and_as_full_as_before(older, tmp_path):
    before = {
        name: count for name, count in archive.read_manifest(older).rows.items() if not OF_THE_UPGRADE.match(name)
    }
    assert before["incidents_incident"] >= 5
    assert before["core_attachment"] >= 1

    said = manage(tmp_path, "restore", older)

    assert "all whole" in said
    assert "5 timelines are whole." in said
    assert rows(tmp_path, before) == before


@pytest.mark.soak
def test_an_upgraded_installation_is_fit_for_the_next_one_its_pages_answer_and_its_texts_are_found(older, tmp_path):
    manage(tmp_path, "restore", older)

    checked = manage(tmp_path, "backup", "--check")
    ready = manage(tmp_path, "preflight", "--rehearse")
    whole = manage(tmp_path, "verify_timeline")
    seen = json.loads(
        manage(tmp_path, "shell", "-v", "0", "-c", f"from tests.upgrade import looking; print(looking.look({WORDS!r}))")
    )

    assert "can be restored." in checked
    assert "STOP" not in ready
    assert "The upgrade may begin." in ready
    assert re.search(r"\b5 timelines are whole", whole)
    assert {path: status for path, status in seen["pages"].items() if status != 200} == {}
    assert len(seen["pages"]) > 50
    assert seen["found"] == ["INC-2"]
    assert seen["file"] == "09:41 refused\n09:42 refused\n"
