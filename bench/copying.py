"""Writing many rows of a model quickly: COPY on PostgreSQL, executemany on SQLite.

Columns, defaults and the spelling of values come from the model. Constraints and indexes hold as ever; only foreign
keys are not asked for one by one, because the builder makes both ends.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import JSONField, Max, Model

# SQLite stores as text what PostgreSQL has types for.
AS_IT_IS = frozenset({"CharField", "TextField", "EmailField", "ForeignKey", "BigAutoField", "BooleanField"})


class Rows:
    """Rows of one model that wait to be written. `add` gives each its primary key."""

    def __init__(self, model: type[Model]) -> None:
        self.model = model
        self.fields = list(model._meta.concrete_fields)
        self.names = [field.attname for field in self.fields]
        self.defaults = [_default(field) for field in self.fields]
        self.spelling = [self._spelling(field) for field in self.fields]
        self.waiting: list[tuple[Any, ...]] = []
        self.next_key = (model._base_manager.aggregate(most=Max("pk"))["most"] or 0) + 1

    def add(self, **values: Any) -> int:
        """Keep a row, named by column attributes (`incident_id`). Returns its key."""
        key = self.next_key
        self.next_key += 1
        values["id"] = key
        row = []
        for name, default, spell in zip(self.names, self.defaults, self.spelling, strict=True):
            value = values[name] if name in values else default() if callable(default) else default
            row.append(value if spell is None or value is None else spell(value))
        self.waiting.append(tuple(row))
        return key

    def flush(self) -> None:
        """Write what waits."""
        write(self.model._meta.db_table, [field.column for field in self.fields], self.waiting)
        self.waiting = []

    def _spelling(self, field: Any) -> Any:
        plain = field.get_internal_type() in AS_IT_IS or connection.vendor == "postgresql"
        if plain and not isinstance(field, JSONField):
            return None
        return lambda value: field.get_db_prep_save(value, connection)


def write(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write rows into a table, spelled as the database wants them."""
    if not rows:
        return
    named = ", ".join(connection.ops.quote_name(column) for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({named}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({named}) VALUES ({places})", rows)  # noqa: S608


@contextmanager
def trusted() -> Iterator[None]:
    """Inside, PostgreSQL does not look each foreign key up, and does not wait for the disk."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit = off")
                cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
                # Only a superuser may; others wait longer.
                if cursor.fetchone()[0]:
                    cursor.execute("SET LOCAL session_replication_role = replica")
        yield


def settle(models: Sequence[type[Model]]) -> None:
    """Let the sequences go on after the written keys, and the planner know what is there."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
        # Inside a transaction nothing can be vacuumed; only tests are in one.
        vacuums = connection.vendor == "postgresql" and not connection.in_atomic_block
        cursor.execute("VACUUM ANALYZE" if vacuums else "ANALYZE")


def _default(field: Any) -> Any:
    if not field.has_default():
        return "" if field.empty_strings_allowed and not field.null and not field.is_relation else None
    return field.default
