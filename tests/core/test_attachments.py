"""Files on the timeline: kept as they came, covered by the chain, seen with the subject, gone when erased."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.utils import timezone

from core.attachments import flows as attachments
from core.attachments.models import Attachment
from core.errors import Forbidden, Invalid
from core.models import RestrictedRead
from core.timeline import Event, chain
from core.timeline import flows as timeline
from tests.apiclient import Api, at_fault, problem
from tests.factories import actor_for, declare, make_member, make_project

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"pixels"


@pytest.fixture(autouse=True)
def store(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "files"
    return settings.MEDIA_ROOT


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def incident(project):
    return declare(project)


@pytest.fixture
def responder(project):
    return make_member(project, "responder")


def a_file(name="screen.png", content=PNG, kind="image/png"):
    return SimpleUploadedFile(name, content, kind)


def attach(incident, user, *files, **words):
    return attachments.attach(
        subject=incident, files=files or [a_file()], actor=actor_for(user), now=timezone.now(), **words
    )


def kept(store: Path) -> list[Path]:
    return [path for path in store.rglob("*") if path.is_file()]


class TestAttaching:
    def test_the_bytes_are_kept_and_their_hash_stands_in_the_chain(self, incident, responder, store):
        event = attach(incident, responder, a_file(), description="What the user saw")

        row = Attachment.objects.get()
        (path,) = kept(store)
        assert path.read_bytes() == PNG
        assert row.sha256 == hashlib.sha256(PNG).hexdigest()
        assert event.description == "What the user saw"
        assert event.details == {"attachments": [{"name": "screen.png", "bytes": len(PNG), "sha256": row.sha256}]}
        incident.refresh_from_db()
        assert chain.verify(incident) is None

        Event.objects.filter(pk=event.pk).update(
            details={"attachments": [{"name": "screen.png", "bytes": len(PNG), "sha256": "0" * 64}]}
        )
        assert chain.verify(incident).seq == event.seq

    def test_without_words_the_entry_names_the_files(self, incident, responder):
        event = attach(incident, responder, a_file("a.png"), a_file("b.log", b"line"))

        assert event.description == "Attached a.png, b.log"

    def test_a_name_is_only_a_name(self, incident, responder, store):
        attach(incident, responder, a_file("..\\..\\etc\\passwd.txt", b"root"))

        assert Attachment.objects.get().name == "passwd.txt"
        assert "passwd" not in str(kept(store)[0])

    @pytest.mark.parametrize(
        ("file", "said"),
        [
            (a_file("run.exe", b"MZ"), "run.exe may not be attached"),
            (a_file("page.html", b"<script>"), "page.html may not be attached"),
            (a_file("empty.txt", b""), "empty.txt is empty"),
            (a_file("large.txt", b"x" * 101), "large.txt is too large: at most 100 bytes"),
        ],
    )
    def test_what_may_not_be_attached_leaves_nothing(self, incident, responder, store, settings, file, said):
        settings.ATTACHMENT_MAX_BYTES = 100
        before = incident.event_count

        with pytest.raises(Invalid) as refusal:
            attach(incident, responder, a_file("fine.txt", b"fine"), file)

        incident.refresh_from_db()
        assert said in refusal.value.message
        assert refusal.value.field == "file"
        assert incident.event_count == before
        assert kept(store) == []

    def test_only_who_may_write_attaches(self, incident, project, store):
        with pytest.raises(Forbidden):
            attach(incident, make_member(project, "member"))

        assert kept(store) == []

    def test_a_refused_entry_leaves_no_file(self, incident, responder, store):
        with pytest.raises(Invalid):
            attach(incident, responder, happened_at=timezone.now() + timedelta(days=1))

        assert kept(store) == []
        assert not Attachment.objects.exists()


class TestErasing:
    def test_erasing_the_entry_removes_the_file_and_leaves_the_chain_whole(
        self, incident, project, responder, store, django_capture_on_commit_callbacks
    ):
        event = attach(incident, responder)

        with django_capture_on_commit_callbacks(execute=True):
            timeline.erase(
                event=event, reason="a face", actor=actor_for(make_member(project, "admin")), now=timezone.now()
            )

        incident.refresh_from_db()
        assert kept(store) == []
        assert not Attachment.objects.exists()
        assert chain.verify(incident) is None

    def test_the_sweep_takes_what_no_entry_knows_and_nothing_else(self, incident, responder, store):
        attach(incident, responder)
        (known,) = kept(store)
        with transaction.atomic():
            attach(incident, responder, a_file("undone.txt", b"undone"))
            transaction.set_rollback(True)
        assert len(kept(store)) == 2

        assert attachments.sweep(now=timezone.now()) == 0
        assert attachments.sweep(now=timezone.now() + timedelta(hours=2)) == 1
        assert kept(store) == [known]


class TestReading:
    def url(self, row) -> str:
        return f"/files/{row.uuid}/"

    def test_a_picture_is_shown_and_anything_else_is_saved(self, client, incident, responder):
        attach(incident, responder, a_file(), a_file("fake.png", b"<svg onload=alert(1)>"))
        picture, fake = Attachment.objects.order_by("pk")
        client.force_login(responder)

        shown, saved = client.get(self.url(picture)), client.get(self.url(fake))

        assert b"".join(shown.streaming_content) == PNG
        assert shown["Content-Type"] == "image/png"
        assert shown["Content-Disposition"].startswith("inline")
        assert saved["Content-Type"] == "application/octet-stream"
        assert saved["Content-Disposition"].startswith("attachment")
        for response in (shown, saved):
            assert response["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in response["Content-Security-Policy"]
            assert "no-store" in response["Cache-Control"]

    def test_whoever_does_not_see_the_subject_does_not_see_the_file(self, client, project, incident, responder):
        attach(incident, responder)
        row = Attachment.objects.get()
        assert Client().get(self.url(row)).status_code == 302

        client.force_login(make_member(make_project(), "owner"))
        assert client.get(self.url(row)).status_code == 404

        hidden = declare(project, visibility="restricted")
        attach(hidden, make_member(project, "admin"))
        client.force_login(responder)
        assert client.get(self.url(row)).status_code == 200
        assert client.get(self.url(Attachment.objects.of(hidden).get())).status_code == 404

    def test_reading_a_restricted_one_is_noted(self, client, project):
        admin, hidden = make_member(project, "admin"), declare(project, visibility="restricted")
        attach(hidden, admin)
        client.force_login(admin)

        client.get(self.url(Attachment.objects.get()))

        assert RestrictedRead.objects.of(hidden).filter(user=admin).exists()

    def test_a_file_that_the_disk_lost_is_not_there(self, client, incident, responder, store):
        attach(incident, responder)
        kept(store)[0].unlink()
        client.force_login(responder)

        assert client.get(self.url(Attachment.objects.get())).status_code == 404


class TestApi:
    def send(self, api, incident, key="", **data):
        headers = {**api.headers, **({"Idempotency-Key": key} if key else {})}
        return api.client.post(f"/api/v1/incidents/{incident.name}/attachments/", data, headers=headers)

    def test_a_file_is_put_there_listed_and_read_back(self, incident, responder):
        api = Api(responder)

        made = self.send(api, incident, file=a_file("trace.pcap", b"packets"), description="From the gateway")
        listed = api.get(f"/incidents/{incident.name}/attachments/").json()["results"]
        content = api.get(f"/incidents/{incident.name}/attachments/{made.json()['id']}/content/")

        assert made.status_code == 201
        assert listed == [made.json()]
        assert made.json()["sha256"] == hashlib.sha256(b"packets").hexdigest()
        assert b"".join(content.streaming_content) == b"packets"
        assert content["Content-Disposition"] == 'attachment; filename="trace.pcap"'
        # echo -n packets | openssl dgst -sha256 -binary | base64
        assert content["Repr-Digest"] == "sha-256=:bkytzlS+CyzCSGl9DJm/0vq+CusOcScY8bYNz9r3Cgo=:"
        assert Event.objects.get(uuid=made.json()["event"]).description == "From the gateway"

    def test_the_same_key_and_file_attach_once_and_another_file_is_refused(self, incident, responder):
        api = Api(responder)

        first = self.send(api, incident, "k", file=a_file("a.txt", b"one"))
        again = self.send(api, incident, "k", file=a_file("a.txt", b"one"))
        other = self.send(api, incident, "k", file=a_file("a.txt", b"two"))

        assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
        assert again.json() == first.json()
        assert Attachment.objects.count() == 1

    def test_bad_input_names_the_field(self, incident, responder):
        api = Api(responder)

        assert at_fault(self.send(api, incident, file=a_file("run.exe", b"MZ"))) == {"file"}
        assert at_fault(self.send(api, incident, description="no file")) == {"file"}
        assert at_fault(self.send(api, incident, file=a_file(), colour="red")) == {"colour"}
        assert api.post(f"/incidents/{incident.name}/attachments/", {"file": "x"}).status_code == 415

    def test_a_part_that_comes_twice_or_is_no_text_is_refused_and_nothing_of_it_kept(self, incident, responder):
        api = Api(responder)

        two = self.send(api, incident, file=[a_file("a.txt", b"one"), a_file("b.txt", b"two")])
        told = self.send(api, incident, file=a_file(), description=["one", "two"])
        latin = api.client.post(
            f"/api/v1/incidents/{incident.name}/attachments/",
            b'--x\r\nContent-Disposition: form-data; name="description"\r\n\r\nM\xfcller\r\n--x--\r\n',
            content_type="multipart/form-data; boundary=x",
            headers=api.headers,
        )

        assert [at_fault(answer) for answer in (two, told, latin)] == [{"file"}, {"description"}, {"description"}]
        assert "UTF-8" in problem(latin)["detail"]
        assert not Attachment.objects.exists()

    def test_what_is_far_too_large_is_cut_off(self, incident, responder, settings):
        settings.ATTACHMENT_MAX_BYTES = 100

        answer = self.send(Api(responder), incident, file=a_file("large.txt", b"x" * 200_000))

        assert answer.status_code == 413
        assert json.loads(answer.content)["status"] == 413

    def test_who_does_not_see_the_subject_gets_nothing(self, project, responder):
        hidden = declare(project, visibility="restricted")
        attach(hidden, make_member(project, "admin"))
        row, api = Attachment.objects.get(), Api(responder)

        for path in ("", f"{row.uuid}/", f"{row.uuid}/content/"):
            assert api.get(f"/incidents/{hidden.name}/attachments/{path}").status_code == 404
        assert self.send(api, hidden, file=a_file()).status_code == 404
        assert Attachment.objects.count() == 1
