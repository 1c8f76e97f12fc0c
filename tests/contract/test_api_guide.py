"""Each curl example of the API guide is run as it stands there, against a live server."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import timezone

from core.attachments import flows as attachments
from core.models import Attachment, Project, User
from incidents.models import Incident
from tests import factories as make

pytestmark = [
    pytest.mark.soak, pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not shutil.which("curl"), reason="runs curl"),
]  # fmt: skip

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


def examples(program="curl"):
    """The commands of the guide that call a program, their continued lines joined."""
    lines = "\n".join(BLOCK.findall(GUIDE.read_text("utf-8"))).replace("\\\n", " ").splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith(f"$ {program}")]


@pytest.fixture
def run(live_server, tmp_path, settings, capsys):
    """Run a command of the guide on a fresh installation where INC-42 is: status, headers, and the body as text."""
    settings.MEDIA_ROOT = tmp_path / "files"
    call_command("first_owner")
    for command in examples("./dispatch manage"):
        call_command(*shlex.split(command)[2:])
    token = capsys.readouterr().out.split()[-1]
    project, user = Project.objects.get(), User.objects.get(email="ada@example.com")
    incident = make.declare(project, title="Laptop lost")
    Incident.objects.filter(pk=incident.pk).update(version=7)
    actor, now = make.actor_for(user), timezone.now()
    attachments.attach(subject=incident, files=[SimpleUploadedFile("old.log", b"bytes")], actor=actor, now=now)
    Incident.objects.filter(pk=incident.pk).update(version=7)
    file = Attachment.objects.get()
    (tmp_path / "trace.pcap").write_bytes(b"\x00\xff captured")
    variables = {
        **os.environ, "TOKEN": token, "URL": f"{live_server.url}/api/v1", "ID": str(file.uuid),
    }  # fmt: skip

    def _run(command):
        # The numbers of the guide's incident are its own.
        told = command.replace("INC-42", incident.name).replace("curl ", "curl -sS -D - ", 1)
        done = subprocess.run(
            ["bash", "-c", told], cwd=tmp_path, env=variables, capture_output=True, text=True, check=True
        )
        return done.stdout

    return _run


@pytest.mark.parametrize("command", examples(), ids=lambda command: re.sub(r"\W+", "-", command)[-60:])
def test_an_example_of_the_guide_works_as_it_is_written(run, command):
    said = run(command)

    status = int(re.match(r"HTTP/1\.1 (\d+)", said)[1])
    assert status == (201 if "-X POST" in command or " -F " in command else 200), said
    if "-O" not in command:
        assert "application/json" in said


def test_the_guide_has_an_example_of_each_kind():
    said = " ".join(examples())

    assert len(examples()) >= 7
    assert all(
        part in said for part in ("/me/", "-X POST", "-X PATCH", "If-Match", "Idempotency-Key", "updated_at_after")
    )
