"""PostgreSQL: dumped and restored by its own tools, in one snapshot and in one transaction."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection, connections
from django.utils.translation import gettext as _
from psycopg import sql

from core.backups.errors import Damaged, Refused

PART = "database.dump"
# What Dispatch keeps stands in this schema. Tables of a newer version, which the dump does not know, must go too.
_DROP = """
DO $$ DECLARE found record; BEGIN
  FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('DROP TABLE IF EXISTS public.%I CASCADE', found.tablename);
  END LOOP;
END $$
"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)
# How libpq's tools hear what psycopg is told by keyword; a password among arguments could be read by anybody.
_VARIABLES = {
    "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
}  # fmt: skip


def dump(into: Path) -> dict[str, int]:
    """Dump the database as it is at one moment. Returns the rows per table of that moment."""
    with psycopg.connect(**arguments()) as database:
        database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        snapshot = _value(database, "SELECT pg_export_snapshot()")
        rows = _rows(database)
        _run(
            "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--schema=public",
            f"--snapshot={snapshot}", f"--file={into / PART}",
        )  # fmt: skip
    return rows


def is_empty() -> bool:
    """Whether there is nothing that a restore would replace."""
    with psycopg.connect(**arguments()) as database:
        there = _value(database, "SELECT to_regclass('public.core_user') IS NOT NULL")
        return not there or not _value(database, "SELECT EXISTS (SELECT FROM public.core_user)")


@contextlib.contextmanager
def stopped() -> Iterator[None]:
    """Nobody else may be connected.

    :raises Refused: while somebody is.
    """
    connections.close_all()
    connection.close_pool()  # type: ignore[attr-defined]
    with psycopg.connect(**arguments()) as database:
        others = _value(database, _OTHERS)
    if others:
        told = _("Others are connected to the database (%(count)s); stop web, workers and beat first.")
        raise Refused(told % {"count": others})
    yield


def load(staged: Path, now: datetime) -> Path | None:  # noqa: ARG001 (as the embedded database's)
    """Replace what is there by the dump, in one transaction: when it fails all is as it was."""
    script = staged / "restore.sql"
    _run("pg_restore", "--no-owner", "--no-privileges", "--no-comments", f"--file={script}", str(staged / PART))
    # An empty database has the schema already; the dump of one schema would make it.
    kept = [line for line in script.read_text("utf-8").splitlines(keepends=True) if line != "CREATE SCHEMA public;\n"]
    script.write_text("".join(kept), "utf-8")
    _run("psql", "-X", "-q", "-o", os.devnull, "-1", "-v", "ON_ERROR_STOP=1", "-c", _DROP, "-f", str(script))
    return None


def count() -> dict[str, int]:
    """Rows per table of the database."""
    with psycopg.connect(**arguments()) as database:
        return _rows(database)


def arguments() -> dict[str, Any]:
    """What the database is reached by, as libpq names it."""
    told = connection.settings_dict
    named = {
        "host": told["HOST"], "port": told["PORT"], "user": told["USER"], "password": told["PASSWORD"],
        "dbname": told["NAME"], **{name: told["OPTIONS"].get(name) for name in _VARIABLES if name.startswith("ssl")},
    }  # fmt: skip
    return {name: value for name, value in named.items() if value}


@contextlib.contextmanager
def temporary(name: str) -> Iterator[None]:
    """An empty database beside ours, for a trial.

    :raises Refused: where the account may not make one.
    """
    with psycopg.connect(**arguments(), autocommit=True) as database:
        try:
            database.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege:
            user = connection.settings_dict["USER"]
            told = _("A trial needs a database of its own, and %(user)s may not make one (ALTER ROLE … CREATEDB).")
            raise Refused(told % {"user": user}) from None
        try:
            yield
        finally:
            database.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _rows(database: Any) -> dict[str, int]:
    names = [row[0] for row in database.execute(_TABLES).fetchall()]
    counted = sql.SQL("SELECT count(*) FROM public.{}")
    return {name: _value(database, counted.format(sql.Identifier(name))) for name in names}


def _value(database: Any, statement: Any) -> Any:
    return database.execute(statement).fetchone()[0]


def _run(tool: str, *rest: str) -> None:
    path = shutil.which(tool)
    if path is None:
        told = _("%(tool)s is not on the PATH: install PostgreSQL's client programs, of the server's version or newer.")
        raise Refused(told % {"tool": tool})
    variables = {_VARIABLES[name]: str(value) for name, value in arguments().items()}
    done = subprocess.run(  # noqa: S603 (a fixed program; values are in its environment)
        [path, *rest], env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        why = next((line for line in done.stderr.splitlines() if "error" in line.lower()), done.stderr.strip())
        raise Damaged(_("%(tool)s failed: %(why)s") % {"tool": tool, "why": why})
