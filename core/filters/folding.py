"""Text without its case: the same in Python, PostgreSQL and SQLite, whose own LOWER knows ASCII only."""

from collections.abc import Collection
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection
from django.db.backends.signals import connection_created
from django.db.models import Func, TextField
from django.dispatch import receiver

SQLITE_FUNCTION = "dispatch_fold"
# Of ICU, so that lower() follows Unicode whatever the database's own locale is.
COLLATION = "und-x-icu"


def fold(text: str) -> str:
    """Lower case. The final sigma counts as any other, so that a part of a word stays a part of it."""
    return text.lower().replace("ς", "σ")


class Folded(Func):
    """`fold` of a column that is never NULL."""

    arity = 1
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function=SQLITE_FUNCTION, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = f"replace(lower(%(expressions)s COLLATE \"{COLLATION}\"), 'ς', 'σ')"
        return self.as_sql(compiler, connection, template=template, **context)


@receiver(connection_created)
def teach_sqlite(connection: Any, **_: Any) -> None:
    """Give a new SQLite connection our function."""
    if connection.vendor == "sqlite":
        connection.connection.create_function(SQLITE_FUNCTION, 1, fold, deterministic=True)


@register(Tags.database)
def collation_is_there(databases: Collection[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Filters by text need PostgreSQL's ICU collations; nearly every build has them."""
    if DEFAULT_DB_ALIAS not in (databases or []) or connection.vendor != "postgresql" or _has_collation():
        return []
    hint = "Use a PostgreSQL built with ICU (Debian's, Red Hat's, the official images and the cloud services are)."
    return [Error(f"PostgreSQL has no collation {COLLATION}.", hint=hint, id="dispatch.E006")]


def _has_collation() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_collation WHERE collname = %s", [COLLATION])
            return cursor.fetchone() is not None
    except DatabaseError:
        # No database to ask yet; whoever connects says so better.
        return True
