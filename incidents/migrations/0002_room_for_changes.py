"""Room on each page for the next version of its rows. An incident changes with every
batch of its alerts; on the same page, the change writes no index."""

from django.db import migrations

SET = "ALTER TABLE incidents_incident SET (fillfactor = 50)"
RESET = "ALTER TABLE incidents_incident RESET (fillfactor)"


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0001_initial"),
    ]

    operations = [migrations.RunSQL(SET, RESET)]
