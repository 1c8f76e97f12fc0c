"""The full-text structures beside the search documents: a side table with a GIN index, or an FTS5 table."""

from django.db import migrations

POSTGRES = [
    # No foreign key: Django empties tables it knows, and a reference from one it does not know would stop it.
    "CREATE TABLE core_searchtext (document_id bigint PRIMARY KEY, words tsvector NOT NULL)",
    "CREATE INDEX core_searchtext_words ON core_searchtext USING gin (words)",
]
# Words come cut (core.search.words): this tokenizer cuts at blanks and leaves the letters of every script alone.
SQLITE = ["CREATE VIRTUAL TABLE core_searchtext USING fts5(title, body, tokenize='ascii', prefix='2 3')"]


def forwards(apps, schema_editor):
    for statement in POSTGRES if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    schema_editor.execute("DROP TABLE core_searchtext")


class Migration(migrations.Migration):
    dependencies = [("core", "0003_initial")]

    operations = [migrations.RunPython(forwards, backwards)]
