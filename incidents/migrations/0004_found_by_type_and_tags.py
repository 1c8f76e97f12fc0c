"""Incidents are found by the names of their type and tags since 0.2.0: the worker indexes those that are there."""

from typing import Any

from django.db import migrations


def plan(apps: Any, _schema_editor: Any) -> None:
    if apps.get_model("incidents", "Incident").objects.exists():
        apps.get_model("core", "Job").objects.get_or_create(
            key="incidents.reindex:0.2.0", defaults={"kind": "incidents.reindex"}
        )


class Migration(migrations.Migration):
    dependencies = [("core", "0010_sign_in_count_account"), ("incidents", "0003_lists")]
    operations = [migrations.RunPython(plan, migrations.RunPython.noop, elidable=True)]
