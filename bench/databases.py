"""A PostgreSQL database for the run, dropped afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql


class NoDatabase(Exception):
    """PostgreSQL did not answer, or makes no database for this user."""


@contextmanager
def made(server: str, name: str, *, keep: bool) -> Iterator[None]:
    """An empty database on the server, there while the block runs. With `keep` one that is there is taken and left.

    :raises NoDatabase: saying why it cannot be made.
    """
    if not keep:
        _drop(server, name)
    _execute(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)), unless=keep and _exists(server, name))
    try:
        yield
    finally:
        if not keep:
            _drop(server, name)


def _drop(server: str, name: str) -> None:
    _execute(server, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _exists(server: str, name: str) -> bool:
    with _connected(server) as link:
        return link.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _execute(server: str, statement: sql.Composable, *, unless: bool = False) -> None:
    if unless:
        return
    with _connected(server) as link:
        try:
            link.execute(statement)
        except psycopg.Error as error:
            raise NoDatabase(f"The bench needs a PostgreSQL user that may create databases: {error}.") from None


def _connected(server: str) -> "psycopg.Connection":
    try:
        return psycopg.connect(server, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        reason = str(error).splitlines()[0]
        raise NoDatabase(f"The bench needs PostgreSQL (DATABASE_URL), and it did not answer: {reason}") from None
