"""What every plugin of a capability keeps to, run against whatever is registered: a new one is covered by being there.

A vendor's plugin brings its stand-in server and its configuration in `CONFIGURATIONS`.
"""

import dataclasses
from typing import Any

import pytest
from django.core import mail

from core.operations.errors import OperationError, Permanent
from integrations.capabilities import INTERFACES, Capability, ContactCard, DocumentDraft, ExternalThing, MailMessage
from integrations.plugin import CheckResult, PluginConfiguration
from integrations.registry import catalogue
from tests.contract.snapshots import HOSTILE_TITLES, picture

pytestmark = pytest.mark.django_db

CONFIGURATIONS: dict[str, dict[str, Any]] = {}


def of(capability: str | None = None) -> list[Any]:
    plugins = catalogue().plugins.values()
    chosen = [plugin for plugin in plugins if capability is None or capability in plugin.capabilities]
    return [pytest.param(plugin, id=plugin.slug) for plugin in chosen]


@pytest.fixture
def client(request):
    """The plugin of the parameter, made as for an operation."""
    plugin = request.param
    configuration = plugin.Configuration.model_validate(CONFIGURATIONS.get(plugin.slug, {}))
    return plugin(configuration, project_id=None)


class TestEveryPlugin:
    @pytest.mark.parametrize("plugin", of())
    def test_it_says_who_it_is(self, plugin):
        assert plugin.slug
        assert plugin.title
        assert plugin.vendor
        assert issubclass(plugin.Configuration, PluginConfiguration)

    @pytest.mark.parametrize("plugin", of())
    def test_it_implements_what_it_offers(self, plugin):
        assert plugin.capabilities
        for capability in plugin.capabilities:
            assert capability in Capability
            assert issubclass(plugin, INTERFACES[capability])

    @pytest.mark.parametrize("client", of(), indirect=True)
    def test_its_check_answers_in_words(self, client):
        try:
            result = client.check()
        except OperationError as error:
            result = CheckResult(ok=False, message=error.message)

        assert isinstance(result, CheckResult)
        assert result.message.endswith(".")

    @pytest.mark.parametrize("plugin", of())
    def test_it_refuses_settings_it_does_not_know(self, plugin):
        assert plugin.Configuration.model_config["extra"] == "forbid"


@pytest.mark.parametrize("client", of(Capability.TICKET), indirect=True)
class TestTicket:
    def test_the_same_marker_is_the_same_ticket(self, client):
        subject = picture()

        first, again = (client.ensure(marker="op-1", subject=subject) for _ in range(2))
        other = client.ensure(marker="op-2", subject=subject)

        assert isinstance(first, ExternalThing)
        assert first == again
        assert first.external_id != other.external_id
        assert first.label

    @pytest.mark.parametrize("title", HOSTILE_TITLES)
    def test_any_title_makes_and_updates_a_ticket(self, client, title):
        made = client.ensure(marker="op-1", subject=picture(title=title, description=title))

        client.update(external_id=made.external_id, subject=picture(title=title[::-1]))

    def test_updating_again_changes_nothing_more(self, client):
        subject = picture()
        made = client.ensure(marker="op-1", subject=subject)

        for _ in range(2):
            client.update(external_id=made.external_id, subject=dataclasses.replace(subject, title="New"))

        assert client.ensure(marker="op-1", subject=subject) == made

    def test_a_ticket_that_is_gone_is_said_in_words(self, client):
        with pytest.raises(Permanent, match="gone"):
            client.update(external_id="999999", subject=picture())


@pytest.mark.parametrize("client", of(Capability.DOCUMENT), indirect=True)
class TestDocument:
    def draft(self, **changes: Any) -> DocumentDraft:
        values = {"kind": "incident_document", "title": "Notes", "body": "Text.", "subject": picture(), **changes}
        return DocumentDraft(**values)

    def test_the_same_marker_is_the_same_document(self, client):
        first, again = (client.ensure(marker="op-1", draft=self.draft()) for _ in range(2))
        other = client.ensure(marker="op-2", draft=self.draft())

        assert first == again
        assert first.external_id != other.external_id

    @pytest.mark.parametrize("text", HOSTILE_TITLES)
    def test_any_text_makes_a_document(self, client, text):
        assert client.ensure(marker="op-1", draft=self.draft(title=text, body=text)).external_id

    def test_an_update_says_whether_it_wrote(self, client):
        made = client.ensure(marker="op-1", draft=self.draft())

        assert client.update(external_id=made.external_id, draft=self.draft(body="New.")) is True
        assert client.update(external_id=made.external_id, draft=self.draft(body="New.")) is False

    def test_a_document_that_is_gone_or_a_text_too_long_is_said_in_words(self, client):
        with pytest.raises(Permanent, match="gone"):
            client.update(external_id="999999", draft=self.draft())
        with pytest.raises(Permanent):
            client.ensure(marker="op-1", draft=self.draft(body="x" * 10_000_000))


@pytest.mark.parametrize("client", of(Capability.CONTACT), indirect=True)
class TestContact:
    @pytest.mark.parametrize(
        "email",
        ["ada.lovelace@example.com", "1234@example.com", "o'neil@example.com", "x+y@example.com", "größe@example.com"],
    )
    def test_any_address_gives_a_card_or_nothing(self, client, email):
        card = client.lookup(email=email)

        assert card is None or isinstance(card, ContactCard)


@pytest.mark.parametrize("client", of(Capability.EMAIL), indirect=True)
class TestEmail:
    def message(self, **changes: Any) -> MailMessage:
        values = {
            "message_id": "op-1@dispatch.example",
            "thread_id": "subject-1@dispatch.example",
            "to_address": "grace@example.com",
            "to_name": "Grace Hopper",
            "heading": "Heading",
            "text": "Text.",
            "html": "<p>Text.</p>",
            **changes,
        }
        return MailMessage(**values)

    def test_a_mail_carries_its_own_id_and_that_of_its_conversation(self, client):
        client.send(message=self.message())

        sent = mail.outbox[0].message()
        assert sent["Message-ID"] == "<op-1@dispatch.example>"
        assert sent["References"] == "<subject-1@dispatch.example>"
        assert sent["To"] == "Grace Hopper <grace@example.com>"

    @pytest.mark.parametrize("name", ['Eve" <evil@example.com>', "a, b@example.com", "日本語", "x" * 300, "\\"])
    def test_a_name_never_adds_a_recipient(self, client, name):
        client.send(message=self.message(to_name=name))

        assert len(mail.outbox[0].recipients()) == 1
        assert str(mail.outbox[0].message()["To"]).endswith("<grace@example.com>")

    @pytest.mark.parametrize("part", ["heading", "to_name", "to_address"])
    def test_a_line_break_in_a_header_is_refused(self, client, part):
        with pytest.raises(Permanent):
            client.send(message=self.message(**{part: "x\r\nBcc: victim@example.com"}))

        assert mail.outbox == []
