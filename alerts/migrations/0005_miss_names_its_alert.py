from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0004_quiet"),
    ]

    operations = [
        migrations.RenameField(
            model_name="heartbeatmiss",
            old_name="event_id",
            new_name="alert_id",
        ),
    ]
