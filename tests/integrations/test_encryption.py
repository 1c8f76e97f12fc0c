"""Encryption at rest, and changing its key."""

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.core.exceptions import FieldError
from django.core.management import CommandError, call_command
from django.db import connection

from core import encrypted
from integrations.models import PluginInstance

pytestmark = pytest.mark.django_db

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def stored(project, settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    return PluginInstance.objects.create(project=project, plugin="x", name="x", configuration={"token": "hunter2"})


def raw():
    with connection.cursor() as cursor:
        cursor.execute("SELECT configuration FROM integrations_plugininstance")
        return cursor.fetchone()[0]


def test_an_older_key_still_opens_and_the_newest_one_closes(stored, settings):
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]

    assert PluginInstance.objects.get().configuration == {"token": "hunter2"}


def test_after_rotating_the_old_key_is_not_needed(stored, settings, capsys):
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]

    call_command("rotate_encryption")

    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert PluginInstance.objects.get().configuration == {"token": "hunter2"}
    assert "1 values" in capsys.readouterr().out
    assert "hunter2" not in raw()


def test_rotating_names_what_no_key_opens_and_leaves_it(stored, settings):
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    before = raw()

    with pytest.raises(CommandError, match=f"integrations.PluginInstance {stored.pk}"):
        call_command("rotate_encryption")

    assert raw() == before


def test_without_the_key_nothing_is_read(stored, settings):
    settings.FIELD_ENCRYPTION_KEYS = [NEW]

    with pytest.raises(InvalidToken):
        PluginInstance.objects.get()


def test_encrypted_values_are_not_looked_up_by(stored):
    with pytest.raises(FieldError):
        PluginInstance.objects.filter(configuration={"token": "hunter2"}).exists()


def test_the_same_value_is_never_the_same_token(stored):
    assert encrypted.cipher().encrypt(b"x") != encrypted.cipher().encrypt(b"x")
