
import datetime
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("oncall", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HandoffNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("is_open", models.TextField(blank=True)),
                ("is_known", models.TextField(blank=True)),
                ("written_at", models.DateTimeField()),
                ("send_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-written_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="ImportedCalendar",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=80)),
                ("url", models.CharField(max_length=2048)),
                ("priority", models.IntegerField(default=0)),
                ("events", models.JSONField(default=list)),
                ("unmatched", models.JSONField(default=list)),
                ("etag", models.CharField(blank=True, max_length=300)),
                ("error", models.TextField(blank=True)),
                ("fetched_at", models.DateTimeField(blank=True, null=True)),
                ("tried_at", models.DateTimeField(blank=True, null=True)),
                ("next_fetch_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="PlannedChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("effective_at", models.DateTimeField()),
                ("timezone", models.CharField(max_length=64)),
                ("layers", models.JSONField()),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="RecordedShift",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("start_at", models.DateTimeField()),
                ("end_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["start_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="ShiftNotices",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "before",
                    models.DurationField(default=datetime.timedelta(seconds=43200)),
                ),
                ("at_start", models.BooleanField(default=True)),
                ("at_end", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="Vacation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("start_at", models.DateTimeField()),
                ("end_at", models.DateTimeField()),
                ("note", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "ordering": ["start_at"],
            },
        ),
        migrations.AddField(
            model_name="schedule",
            name="recorded_from",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="schedule",
            name="recorded_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="swap",
            name="note",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name="swap",
            name="offered_to",
            field=models.ManyToManyField(
                blank=True, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="swap",
            name="reminded_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="handoffnote",
            name="author",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="handoffnote",
            name="schedule",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="handoff_notes",
                to="oncall.schedule",
            ),
        ),
        migrations.AddField(
            model_name="handoffnote",
            name="sent_to",
            field=models.ManyToManyField(
                blank=True, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="importedcalendar",
            name="schedule",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="calendars",
                to="oncall.schedule",
            ),
        ),
        migrations.AddField(
            model_name="importedcalendar",
            name="user",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="vacation_calendar",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="plannedchange",
            name="created_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="plannedchange",
            name="schedule",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="planned_change",
                to="oncall.schedule",
            ),
        ),
        migrations.AddField(
            model_name="recordedshift",
            name="schedule",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="recorded_shifts",
                to="oncall.schedule",
            ),
        ),
        migrations.AddField(
            model_name="recordedshift",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="recorded_shifts",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="shiftnotices",
            name="user",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="shift_notices",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="vacation",
            name="calendar",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="oncall.importedcalendar",
            ),
        ),
        migrations.AddField(
            model_name="vacation",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="vacations",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="handoffnote",
            index=models.Index(
                condition=models.Q(("sent_at", None)),
                fields=["send_at"],
                name="handoff_note_due",
            ),
        ),
        migrations.AddIndex(
            model_name="importedcalendar",
            index=models.Index(fields=["next_fetch_at"], name="calendar_due"),
        ),
        migrations.AddConstraint(
            model_name="importedcalendar",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("schedule__isnull", False), ("user", None)),
                    models.Q(("schedule", None), ("user__isnull", False)),
                    _connector="OR",
                ),
                name="imported_calendar_is_of_a_schedule_or_a_person",
            ),
        ),
        migrations.AddIndex(
            model_name="recordedshift",
            index=models.Index(
                fields=["schedule", "start_at"], name="recorded_by_schedule"
            ),
        ),
        migrations.AddConstraint(
            model_name="recordedshift",
            constraint=models.UniqueConstraint(
                condition=models.Q(("end_at", None)),
                fields=("schedule", "user"),
                name="one_running_recorded_shift_per_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="recordedshift",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("end_at", None),
                    ("end_at__gt", models.F("start_at")),
                    _connector="OR",
                ),
                name="recorded_shift_ends_after_it_starts",
            ),
        ),
        migrations.AddIndex(
            model_name="vacation",
            index=models.Index(fields=["end_at"], name="vacation_by_end"),
        ),
        migrations.AddConstraint(
            model_name="vacation",
            constraint=models.CheckConstraint(
                condition=models.Q(("end_at__gt", models.F("start_at"))),
                name="vacation_ends_after_it_starts",
            ),
        ),
    ]
