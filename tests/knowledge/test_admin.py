"""Tags, templates and documents in the console."""

import pytest
from django.urls import reverse
from django.utils import timezone

from core.models import Project
from knowledge.flows import create_document
from knowledge.models import Tag, TagType, Template
from tests.factories import declare, make_member, make_project

pytestmark = pytest.mark.django_db


def page(name: str, *args: object) -> str:
    return reverse(f"admin:knowledge_{name}", args=args)


@pytest.fixture
def project() -> Project:
    return make_project(name="Security")


@pytest.fixture
def manager(client, project):
    user = make_member(project, "manager")
    client.force_login(user)
    return user


class TestTags:
    def test_a_manager_makes_a_type_and_a_tag(self, client, manager, project):
        client.post(
            page("tagtype_add"), {"project": project.pk, "name": "asset", "colour": "#112233", "exclusive": "on"}
        )
        kind = TagType.objects.get(name="asset")

        answer = client.post(
            page("tag_add"), {"project": project.pk, "tag_type": kind.pk, "name": "laptop", "enabled": "on"}
        )

        assert answer.status_code == 302
        assert Tag.objects.get().tag_type == kind

    def test_a_type_of_another_project_is_refused_at_its_field(self, client, manager, project):
        second = make_project(project.organization)
        foreign = TagType.objects.create(project=second, name="x")

        answer = client.post(page("tag_add"), {"project": project.pk, "tag_type": foreign.pk, "name": "y"})

        assert "tag_type" in answer.context["adminform"].form.errors
        assert not Tag.objects.exists()


class TestTemplates:
    def test_a_placeholder_that_does_not_exist_is_refused_at_the_text(self, client, manager, project):
        template = Template.objects.filter(project=project).first()
        form = {
            "kind": template.kind,
            "name": template.name,
            "default": "on",
            "enabled": "on",
            "version": template.version,
        }

        answer = client.post(page("template_change", template.pk), {**form, "body": "{{ incident.nonsense }}"})

        assert "body" in answer.context["adminform"].form.errors
        template.refresh_from_db()
        assert "nonsense" not in template.body

    def test_the_form_lists_the_placeholders(self, client, manager, project):
        template = Template.objects.filter(project=project).first()

        assert "{{ incident.title }}" in client.get(page("template_change", template.pk)).content.decode()


class TestDocuments:
    @pytest.fixture
    def document(self, project):
        return create_document(
            subject=declare(project, title="Payroll"), kind="incident_document", title="Payroll document",
            body="# Head\n\n<script>alert(1)</script> **bold**", marker="m1", now=timezone.now(),
        )  # fmt: skip

    def test_it_is_rendered_and_nothing_in_it_runs(self, client, manager, document):
        text = client.get(page("document_change", document.pk)).content.decode()

        assert "<strong>bold</strong>" in text
        assert "<script>alert" not in text

    def test_a_new_version_is_written_and_the_old_one_stays_readable(self, client, manager, document):
        client.post(page("document_write", document.pk), {"version": document.version, "body": "Second text"})

        newest = client.get(page("document_change", document.pk)).content.decode()
        oldest = client.get(page("document_change", document.pk) + "?version=1").content.decode()

        assert "Second text" in newest
        assert "<strong>bold</strong>" in oldest

    def test_an_older_version_is_not_written_over(self, client, manager, document):
        stale = {"version": document.version, "body": "Mine"}
        client.post(page("document_write", document.pk), {**stale, "body": "Theirs"})

        answer = client.post(page("document_write", document.pk), stale)

        assert answer.status_code == 200
        assert document.versions.count() == 2
        assert "Mine" in answer.content.decode()

    def test_a_restricted_incidents_document_is_not_there(self, client, manager, project):
        hidden = create_document(
            subject=declare(project, visibility="restricted"), kind="incident_document", title="Insider",
            body="x", marker="m2", now=timezone.now(),
        )  # fmt: skip

        for url in (page("document_change", hidden.pk), page("document_write", hidden.pk)):
            assert client.get(url).status_code == 404
        assert "Insider" not in client.get(page("document_changelist")).content.decode()
