"""Plugins, tickets and mail in the console."""

from typing import Literal

import pytest
from django.urls import reverse
from django.utils import timezone
from pydantic import Field, SecretStr

from core.models import Project
from core.operations.models import Operation
from integrations import forms as settings_forms
from integrations.capabilities import Capability
from integrations.models import BuiltinTicket, OutgoingMail, PluginInstance
from integrations.plugin import CheckResult, Plugin, PluginConfiguration
from tests.factories import declare, make_member, make_project

pytestmark = pytest.mark.django_db


class Settings(PluginConfiguration):
    url: str = Field(title="Address", description="Where it answers.")
    token: SecretStr
    region: Literal["eu", "us"] = "eu"
    tries: int = 3
    verify: bool = True
    labels: list[str] = Field(default_factory=list)
    mapping: dict[str, str] = Field(default_factory=dict)


class Example(Plugin):
    """A plugin with a setting of every sort."""

    slug = "example"
    title = "Example"
    vendor = "Example Ltd"
    capabilities = frozenset({Capability.CONTACT})
    Configuration = Settings

    def check(self) -> CheckResult:
        return CheckResult(ok=True, message="fine")


@pytest.fixture
def example(monkeypatch):
    """As if the package were installed."""

    def find(slug: str):
        return Example if slug == "example" else None

    for module in ("integrations.admin.plugins", "integrations.flows.instances"):
        monkeypatch.setattr(f"{module}.plugin_class", find)
    return Example


@pytest.fixture
def project() -> Project:
    return make_project(name="Security")


@pytest.fixture
def admin(client, project):
    user = make_member(project, "admin")
    client.force_login(user)
    return user


def page(name: str, *args: object) -> str:
    return reverse(f"admin:integrations_{name}", args=args)


def form(project: Project, **changes: object) -> dict[str, object]:
    return {
        "project": project.pk, "name": "Our example", "enabled": "on", "capabilities": ["contact"],
        "configuration.url": "https://example.com", "configuration.token": "s3cret", "configuration.region": "us",
        "configuration.tries": "5", "configuration.labels": "a\nb", "configuration.mapping": '{"x": "y"}', **changes,
    }  # fmt: skip


class TestPlugins:
    def add(self, client, project, **changes):
        return client.post(page("plugininstance_add") + "?plugin=example", form(project, **changes))

    def test_adding_begins_with_the_choice(self, client, admin):
        text = client.get(page("plugininstance_add")).content.decode()

        assert "Built-in tickets" in text
        assert "?plugin=builtin-ticket" in text

    def test_the_form_is_made_of_the_schema(self, client, admin, project, example):
        answer = self.add(client, project)

        assert answer.status_code == 302, answer.context["adminform"].form.errors
        stored = PluginInstance.objects.get()
        assert stored.configuration == {
            "url": "https://example.com", "token": "s3cret", "region": "us", "tries": 5, "verify": False,
            "labels": ["a", "b"], "mapping": {"x": "y"},
        }  # fmt: skip
        assert stored.serves.get().capability == "contact"

    def test_a_secret_is_never_shown_and_kept_when_left_empty(self, client, admin, project, example):
        self.add(client, project)
        row = PluginInstance.objects.get()

        shown = client.get(page("plugininstance_change", row.pk)).content.decode()
        client.post(
            page("plugininstance_change", row.pk),
            form(project, version=row.version, **{"configuration.token": "", "configuration.tries": "7"}),
        )

        assert "s3cret" not in shown
        assert "never shown" in shown
        row.refresh_from_db()
        assert (row.configuration["token"], row.configuration["tries"]) == ("s3cret", 7)

    def test_a_wrong_setting_is_named_at_its_field(self, client, admin, project, example):
        answer = self.add(client, project, **{"configuration.tries": "many"})

        assert "configuration.tries" in answer.context["adminform"].form.errors
        assert not PluginInstance.objects.exists()

    def test_a_second_one_for_the_same_is_refused(self, client, admin, project, example):
        self.add(client, project)

        answer = self.add(client, project, name="Second")

        assert "serves" in " ".join(answer.context["adminform"].form.errors["enabled"])
        assert PluginInstance.objects.count() == 1

    def test_a_manager_finds_none_of_it(self, client, admin, project, example):
        self.add(client, project)
        client.force_login(make_member(project, "manager"))

        assert client.get(page("plugininstance_changelist")).status_code == 403
        assert client.get(page("plugininstance_change", PluginInstance.objects.get().pk)).status_code == 404

    def test_testing_the_connection_is_planned_for_a_worker(self, client, admin, project, example):
        self.add(client, project)

        client.post(page("plugininstance_test-connection", PluginInstance.objects.get().pk))

        assert Operation.objects.filter(action="plugin.check").count() == 1

    def test_the_history_never_holds_settings(self, client, admin, project, example):
        self.add(client, project)

        text = client.get(page("plugininstance_history", PluginInstance.objects.get().pk)).content.decode()

        assert "s3cret" not in text


