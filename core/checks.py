"""System checks with a hint each: what would only show on the worst day."""

import sqlite3
from collections.abc import Collection
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder

from core.search import engine

SHORTEST_SECRET = 50
FEWEST_CHARACTERS = 5  # different ones; Django's own check of a deployment asks for as many
NEW_SECRET = 'python -c "import secrets; print(secrets.token_urlsafe(50))"'  # noqa: S105 (the command that makes one)


@register(Tags.security)
def encryption_keys(**_: Any) -> list[CheckMessage]:
    """Each key must be a Fernet key, or secrets cannot be read."""
    try:
        keys = [Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS]
    except (ValueError, TypeError):
        return [
            Error(
                "FIELD_ENCRYPTION_KEYS holds something that is no Fernet key.",
                hint="Make one with `Fernet.generate_key()` of the package cryptography.",
                id="dispatch.E001",
            )
        ]
    return [] if keys else [Error("FIELD_ENCRYPTION_KEYS is empty.", hint="Give one Fernet key.", id="dispatch.E002")]


@register(Tags.security)
def secret_key(**_: Any) -> list[CheckMessage]:
    """A short key can be guessed, and with it every session."""
    key = settings.SECRET_KEY
    if len(key) >= SHORTEST_SECRET and len(set(key)) >= FEWEST_CHARACTERS:
        return []
    hint = f"Use {SHORTEST_SECRET} random characters: {NEW_SECRET}"
    return [Error("SECRET_KEY is too short or too simple.", hint=hint, id="dispatch.E003")]


@register(Tags.compatibility)
def embedded_worker(**_: Any) -> list[CheckMessage]:
    """SQLite is for the one embedded process."""
    if not (_is_sqlite() and settings.REDIS_URL):
        return []
    return [
        Warning(
            "REDIS_URL is set and DATABASE_URL is not: several processes would share one SQLite file.",
            hint="Set DATABASE_URL to a PostgreSQL database, or unset REDIS_URL.",
            id="dispatch.W001",
        )
    ]


@register(Tags.compatibility)
def broker_reaches_workers(**_: Any) -> list[CheckMessage]:
    """The in-memory broker ends at the process: workers elsewhere would be woken by the sweep only."""
    if _is_sqlite() or settings.REDIS_URL or settings.WORKER_IN_PROCESS:
        return []
    return [
        Warning(
            "DATABASE_URL is set and REDIS_URL is not: no worker hears of new work.",
            hint="Set REDIS_URL, or start with `./dispatch up`, which has its workers inside.",
            id="dispatch.W002",
        )
    ]


@register(Tags.compatibility)
def sqlite_can_search(**_: Any) -> list[CheckMessage]:
    """Full-text search needs the FTS5 of Python's SQLite."""
    if not _is_sqlite() or _has_fts5():
        return []
    hint = "Use a Python whose SQLite has FTS5 (those of python.org and of Linux distributions do), or PostgreSQL."
    return [Error("This Python's SQLite has no full-text search.", hint=hint, id="dispatch.E005")]


@register(Tags.security, deploy=True)
def links_lead_here(**_: Any) -> list[CheckMessage]:
    """Mail and documents would carry links that work on the server alone."""
    if not is_own_address(settings.BASE_URL):
        return []
    hint = "Set it to the address people reach Dispatch under, for example https://dispatch.example.com."
    return [Warning("BASE_URL is the server's own address.", hint=hint, id="dispatch.W003")]


@register(Tags.security, deploy=True)
def mail_leaves(**_: Any) -> list[CheckMessage]:
    """Without a mail server nobody is told anything."""
    if not settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        return []
    hint = "Set EMAIL_HOST and DEFAULT_FROM_EMAIL."
    return [Warning("Mail is written to files and reaches nobody.", hint=hint, id="dispatch.W004")]


@register(Tags.security)
def metrics_networks(**_: Any) -> list[CheckMessage]:
    """A network that is none would refuse the whole page."""
    try:
        for allowed in settings.METRICS_ALLOW:
            ip_network(allowed, strict=False)
    except ValueError as error:
        hint = "Give networks as 10.0.0.0/8 or single addresses, separated by commas."
        return [Error(f"METRICS_ALLOW: {error}.", hint=hint, id="dispatch.E006")]
    return []


@register(Tags.security)
def deadman_address(**_: Any) -> list[CheckMessage]:
    """A switch that is never called raises the alarm; one that cannot be called should say so earlier."""
    told = urlsplit(settings.DEADMAN_URL)
    if not settings.DEADMAN_URL or (told.scheme in {"http", "https"} and told.hostname):
        return []
    return [Error("DEADMAN_URL is no address.", hint="Give one that begins with https://.", id="dispatch.E007")]


@register(Tags.database)
def full_text(databases: Collection[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The full-text tables are not Django's; a database copied without them finds nothing."""
    if DEFAULT_DB_ALIAS not in (databases or []) or all(map(engine.answers, _migrated_tables())):
        return []
    hint = "Run `manage.py rebuild_search`: it makes the table anew and fills it."
    return [Error("A full-text table is missing or broken.", hint=hint, id="dispatch.E004")]


@register(Tags.security)
def base_address(**_: Any) -> list[CheckMessage]:
    """Links in mail and documents begin with it."""
    told = urlsplit(settings.BASE_URL)
    if told.scheme in {"http", "https"} and told.hostname:
        return []
    hint = "Give the address people reach Dispatch under, for example https://dispatch.example.com."
    return [Error(f"BASE_URL is no address: “{settings.BASE_URL}”.", hint=hint, id="dispatch.E008")]


@register(Tags.compatibility)
def one_way_to_encrypt_mail(**_: Any) -> list[CheckMessage]:
    """With both no mail would ever leave."""
    if not (settings.EMAIL_USE_TLS and settings.EMAIL_USE_SSL):
        return []
    hint = "Keep EMAIL_USE_TLS (STARTTLS, usually port 587) or EMAIL_USE_SSL (usually port 465)."
    return [Error("EMAIL_USE_TLS and EMAIL_USE_SSL are both on.", hint=hint, id="dispatch.E009")]


def is_own_address(url: str) -> bool:
    """Whether an address leads to the machine it is opened on."""
    return any(host in url for host in ("//localhost", "//127.0.0.1", "//[::1]"))


def _migrated_tables() -> list[engine.Table]:
    """The tables that should be there: `migrate` asks these checks before it begins."""
    try:
        applied = MigrationRecorder(connection).applied_migrations()
    except DatabaseError:
        return []
    names = [name for app, name in applied if app == "core"]
    return [table for table in engine.TABLES if any(table.migration in name for name in names)]


def _is_sqlite() -> bool:
    return connection.vendor == "sqlite"


def _has_fts5() -> bool:
    memory = sqlite3.connect(":memory:")
    try:
        memory.execute("CREATE VIRTUAL TABLE probe USING fts5(words)")
    except sqlite3.OperationalError:
        return False
    finally:
        memory.close()
    return True
