"""Documents: made once, every version kept. Templates: checked, seeded, chosen."""

import pytest
from django.utils import timezone

from core import search
from core.errors import Conflict, Forbidden, Invalid, Stale
from core.timeline import Event
from incidents.flows import edit
from incidents.models import Incident
from knowledge import flows
from knowledge.models import Document, DocumentKind, DocumentVersion, Template
from knowledge.rendering import MAX_LENGTH
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def responder(project):
    return factories.make_member(project, "responder")


@pytest.fixture
def incident(project, responder):
    return factories.declare(project, by=responder)


@pytest.fixture
def document(incident):
    return make(incident)


def make(incident, marker="op-1", body="First."):
    return flows.create_document(
        subject=incident, kind="incident_document", title="Notes", body=body, marker=marker, now=timezone.now()
    )


def write(document, user, body="Second.", **more):
    return flows.write_document(
        document=document, body=body, actor=factories.actor_for(user), now=timezone.now(), **more
    )


def texts(document):
    return list(document.versions.order_by("number").values_list("number", "body"))


def test_the_same_marker_makes_one_document(incident):
    assert make(incident) == make(incident, body="Other.")
    assert texts(Document.objects.get()) == [(1, "First.")]


def test_writing_keeps_the_old_text_and_stands_on_the_timeline(incident, document, responder):
    write(document, responder)

    assert texts(document) == [(1, "First."), (2, "Second.")]
    assert document.versions.last().user == responder
    assert Event.objects.of(incident).filter(description="Version 2 of “Notes” written").exists()


def test_the_same_text_again_writes_no_version(incident, document, responder):
    write(document, responder, body="First.")

    assert texts(document) == [(1, "First.")]
    # So whoever read it before still writes from what is there.
    write(document, responder, version=1)
    assert texts(document) == [(1, "First."), (2, "Second.")]


def test_of_two_who_write_from_the_same_version_one_is_refused(document, responder):
    write(document, responder, version=1)

    with pytest.raises(Stale):
        write(Document.objects.get(), responder, body="Lost.", version=1)

    assert texts(document) == [(1, "First."), (2, "Second.")]


@pytest.mark.parametrize("role", ["member", None])
def test_nobody_writes_who_may_not_edit_the_incident(project, document, role):
    user = factories.make_member(project, role) if role else factories.make_user()

    with pytest.raises(Forbidden):
        write(document, user)

    assert texts(document) == [(1, "First.")]


@pytest.mark.parametrize("body", ["x" * (MAX_LENGTH + 1), "a\x00b", "half \ud800"])
def test_a_text_that_cannot_be_kept_is_refused(document, responder, body):
    with pytest.raises(Invalid) as refusal:
        write(document, responder, body=body)

    assert refusal.value.field == "body"
    assert texts(document) == [(1, "First.")]


def test_a_rendered_text_is_refreshed_only_when_it_differs(document):
    now = timezone.now()

    assert not flows.refresh_document(document=document, body="First.", now=now)
    assert flows.refresh_document(document=document, body="Second.", now=now)

    assert texts(document) == [(1, "First."), (2, "Second.")]


def test_what_a_person_wrote_is_not_refreshed_away(document, responder):
    write(document, responder)

    assert not flows.refresh_document(document=document, body="Third.", now=timezone.now())
    assert flows.document_of(document.incident, "incident_document") == document
    assert texts(document)[-1] == (2, "Second.")


def test_forgetting_a_text_takes_it_out_of_all_versions_and_leaves_words_that_contain_it(incident, document, responder):
    write(document, responder, body="Ann called. Annex. Ann!")

    flows.forget_text(subject=incident, text="Ann")

    assert DocumentVersion.objects.get(number=2).body == "(erased) called. Annex. (erased)!"


def test_documents_of_a_restricted_incident_are_hidden_with_it(project, responder):
    incident = factories.declare(project, by=responder, visibility="restricted")
    document = make(incident)

    assert Document.objects.visible_to(responder).get() == document
    assert not Document.objects.visible_to(factories.make_member(project, "manager")).exists()
    assert not Document.objects.visible_to(factories.make_user()).exists()


def test_a_document_is_found_by_nobody_else_though_its_incident_was_restricted_after_it_was_read(project, responder):
    incident = factories.declare(project, by=responder)
    now_restricted = Incident.objects.get(pk=incident.pk)
    edit(incident=now_restricted, visibility="restricted", actor=factories.system(), now=timezone.now())

    make(incident, body="The payroll was read.")

    assert [hit.kind for hit in search.search(responder, "payroll")] == ["document"]
    assert not list(search.search(factories.make_member(project, "manager"), "payroll"))


def test_a_new_project_begins_with_a_default_template_of_each_kind(project):
    assert set(Template.objects.filter(project=project, default=True).values_list("kind", flat=True)) == set(
        DocumentKind
    )


def test_a_template_that_names_what_does_not_exist_is_refused_with_the_line(project, manager):
    template = Template.objects.get(project=project, kind="incident_document")
    before, template.body = template.body, "fine\n{{ incident.titel }}"

    with pytest.raises(Invalid) as refusal:
        flows.save_template(template, actor=factories.actor_for(manager), now=timezone.now())

    assert refusal.value.field == "body"
    assert refusal.value.message.startswith("Line 2: there is no {{ incident.titel }}.")
    assert Template.objects.get(pk=template.pk).body == before


def test_a_new_default_takes_the_mark_of_the_old_one_of_its_kind(project, manager):
    own = Template(project=project, kind="incident_document", name="Own", body="x", default=True)

    flows.save_template(own, actor=factories.actor_for(manager), now=timezone.now())

    assert set(Template.objects.filter(project=project, default=True).values_list("name", flat=True)) == {
        "Own",
        "Review document",
    }


def test_a_taken_name_and_a_rank_too_low_are_refused(project, manager, responder):
    again = Template(project=project, kind="incident_document", name="Incident document", body="x")
    new = Template(project=project, kind="incident_document", name="New", body="x")

    with pytest.raises(Conflict):
        flows.save_template(again, actor=factories.actor_for(manager), now=timezone.now())
    with pytest.raises(Forbidden):
        flows.save_template(new, actor=factories.actor_for(responder), now=timezone.now())

    assert Template.objects.filter(project=project).count() == 2


def test_the_template_comes_from_the_type_else_the_project_else_from_us(project, incident):
    theirs = Template.objects.get(project=project, kind="incident_document")
    theirs.body = "Project"
    theirs.save()
    own = Template.objects.create(project=project, kind="incident_document", name="Own", body="Type")
    incident.type.incident_template = own

    assert flows.template_for(incident, "incident_document") == "Type"
    own.enabled = False
    assert flows.template_for(incident, "incident_document") == "Project"
    Template.objects.filter(pk=theirs.pk).update(enabled=False, default=False)
    assert "{{ incident.title }}" in flows.template_for(incident, "incident_document")
