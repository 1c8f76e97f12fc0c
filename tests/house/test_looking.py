"""Looking at every page there is, in a world whose every text is hostile.

Nothing changes by GET, no page has script or style of its own, and no text becomes markup: on a page, in a mail.
"""

import re

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction

from core.models import SubjectLink
from core.operations import queue
from integrations.models import OutgoingMail
from tests import factories as make
from tests.house.test_leak_walk import client_of, plain_answers, quiet, world  # noqa: F401 (fixtures)
from tests.house.walk import addresses

pytestmark = pytest.mark.django_db

HOSTILE = "\"'><img src=x onerror=alert(1)><script>alert(1)</script>"
RAW = re.compile(r"<img src=x|<script>alert", re.IGNORECASE)
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\son[a-z]+\s*=\s*[\"']|href=[\"']?javascript:", re.IGNORECASE)
# What notes that somebody looked is meant to.
NOTES = {"restrictedread", "accountsession", "session"}
# Texts that a program reads: a hostile one is refused when it is written, and would only break what reads it.
CODES = {
    "action", "app", "capability", "coalesce_key", "colour", "digest", "email", "error", "event_head", "fact_key",
    "hash", "html", "key", "lane", "message_id", "name_prefix", "numbering", "password", "path", "phone", "plugin",
    "prefix", "previous_hash", "request_id", "secret", "session_key", "sha256", "slug", "task", "text_salt",
    "time_zone", "timezone",
}  # fmt: skip
OURS = {"core", "people", "knowledge", "reporting", "integrations", "automation", "incidents", "cases"}


def make_hostile():
    """Write the hostile text into every free text of every row."""
    for model in apps.get_models():
        if model._meta.app_label in OURS and model._meta.managed:
            names = [field.name for field in model._meta.fields if is_free_text(field)]
            for row in model._base_manager.order_by("pk")[:20] if names else []:
                write(model, row.pk, names)


def is_free_text(field):
    kind = isinstance(field, models.CharField | models.TextField) and type(field) in {
        models.CharField,
        models.TextField,
    }
    long_enough = field.max_length is None or field.max_length >= len(HOSTILE) + 4 if kind else False
    return kind and long_enough and not (field.choices or field.unique or field.name in CODES)


def write(model, pk, names):
    for name in names:
        try:
            with transaction.atomic():
                model._base_manager.filter(pk=pk).update(**{name: f"{HOSTILE}{pk}"})
        except IntegrityError:
            # It must have another form.
            pass


def everything():
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values())
        for model in apps.get_models()
        if model._meta.model_name not in NOTES and not model._meta.proxy
    }


def a_row(model, user):
    """One that the visitor sees, where there is one."""
    rows = model._default_manager.all()
    return (rows.visible_to(user) if hasattr(rows, "visible_to") else rows).order_by("-pk").first()


def paths(prefix, user, subject, person):
    """Each address below the prefix, with an object that is there."""
    for address in addresses(prefix):
        row = (a_row(address.model, user) if address.model else None) or subject
        by_uuid = not prefix.startswith("admin")
        values = dict.fromkeys(address.parameters, getattr(row, "uuid", row.pk) if by_uuid else row.pk)
        for name, value in (("subject", subject.uuid), ("individual", person.uuid)):
            if name in address.parameters[:-1]:
                values[name] = value
        yield address.path(**values)


def body(response):
    return (b"".join(response.streaming_content) if response.streaming else response.content).decode("utf-8", "replace")


@pytest.fixture
def hostile(world):  # noqa: F811
    """The world of the leak walk, every text in it hostile."""
    world["person"] = make.make_individual(world["project"])
    assert SubjectLink.objects.exists()
    make_hostile()
    world["incident"].refresh_from_db()
    assert HOSTILE in world["incident"].title
    return world


@pytest.mark.parametrize(
    ("prefix", "at_least"), [pytest.param("admin/", 150, marks=pytest.mark.soak), ("account/", 3), ("api/v1/", 60)]
)
def test_looking_changes_nothing_and_no_text_becomes_markup(hostile, plain_answers, prefix, at_least):  # noqa: F811
    user = hostile["who"]["owner"]
    client, before, found, shown = client_of(user), everything(), [], 0

    visited = list(paths(prefix, user, hostile["incident"], hostile["person"]))
    for path in visited:
        response = client.get(path)
        said = body(response)
        shown += "onerror" in said
        if response.status_code >= 500:
            found.append(f"{path}: {response.status_code}")
        if response["Content-Type"].startswith("text/html"):
            found += [f"{path}: {match}" for rule in (RAW, INLINE) for match in rule.findall(said)]

    assert found == []
    assert {label for label, rows in everything().items() if rows != before[label]} == set()
    assert len(visited) >= at_least
    # The hostile texts were there to be seen.
    assert shown > {"admin/": 40, "account/": 0, "api/v1/": 15}[prefix]


def test_no_text_becomes_markup_in_a_mail():
    project = make.make_project(name=f"P {HOSTILE}")
    user = make.make_member(project, "responder", name=f"N {HOSTILE}")
    make.declare(project, by=user, title=f"T {HOSTILE}", description=f"D {HOSTILE}")
    queue.run_due(100)

    mails = list(OutgoingMail.objects.all())
    assert any("onerror" in mail.html for mail in mails)
    assert [mail.heading for mail in mails if RAW.search(mail.html)] == []
    assert all("\n" not in mail.heading for mail in mails)
