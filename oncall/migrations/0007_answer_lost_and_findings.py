"""What the engine and its watchdog write down."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("oncall", "0006_alter_contactmethod_address_and_more")]

    operations = [
        migrations.AddField(
            model_name="notification",
            name="answer_lost",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.CreateModel(
            name="RestingProvider",
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
                ("provider", models.CharField(max_length=300, unique=True)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("detail", models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name="Finding",
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
                ("key", models.CharField(max_length=120, unique=True)),
                ("text", models.CharField(max_length=500)),
                ("since", models.DateTimeField()),
                ("told_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={"ordering": ["since", "key"]},
        ),
    ]
