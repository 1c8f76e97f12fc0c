"""The full-text entries of what people wrote on timelines. Filled by `manage.py prepare`, which runs
`rebuild_search --missing`."""

from django.db import migrations

POSTGRES = [
    "CREATE TABLE core_searchevent (event_id bigint PRIMARY KEY, words tsvector NOT NULL)",
    "CREATE INDEX core_searchevent_words ON core_searchevent USING gin (words)",
]
SQLITE = ["CREATE VIRTUAL TABLE core_searchevent USING fts5(title, body, tokenize='ascii', prefix='2 3')"]


def forwards(apps, schema_editor):
    for statement in POSTGRES if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    schema_editor.execute("DROP TABLE core_searchevent")


class Migration(migrations.Migration):
    dependencies = [("core", "0008_accounts")]

    operations = [
        migrations.RunPython(forwards, backwards),
        migrations.AlterModelOptions(
            name="event", options={"verbose_name": "timeline entry", "verbose_name_plural": "timeline entries"}
        ),
    ]