def test_every_sort_of_setting_has_a_field_of_its_kind():
    fields = settings_forms.settings_fields(Example, {"url": "https://x", "token": {"set": True}})

    kinds = {name.removeprefix("configuration."): type(field).__name__ for name, field in fields.items()}
    assert kinds == {
        "url": "CharField", "token": "CharField", "region": "ChoiceField", "tries": "IntegerField",
        "verify": "BooleanField", "labels": "LinesField", "mapping": "JSONField",
    }  # fmt: skip
    assert fields["configuration.url"].label == "Address"
    assert fields["configuration.url"].initial == "https://x"
    assert fields["configuration.token"].initial is None
    assert not fields["configuration.token"].required


class TestRecords:
    @pytest.fixture
    def hidden(self, project):
        return declare(project, title="Insider", visibility="restricted")

    def mail(self, incident) -> OutgoingMail:
        return OutgoingMail.objects.create(
            incident=incident, message_id=f"<{incident.pk}@x>", to="a@example.com", heading=f"About {incident.title}",
            text="Hello", sent_at=timezone.now(),
        )  # fmt: skip

    def ticket(self, incident) -> BuiltinTicket:
        return BuiltinTicket.objects.create(
            incident=incident, project=incident.project, number=incident.pk, marker=str(incident.pk),
            title=incident.title, fields={"status": "active"},
        )  # fmt: skip

    def test_those_who_see_the_incident_read_its_mail_and_ticket(self, client, project):
        client.force_login(make_member(project, "responder"))
        incident = declare(project, title="Phishing")
        mail, ticket = self.mail(incident), self.ticket(incident)

        assert "Hello" in client.get(page("outgoingmail_change", mail.pk)).content.decode()
        assert "status: active" in client.get(page("builtinticket_change", ticket.pk)).content.decode()
        assert client.post(page("outgoingmail_change", mail.pk), {"text": "X"}).status_code == 403
        assert client.post(page("builtinticket_delete", ticket.pk)).status_code == 403

    def test_those_who_do_not_find_nothing(self, client, project, hidden):
        client.force_login(make_member(project, "manager"))
        mail, ticket = self.mail(hidden), self.ticket(hidden)

        assert client.get(page("outgoingmail_change", mail.pk)).status_code == 404
        assert client.get(page("builtinticket_change", ticket.pk)).status_code == 404
        assert "Insider" not in client.get(page("outgoingmail_changelist")).content.decode()
        assert "Insider" not in client.get(page("builtinticket_changelist")).content.decode()

    def test_reading_the_mail_of_a_restricted_one_is_noted(self, client, project, hidden):
        client.force_login(make_member(project, "admin"))

        client.get(page("outgoingmail_change", self.mail(hidden).pk))

        assert hidden.restrictedreads.count() == 1
