"""Give what is there already what new ones get: projects their cost types, subjects a statement that is due."""

from django.db import migrations

TYPES = [
    ("Vendor", "Outside help: forensics, consultants, lawyers.", "primary"),
    ("Hardware and software", "What had to be bought or replaced.", "primary"),
    ("Lost revenue", "What was not earned while it lasted.", "secondary"),
    ("Compensation", "Paid to customers and partners.", "secondary"),
    ("Fine", "Asked by an authority.", "secondary"),
    ("Other", "", "primary"),
]


def add(apps, _schema_editor):
    """Add them where a project has none."""
    cost_type = apps.get_model("reporting", "CostType")
    without = apps.get_model("core", "Project").objects.exclude(pk__in=cost_type.objects.values("project"))
    cost_type.objects.bulk_create(
        cost_type(project=project, name=name, description=description, category=category)
        for project in without.order_by("pk")
        for name, description, category in TYPES
    )


def begin(apps, _schema_editor):
    """Give the subjects that are there a statement that is due."""
    statement = apps.get_model("reporting", "CostStatement")
    for app, kind in (("incidents", "incident"), ("cases", "case")):
        keys = apps.get_model(app, kind).objects.order_by("pk").values_list("pk", flat=True)
        rows = (statement(**{f"{kind}_id": key}) for key in keys.iterator(chunk_size=1000))
        statement.objects.bulk_create(rows, batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("reporting", "0002_statements_due")]

    operations = [
        migrations.RunPython(add, migrations.RunPython.noop),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
