"""What an installation is told about itself before it matters."""

import importlib

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from core import checks, search
from core.search import engine
from tests import factories as make

SQLITE, POSTGRES = True, False
LONG_KEY = "kGh3bQ-7VwZ_0aYtR5sLxNcMfDpJeUiO1q8X2v4n6B9h0T3y5W"


def ids(check, **options):
    found = check(app_configs=None, **options)
    assert all(message.hint for message in found)
    return [message.id for message in found]


def test_every_check_is_registered_and_this_installation_passes_them():
    registered = {message.id for message in run_checks(include_deployment_checks=True)}

    assert not {name for name in registered if name.startswith("dispatch.E")}


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ([Fernet.generate_key().decode()], []),
        ([Fernet.generate_key().decode(), Fernet.generate_key().decode()], []),
        ([], ["dispatch.E002"]),
        (["short"], ["dispatch.E001"]),
        ([Fernet.generate_key().decode(), "ü" * 44], ["dispatch.E001"]),
        ([Fernet.generate_key().decode()[:-4]], ["dispatch.E001"]),
        ([None], ["dispatch.E001"]),
    ],
)
def test_encryption_keys_are_fernet_keys(settings, keys, found):
    settings.FIELD_ENCRYPTION_KEYS = keys

    assert ids(checks.encryption_keys) == found


@pytest.mark.parametrize(
    ("key", "found"),
    [(LONG_KEY, []), (LONG_KEY[:-1], ["dispatch.E003"]), ("x" * 80, ["dispatch.E003"]), ("k", ["dispatch.E003"])],
)
def test_the_secret_key_is_long_and_not_simple(settings, key, found):
    settings.SECRET_KEY = key

    assert ids(checks.secret_key) == found


@pytest.mark.parametrize(
    ("sqlite", "redis", "inside", "found"),
    [
        (SQLITE, "", True, []),
        (SQLITE, "", False, []),
        (SQLITE, "redis://localhost", False, ["dispatch.W001"]),
        (POSTGRES, "redis://localhost", False, []),
        (POSTGRES, "", True, []),
        (POSTGRES, "", False, ["dispatch.W002"]),
    ],
)
def test_database_and_broker_fit_together(monkeypatch, settings, sqlite, redis, inside, found):
    monkeypatch.setattr(checks, "_is_sqlite", lambda: sqlite)
    settings.REDIS_URL = redis
    settings.WORKER_IN_PROCESS = inside

    assert ids(checks.embedded_worker) + ids(checks.broker_reaches_workers) == found


@pytest.mark.parametrize(("sqlite", "found"), [(SQLITE, ["dispatch.E005"]), (POSTGRES, [])])
def test_a_python_without_full_text_search_is_noticed_where_it_matters(monkeypatch, sqlite, found):
    monkeypatch.setattr(checks, "_is_sqlite", lambda: sqlite)
    assert ids(checks.sqlite_can_search) == []

    monkeypatch.setattr(checks, "_has_fts5", lambda: False)
    assert ids(checks.sqlite_can_search) == found


@pytest.mark.parametrize(
    ("address", "found"),
    [("https://dispatch.example.com", []), ("http://127.0.0.1:8000", ["dispatch.W003"]),
     ("https://localhost", ["dispatch.W003"]), ("http://[::1]:80", ["dispatch.W003"])],
)  # fmt: skip
def test_links_lead_to_where_people_are(settings, address, found):
    settings.BASE_URL = address

    assert ids(checks.links_lead_here) == found


@pytest.mark.parametrize(("backend", "found"), [("smtp", []), ("filebased", ["dispatch.W004"])])
def test_mail_that_is_written_to_files_is_noticed(settings, backend, found):
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"

    assert ids(checks.mail_leaves) == found


@pytest.mark.django_db
def test_the_full_text_table_is_asked_for_an_answer():
    assert ids(checks.full_text, databases=["default"]) == []

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE core_searchtext")

    assert ids(checks.full_text, databases=["default"]) == ["dispatch.E004"]
    assert ids(checks.full_text, databases=None) == []
    with pytest.raises(CommandError, match="rebuild_search"):
        call_command("check", databases=["default"])


@pytest.mark.django_db
def test_a_table_without_its_index_or_of_another_shape_is_noticed():
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE core_searchtext")
        cursor.execute("CREATE TABLE core_searchtext (other integer)")

    assert ids(checks.full_text, databases=["default"]) == ["dispatch.E004"]


@pytest.mark.django_db
def test_before_the_migration_nothing_is_missing_so_that_migrate_may_begin():
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE core_searchtext")
    MigrationRecorder(connection).record_unapplied("core", "0004_search_text")

    assert ids(checks.full_text, databases=["default"]) == []


@pytest.mark.django_db
@pytest.mark.parametrize("left", [None, "CREATE TABLE core_searchtext (other integer)"])
def test_the_hint_mends_it(left):
    project = make.make_project()
    incident = make.declare(project, title="Payroll server")
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE core_searchtext")
        if left:
            cursor.execute(left)

    call_command("rebuild_search")

    assert ids(checks.full_text, databases=["default"]) == []
    assert search.matching_ids(make.make_member(project), "incident", "payroll") == [incident.pk]


def test_a_mended_table_is_the_one_that_the_migration_makes():
    for name, table in (("0004_search_text", engine.DOCUMENTS), ("0009_timeline_text", engine.EVENTS)):
        migration = importlib.import_module(f"core.migrations.{name}")

        assert table.structure("postgresql") == migration.POSTGRES
        assert table.structure("sqlite") == migration.SQLITE


@pytest.mark.parametrize(
    ("networks", "found"), [([], []), (["10.0.0.0/8", "::1"], []), (["10.0.0.0/8", "prometheus"], ["dispatch.E006"])]
)
def test_networks_that_may_read_the_metrics_are_networks(settings, networks, found):
    settings.METRICS_ALLOW = networks

    assert ids(checks.metrics_networks) == found


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("", []),
        ("https://alarm.example.com/ping/7", []),
        ("alarm.example.com", ["dispatch.E007"]),
        ("https://", ["dispatch.E007"]),
    ],
)
def test_the_dead_mans_switch_has_an_address(settings, address, found):
    settings.DEADMAN_URL = address

    assert ids(checks.deadman_address) == found


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://dispatch.example.com", []),
        ("http://127.0.0.1:8000", []),
        ("dispatch.example.com", ["dispatch.E008"]),
        ("dispatch.example.com:8000", ["dispatch.E008"]),
        ("https://", ["dispatch.E008"]),
        ("", ["dispatch.E008"]),
    ],
)
def test_the_address_in_links_is_one(settings, address, found):
    settings.BASE_URL = address

    assert ids(checks.base_address) == found


@pytest.mark.parametrize(
    ("tls", "ssl", "found"), [(True, True, ["dispatch.E009"]), (True, False, []), (False, True, []), (False, False, [])]
)
def test_mail_is_encrypted_in_one_way(settings, tls, ssl, found):
    settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = tls, ssl

    assert ids(checks.one_way_to_encrypt_mail) == found
