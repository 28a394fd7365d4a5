"""Long imports: rows that say what was sent, how far it is and how it ended."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.models import User

# A worker says this often that it lives, and is taken for dead after the other.
PULSE = timedelta(seconds=1)
DEAD_AFTER = timedelta(seconds=20)


class ImportJob(models.Model):
    """One document to take over, or to look at first.

    `document` is what was sent, as JSON, until the job is done. `result` says what was
    (or would be) added, changed and removed. A running job whose worker has not been
    heard of for DEAD_AFTER has died, and kept nothing.
    """

    class Kind(models.TextChoices):
        DBT = "dbt", "dbt project"
        CATALOG = "catalog", "Catalog as JSON"
        AIRFLOW = "airflow", "Airflow DAGs"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        PREVIEWED = "previewed", "To be looked at"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    kind = models.CharField(max_length=7, choices=Kind)
    file_name = models.CharField(max_length=200, blank=True)
    document = models.BinaryField(null=True)
    is_preview = models.BooleanField(default=False)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    alive_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    step = models.CharField(max_length=60, blank=True)
    steps_done = models.PositiveIntegerField(default=0)
    steps_total = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict)
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="import_finished_at_iff_over",
                condition=Q(state__in=["waiting", "running"], finished_at=None)
                | Q(
                    state__in=["previewed", "done", "failed", "cancelled"],
                    finished_at__isnull=False,
                ),
            )
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="import_not_over",
                condition=Q(state__in=["waiting", "running"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("catalog:import-job", args=[self.pk])

    @property
    def is_over(self) -> bool:
        return self.state not in (self.State.WAITING, self.State.RUNNING)
