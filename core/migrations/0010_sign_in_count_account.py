"""Which account a browser's own count belongs to. What is counted already is not told to any and lapses in a day."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0009_timeline_text")]

    operations = [
        migrations.AddField(
            model_name="signincount",
            name="account",
            field=models.CharField(blank=True, db_index=True, max_length=64),
        ),
    ]
